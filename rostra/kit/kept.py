"""Texts kept in memory for as long as the database says that they still hold: each has a version, which whoever asks
has just read. So nothing here is ever out of date, and nobody has to say that something has changed.

Bounded by size. Knows nothing of what the texts are.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Kept(Generic[K]):
    """Texts by what they are of, each with its version. Those that were not asked for lately are dropped."""

    def __init__(self, most: int) -> None:
        """`most` is in characters of all texts together."""
        self._half = most // 2
        self._size = 0
        # What is asked for moves to the young; when they have filled their half, the old ones go and they grow old.
        self._young: dict[K, tuple[int, str]] = {}
        self._old: dict[K, tuple[int, str]] = {}

    def find(self, key: K, version: int = 0) -> str | None:
        """The text of `key` where this version of it is known."""
        kept = self._young.get(key)
        if kept is None:
            kept = self._old.get(key)
            if kept is None or kept[0] != version:
                return None
            self.keep(key, kept[1], version)
        return kept[1] if kept[0] == version else None

    def keep(self, key: K, text: str, version: int = 0) -> None:
        """Remember a text in place of any earlier version."""
        before = self._young.get(key)
        self._young[key] = (version, text)
        self._size += len(text) - (len(before[1]) if before else 0)
        if self._size > self._half:
            self._old, self._young, self._size = self._young, {}, 0

    def __len__(self) -> int:
        """How many texts are known."""
        return len(self._young.keys() | self._old.keys())
