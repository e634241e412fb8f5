"""Copies of the whole server at other places, and the way back from them.

Knows data directories, PostgreSQL, objects and keys, and nothing of what people write. `docs/continuity.md` is the
operator's guide; ARCHITECTURE.md has the picture of the copies.
"""
