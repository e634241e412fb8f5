"""Which words there are, and what a hidden word may stand for: the reading of signs and of stretched letters.

Two lists: `sharp.txt`, the words that people hide, written by hand; and the words that are common in English and
Italian, from the model's folder, which keep ordinary text from being read as something else.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
SHARP: Final = frozenset((_HERE / "sharp.txt").read_text(encoding="utf-8").split())
COMMON_FILE: Final = _HERE / "model" / "words.bin"

# The first reading of each sign is tried first.
_READINGS: Final = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "¡": "i",
    "|": "li",
    "+": "t",
    "€": "e",
    "£": "l",
    "(": "c",
    "#": "h",
}
_SHORT: Final = {
    "h8": "hate",
    "h8r": "hater",
    "m8": "mate",
    "gr8": "great",
    "l8r": "later",
    "str8": "straight",
    "b4": "before",
    "2day": "today",
    "2nite": "tonight",
    "2night": "tonight",
    "2morrow": "tomorrow",
    "2moro": "tomorrow",
    "some1": "someone",
    "any1": "anyone",
    "every1": "everyone",
    "no1": "no one",
    "k1ll": "kill",
    "4ever": "forever",
    "b8": "bait",
    "w8": "wait",
}
# Words of one letter and of two.
_SPARE: Final = {"1": "i"} | {
    first + second: f"{letter}i"
    for letter, signs in {"t": "t7+", "v": "v", "m": "m", "c": "c(", "s": "s5$", "l": "l1|"}.items()
    for first, second in itertools.product(signs, "i1!|")
    if (first, second) != (letter, "i")
}
_MOST_READINGS: Final = 64
LONGEST: Final = 18
_SIGNS: Final = frozenset(_READINGS)
_EDGE: Final = ".,!?;:)('\"*~_-|+#·[]{}<>/"
_QUOTES: Final = ".,?;:)'\"~_-·#[]{}<>/"
# `1st`, `90s`, `5pm`, `10km`: numbers and what they count.
_NUMBER: Final = re.compile(r"\d+(?:st|nd|rd|th|s|am|pm|[a-z]|kg|km|cm|mm|ml|gb|mb|tb|hz|ft|lb|lbs|min|hrs?|yo|euro?)")
# `power5`, `co2`: a name with a number.
_NUMBERED: Final = re.compile(r"[a-z]+\d+")
_SIGN_RUNS: Final = re.compile("[^a-z]+")


@cache
def common() -> frozenset[str]:
    """The ordinary words, folded; empty while no model has been made."""
    if not COMMON_FILE.exists():
        return frozenset()
    return frozenset(zlib.decompress(COMMON_FILE.read_bytes()).decode("ascii").split("\n"))


def is_known(word: str) -> bool:
    """Whether it is a word of either list."""
    return word in SHARP or word in common()


def read_signs(word: str, *, freely: bool = False) -> str | None:
    """`k1ll` is `kill`, `sh*t` is `shit`, `k-ill` is `kill`; None for numbers, names and whatever gives no word.

    `freely`, for texts in which others were hidden so: a number of which signs make a common word is one.
    """
    head = len(word) - len(word.lstrip(_EDGE))
    core = word[head:].rstrip(_EDGE)
    if len(core) < 2 or core.isalpha() or core.isdigit() or _NUMBER.fullmatch(core):
        return _read_edges(word, core, freely=freely)
    tail = word[head + len(core) :]
    read = _SHORT.get(core)
    if read is None:
        read = read_core(core, freely=freely) or _read_stars(core, freely=freely) or _read_inside(core, freely=freely)
    if read is None:
        return _read_edges(word, core, freely=freely)
    return f"{word[:head]}{read}{tail}"


def _read_edges(word: str, core: str, *, freely: bool) -> str | None:
    """`k!||` is `kill`, `amm*zz*` is `ammazzo`: signs at the ends are letters where there are others inside, or where
    all are read freely; elsewhere they end a sentence, or stand for either gender."""
    whole = word.strip(_QUOTES)
    if whole == core or (len(core) > 1 and core.isalpha() and (is_known(core) or not freely)):
        return None
    read = read_core(whole, freely=freely) or (_read_stars(whole, freely=freely) if "*" in core else None)
    return read if read is not None and is_known(read) else None


def read_spare(word: str, *, sure: bool) -> str | None:
    """`t1` is `ti`, in a text in which other words were hidden so; without a letter only where it is `sure`, because
    several were."""
    return _SPARE.get(word) if sure or word[0].isalpha() else None


def read_core(core: str, *, freely: bool = False) -> str | None:
    """Signs and digits as letters."""
    signs = sum(char in _SIGNS for char in core)
    letters = sum("a" <= char <= "z" for char in core)
    if not signs or signs + letters != len(core) or len(core) < 3 or len(core) > LONGEST or signs > 8:
        return None
    if not letters and not any(char in "@$!" for char in core):
        return None
    choices = [_READINGS.get(char, char) for char in core]
    for chosen in itertools.islice(itertools.product(*choices), _MOST_READINGS):
        read = "".join(chosen)
        likely = freely or (letters >= signs and not _NUMBERED.fullmatch(core))
        if read in SHARP or (likely and read in common()):
            return read
    # No word that is known, but no number either: inflected verbs are more than any list holds.
    if (letters > signs and len(_SIGN_RUNS.findall(core)) > 1) or (
        freely and letters > 1 and not _NUMBER.fullmatch(core)
    ):
        return "".join(choice[0] for choice in choices)
    return None


def _read_stars(core: str, *, freely: bool) -> str | None:
    """Letters that were struck out, where the rest can only be a word that people strike out; `freely`, where it can
    only be one word."""
    stars = sum(char in "*#_-." for char in core)
    letters = sum("a" <= char <= "z" for char in core)
    if "*" not in core or letters < 2 or stars > 4 or stars + letters != len(core) or core[0] == "*":
        return None
    pattern = re.compile("".join("[a-z]" if char in "*#_-." else char for char in core))
    # Vowels are what is struck out most.
    sharp = next((word for word in _by_shape()[core[0], len(core)] if pattern.fullmatch(word)), None)
    if sharp is not None or not freely:
        return sharp
    fitting = [word for word in common() if len(word) == len(core) and pattern.fullmatch(word)]
    return fitting[0] if len(fitting) == 1 else None


@cache
def _by_shape() -> defaultdict[tuple[str, int], list[str]]:
    shapes: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for word in (_HERE / "sharp.txt").read_text(encoding="utf-8").split():
        shapes[word[0], len(word)].append(word)
    return shapes


def _read_inside(core: str, *, freely: bool) -> str | None:
    """One word with something put into it."""
    pieces = _PIECES.findall(core)
    joined = "".join(pieces)
    if len(joined) < 4 or len(pieces) < 2 or not (joined in SHARP or (freely and is_known(joined))):
        return None
    # `who're`, `kill(s)`, `rifugiati/e`: two words, or two forms of one.
    contracted = len(pieces) == 2 and "'" in core
    if contracted or pieces[0] in SHARP or any(char.isalnum() for char in _PIECES.sub("", core)):
        return None
    return None if all(len(piece) > 1 and is_known(piece) for piece in pieces) else joined


_PIECES: Final = re.compile("[a-z]+")


def shorten(word: str) -> str:
    """`kiiiill` is `kill`, `goooood` is `good`; runs of what is no word keep two letters."""
    parts = re.split(r"(([a-z])\2{2,})", word)
    # split gives text, run, letter, text, run, letter, … text
    runs = parts[1::3]
    plain = parts[0::3]
    choices = [(run[:2], run[:1]) for run in runs[:5]]
    for chosen in itertools.product(*choices):
        read = _weave(plain, [*chosen, *(run[:2] for run in runs[5:])])
        if is_known(read):
            return read
    return _weave(plain, [run[:2] for run in runs])


def _weave(plain: list[str], runs: list[str]) -> str:
    return "".join(itertools.chain.from_iterable(itertools.zip_longest(plain, runs, fillvalue="")))
