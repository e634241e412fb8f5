"""Folds normalised text to bytes, one for each code point, so that offsets stay and RE2 needs no decoding; then joins
and squeezes it, so that whatever may stand between two words of a sentence is one blank.

Pictures of weapons and fists become the letter `W`, of people by what they are `P`, of places of worship `L` (a
normalised text has no other capitals) until `squeeze` makes words of them; marks of emphasis and everything else
outside ASCII become blanks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

_PICTURES: Final = {"W": "🔪🗡🔫💣🪓⚔🏹🧨🪚👊🤜🤛🥊", "P": "♿✡☪🕎🧕👳👲", "L": "🕌🕍🕋⛪🛕"}


class _Folding(dict[int, str]):
    def __missing__(self, point: int) -> str:
        return " "


_FOLDING: Final = _Folding(
    {point: chr(point) for point in range(128)}
    | {ord(char): letter for letter, chars in _PICTURES.items() for char in chars}
)
_EMPHASIS: Final = b"*_~|"
_CONTROLS: Final = bytes(point for point in range(32) if point != ord("\n"))
_BLANKS: Final = bytes.maketrans(_EMPHASIS + _CONTROLS, b" " * len(_EMPHASIS + _CONTROLS))
# What may stand between two words of a sentence: to phrases it is all the same.
_JOINTS: Final = bytes.maketrans(b",'-\n", b"    ")


def fold(normal: str) -> bytes:
    """ASCII bytes, exactly as many as `normal` has code points; never raises."""
    if not normal.isascii():
        normal = normal.translate(_FOLDING)
    return normal.encode("ascii").translate(_BLANKS)


_WORDS_FOR: Final = {b"W": b" xarmx ", b"P": b" xpeoplex ", b"L": b" xplacex "}
_PICTURED: Final = re.compile(b"[WPL]")
_CHANGED: Final = re.compile(rb"  +| ?[WPL][WPL ]*")


def join(folded: bytes) -> bytes:
    """The same with blanks for commas, apostrophes, hyphens and ends of lines; an empty line ends a sentence."""
    return folded.replace(b"\n\n", b". ").translate(_JOINTS)


def squeeze(joined: bytes) -> bytes:
    """One blank for each run of them, and a word for each picture."""
    if b"  " not in joined and not _PICTURED.search(joined):
        return joined
    return _CHANGED.sub(_change, joined)


class Squeezed:
    """A text after `squeeze`, and the way back."""

    def __init__(self, joined: bytes) -> None:
        self.text = squeeze(joined)
        self._joined = joined
        self._edits: tuple[list[int], list[tuple[int, int, int]]] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the bytes from `start` to `end` stood before; a picture is whole or not at all."""
        return self._place(start, last=False), self._place(end, last=True)

    def _place(self, index: int, *, last: bool) -> int:
        if self.text is self._joined:
            return index
        starts, edits = self._edits = self._edits or self._find_edits()
        number = bisect_right(starts, index - last) - 1
        if number < 0:
            return index
        now_end, was, was_end = edits[number]
        if index - last >= now_end:
            return index - now_end + was_end
        return was_end if last else was

    def _find_edits(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        starts: list[int] = []
        edits: list[tuple[int, int, int]] = []
        ahead = 0
        for run in _CHANGED.finditer(self._joined):
            length = len(_change(run))
            starts.append(run.start() + ahead)
            edits.append((run.start() + ahead + length, run.start(), run.end()))
            ahead += length - (run.end() - run.start())
        return starts, edits


def _change(run: re.Match[bytes]) -> bytes:
    if picture := run.group().strip()[:1]:
        return _WORDS_FOR[picture]
    # The word for a picture brings its own.
    return b"" if run.string[run.end() : run.end() + 1] in _WORDS_FOR else b" "
