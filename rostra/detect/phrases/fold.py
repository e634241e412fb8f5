"""Folds normalised text to bytes, one for each code point, so that offsets stay and RE2 needs no decoding.

Pictures of weapons and fists become the letter `W`, of people by what they are `P`, of places of worship `L` (a
normalised text has no other capitals), marks of emphasis and everything else outside ASCII a blank.
"""

from __future__ import annotations

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


def join(folded: bytes) -> bytes:
    """The same with blanks for commas, apostrophes, hyphens and ends of lines; an empty line ends a sentence."""
    return folded.replace(b"\n\n", b". ").translate(_JOINTS)
