"""Sentences about a policy that can be said in any language: English words with places, and what stands in them.

Whoever finds something writes `said("unknown clause %(name)s", name=…)`; `str` gives the English, and pages look the
words up as they look up their own. It translates nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec


class Said(msgspec.Struct, frozen=True):
    """`words` with places such as %(name)s, and what stands there: names as they are, numbers that count something,
    and other sentences."""

    words: str
    values: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        """It in English."""
        filled = {name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in self.values}
        return self.words % filled if filled else self.words


Value: TypeAlias = "str | int | Said"


def said(words: str, **values: Value) -> Said:
    """A sentence with its values. `words` are written out where it is called: that is where translations are found."""
    return Said(words, tuple(values.items()))


def bare(name: str) -> Said:
    """A name, which is the same in all languages."""
    return Said("%(name)s", (("name", name),))


def of(whom: Said, what: Said) -> Said:
    """What is said of somebody: "rule threat: unknown clause spam"."""
    return Said("%(of)s: %(what)s", (("of", whom), ("what", what)))


def both(all_of_it: Iterable[Said]) -> Said:
    """Several sentences as one, with semicolons; at least one."""
    first, *others = all_of_it
    for other in others:
        first = Said("%(one)s; %(other)s", (("one", first), ("other", other)))
    return first
