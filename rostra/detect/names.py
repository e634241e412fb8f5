"""User names as words: they have no spaces, so that a sentence in one is written with underscores, humps or nothing."""

from __future__ import annotations

import re
from typing import Final

# `DeathTo`, `XMLFan`: where a new word begins; `Anna88`: where a number does that is no letter in disguise.
_BORDER: Final = re.compile(
    r"_+|(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z]{3})(?=\d{2,}(?:_|\Z))"
)
_WORD: Final = re.compile(r"[^\W_]{2}")


def words_of(name: str) -> str:
    """`h1tl3r_was_right` is `h1tl3r was right`, `DeathToAll88` is `Death To All 88`: what the detectors can read."""
    words = " ".join(_BORDER.sub(" ", name).split())
    # `o_o` is a face and says nothing.
    return words if _WORD.search(words) else name
