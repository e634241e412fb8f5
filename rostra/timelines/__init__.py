"""Timelines: the home timeline that is copied out when a status is posted, and those that are chosen when read."""
