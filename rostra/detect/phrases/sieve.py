"""Which of a thousand patterns are worth looking for in a text, by the words that they cannot do without.

Words, neighbours and parts of words are looked up all at once; about one pattern a post is left. What is known of the
words is a `Mesh`: made of the needs of the patterns, small, and fit to be kept in a file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from ahocorasick_rs import BytesAhoCorasick

# For the letters of a part of a word that are not known, in a `Need`: `sparat~`, `~ing`.
OPEN: Final = "~"
# A whole word as it is, two neighbours, or a part of a word.
Need = frozenset[str]

# Whatever is not part of a word is a blank, one for one.
_WORDS_ONLY: Final = bytes(point if chr(point).isalnum() or point == ord("_") else ord(" ") for point in range(128))
_TABLE: Final = _WORDS_ONLY + b" " * 128
_OPEN: Final = OPEN.encode()


class Words(msgspec.Struct, frozen=True, array_like=True):
    """Words that mean the same, a line each: the patterns that one of them leads to, and the needs that it meets, a bit
    each from the lowest on, in bytes of which the first is the lowest."""

    leads_to: tuple[int, ...]
    meets: bytes
    words: bytes


class Mesh(msgspec.Struct, frozen=True, array_like=True):
    """For each pattern the needs that must be met once a word has led to it, bits as in `Words`; the patterns that are
    worth looking for in any text; all words."""

    asks: tuple[bytes, ...]
    always: tuple[int, ...]
    words: tuple[Words, ...]


def knit(needs: Sequence[Sequence[Need]]) -> Mesh:
    """The same for the same needs, which come for each pattern, the rarest first: a word of that leads to it. A pattern
    without needs is worth looking for in any text."""
    several = {need for of_one in needs for need in of_one[1:]}
    # What many words meet has a low number: that makes for small ones.
    numbers = {need: number for number, need in enumerate(sorted(several, key=lambda need: (-len(need), sorted(need))))}
    leads: defaultdict[str, list[int]] = defaultdict(list)
    for index, of_one in enumerate(needs):
        for word in of_one[0] if of_one else ():
            leads[word].append(index)
    meets: defaultdict[str, int] = defaultdict(int)
    for need, number in numbers.items():
        for word in need:
            meets[word] |= 1 << number
    alike: defaultdict[tuple[tuple[int, ...], int], list[str]] = defaultdict(list)
    for word in sorted({*leads, *meets}):
        alike[tuple(leads.get(word, ())), meets.get(word, 0)].append(word)
    return Mesh(
        tuple(_bytes_of(sum(1 << numbers[need] for need in set(of_one[1:]))) for of_one in needs),
        tuple(index for index, of_one in enumerate(needs) if not of_one),
        tuple(
            Words(leads_to, _bytes_of(met), "\n".join(words).encode("ascii"))
            for (leads_to, met), words in alike.items()
        ),
    )


class Sieve:
    """A mesh at work."""

    def __init__(self, mesh: Mesh) -> None:
        self._always = mesh.always
        self._asks = tuple(int.from_bytes(asked, "little") for asked in mesh.asks)
        self._known: dict[bytes, tuple[tuple[int, ...], int]] = {}
        for alike in mesh.words:
            meaning = alike.leads_to, int.from_bytes(alike.meets, "little")
            self._known.update(dict.fromkeys(alike.words.split(b"\n"), meaning))
        self._parts = tuple(word for word in self._known if _OPEN in word)
        self._automaton = BytesAhoCorasick([_searched(part) for part in self._parts]) if self._parts else None

    def candidates(self, text: bytes) -> list[int]:
        """The numbers of the patterns that the text may hold, in order. `text` is squeezed, as in `fold.py`."""
        only = text.translate(_TABLE)
        said = only.split()
        words = set(said)
        words.update(map(b" ".join, pairwise(said)))
        if self._automaton is not None:
            hits = self._automaton.find_matches_as_indexes(b" %b " % only, overlapping=True)
            words.update([self._parts[part] for part, _, _ in hits])
        known = self._known
        some = set[int]()
        met = 0
        for word in known.keys() & words:
            leads_to, meets = known[word]
            some.update(leads_to)
            met |= meets
        asks = self._asks
        return sorted([*self._always, *(index for index in some if asks[index] & met == asks[index])])


def _bytes_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "little")


def _searched(part: bytes) -> bytes:
    """What is looked for of a part of a word: where the word's letters are all known there stands a blank."""
    before, after = part.startswith(_OPEN), part.endswith(_OPEN)
    return b"%b%b%b" % (b"" if before else b" ", part.strip(_OPEN), b"" if after else b" ")
