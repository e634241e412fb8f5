"""Moderation: for now, taking in reports."""
