"""Mastodon's admin API: what tools for moderators and administrators drive.

A scope is not enough: the person behind the token needs the permission for each act (`staff.py`).
"""
