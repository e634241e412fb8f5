"""Streaming: what is new, sent to those who are connected, by WebSocket and by server-sent events.

Every web process listens to the same announcements and serves its own connections; nothing is shared between them.
"""
