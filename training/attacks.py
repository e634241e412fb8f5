"""Eight ways to hide a threat, made from plain ones: what is found of these over what is found of those."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

_LEET: Final = str.maketrans("aeios", "43105")
_CYRILLIC: Final = str.maketrans("aeopcyx", "аеорсух")
_SMALL: Final = str.maketrans("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ")


def _longer(text: str, change: Callable[[str], str]) -> str:
    return " ".join(change(word) if len(word) > 3 and word.isalpha() else word for word in text.split(" "))


def _leet(text: str, _rng: random.Random) -> str:
    return _longer(text, lambda word: word.lower().translate(_LEET))


def _spaced(text: str, _rng: random.Random) -> str:
    return _longer(text, " ".join)


def _dotted(text: str, _rng: random.Random) -> str:
    return _longer(text, ".".join)


def _unseen(text: str, _rng: random.Random) -> str:
    return _longer(text, lambda word: word[:2] + "\u200b" + word[2:])


def _lookalike(text: str, _rng: random.Random) -> str:
    return _longer(text, lambda word: word.lower().translate(_CYRILLIC))


def _small(text: str, _rng: random.Random) -> str:
    return text.lower().translate(_SMALL)


def _stretched(text: str, rng: random.Random) -> str:
    def stretch(word: str) -> str:
        at = rng.randrange(1, len(word))
        return word[:at] + word[at] * 4 + word[at + 1 :]

    return _longer(text, stretch)


def _zalgo(text: str, rng: random.Random) -> str:
    marks = [chr(point) for point in range(0x0300, 0x036F)]
    return "".join(char + "".join(rng.choices(marks, k=3)) if char.isalpha() else char for char in text)


ATTACKS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "leetspeak": _leet,
    "letters apart": _spaced,
    "dots between": _dotted,
    "unseen signs": _unseen,
    "lookalikes": _lookalike,
    "small capitals": _small,
    "stretched": _stretched,
    "piled marks": _zalgo,
}


def hide(texts: list[str], name: str, seed: int = 1) -> list[str]:
    """The texts under one of ATTACKS."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    return [ATTACKS[name](text, rng) for text in texts]
