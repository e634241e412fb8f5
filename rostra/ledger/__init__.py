"""The record of moderation: one table that is only ever appended to, by one function."""
