"""Notices of hosts and authorities: what comes in, what is done about it, and the answer that proves it."""
