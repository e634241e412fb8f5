"""Deciding, once, and all that follows: actions, strikes, statements, reversals, bulk work, what time decides."""
