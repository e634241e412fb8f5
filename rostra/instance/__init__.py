"""The instance itself: what administrators change while it runs, its rules, emojis and numbers, and what it says of
itself to clients. Jobs that concern the whole of it live here, too."""
