"""Notifications: who is told of what, the list of them, and Web Push."""
