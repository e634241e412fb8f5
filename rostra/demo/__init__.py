"""The demonstration community: its people, what they wrote, the pictures that are drawn for them, and its filling in.

Everything goes through the slices as a client's requests would; only the clock is another. Imported by the command
line alone.
"""
