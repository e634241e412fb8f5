"""Filters: words and statuses that a person does not want to see, and what becomes of what they match."""
