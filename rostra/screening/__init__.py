"""Screening: what is to be published is judged by the active policy before anybody sees it, and the verdict kept."""
