"""The operator's own lists of words and domains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rostra.detect.reading import Reading


class Hit(msgspec.Struct, frozen=True):
    """A word of a list, from `start` to `end` of the original."""

    list: str
    start: int
    end: int


class WordLists:
    """Lists of words."""

    def __init__(self, lists: Iterable[Any]) -> None:
        self._lists = list(lists)

    def find(self, text: str, reading: Reading) -> list[Hit]:
        """Words of the lists in a text."""
        return []


class DomainLists:
    """Lists of domains."""

    def __init__(self, lists: Iterable[Any]) -> None:
        self._lists = {entry.id: frozenset(entry.entries) for entry in lists}

    def find(self, host: str) -> list[str]:
        """The lists that have the host or a domain that it belongs to."""
        labels = host.split(".")
        names = {".".join(labels[start:]) for start in range(len(labels))}
        return [name for name, entries in self._lists.items() if entries & names]
