"""Which words there are, and what a hidden word may stand for: the reading of signs, gaps and stretched letters.

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
_MOST_READINGS: Final = 64
_LONGEST: Final = 18
_SEPARATORS: Final = str.maketrans("", "", "-_.·~'*+/,:;|\" \n")
_INSIDE: Final = str.maketrans("", "", "-_.·~")
_SIGNS: Final = frozenset(_READINGS)
_EDGE: Final = ".,!?;:)('\"*~_-|+#·[]{}<>/"
# `1st`, `90s`, `5pm`, `10km`: numbers and what they count.
_NUMBER: Final = re.compile(r"\d+(?:st|nd|rd|th|s|am|pm|[a-z]|kg|km|cm|mm|ml|gb|mb|tb|hz|ft|lb|lbs|min|hrs?|yo|euro?)")
# `power5`, `co2`: a name with a number.
_NUMBERED: Final = re.compile(r"[a-z]+\d+")
_SIGN_RUNS: Final = re.compile("[^a-z]+")
_LETTERS: Final = re.compile("[a-z]")
_GAP: Final = re.compile(r" {2,}|\n")


@cache
def common() -> frozenset[str]:
    """The ordinary words, folded; empty while no model has been made."""
    if not COMMON_FILE.exists():
        return frozenset()
    return frozenset(zlib.decompress(COMMON_FILE.read_bytes()).decode("ascii").split("\n"))


def is_known(word: str) -> bool:
    """Whether it is a word of either list."""
    return word in SHARP or word in common()


def join_letters(spread: str) -> str | None:
    """`k i l l` is `kill`, `i h a t e y o u` is `i hate you`; None where that gives no words."""
    if " " in spread and not _LETTERS.search(spread.translate(_INSIDE)):
        return None
    words: list[str] = []
    for part in _GAP.split(spread):
        letters = part.translate(_SEPARATORS if not part.replace(" ", "").isalnum() else _SPACES)
        found = _spell(letters)
        if found is None:
            return None
        words.append(found)
    return " ".join(words)


_SPACES: Final = str.maketrans("", "", " ")


def _spell(letters: str) -> str | None:
    """The letters as one known word, or several."""
    if not 1 < len(letters) <= 130:
        return letters if letters in {"i", "a", "u", "e", "o"} else None
    if not letters.isalpha():
        read = _read_core(letters)
        return read if read is not None and read in SHARP else None
    if len(letters) > 2 and is_known(letters):
        return letters
    return _segment(letters) if len(letters) > 3 else None


# What a letter costs that is in no known word, where a word costs one.
_STRAY: Final = 1.5
_MOSTLY: Final = 0.6


def _segment(letters: str) -> str | None:
    """The fewest known words that the letters spell, with a name or a slip in between, where they are no chance."""
    # best[end]: the cost, where the last piece starts, whether that is a word
    best: list[tuple[float, int, bool]] = [(0.0, 0, False)]
    for end in range(1, len(letters) + 1):
        here = (best[end - 1][0] + _STRAY, end - 1, False)
        for start in range(max(0, end - _LONGEST), end):
            word = letters[start:end]
            if best[start][0] + 1 < here[0] and (word in _ALONE or (end - start > 1 and is_known(word))):
                here = (best[start][0] + 1, start, True)
        best.append(here)
    pieces: list[tuple[str, bool]] = []
    end = len(letters)
    while end:
        _cost, start, whole = best[end]
        if not whole and pieces and not pieces[-1][1]:
            pieces[-1] = (letters[start:end] + pieces[-1][0], False)
        else:
            pieces.append((letters[start:end], whole))
        end = start
    sure = sum(len(word) for word, whole in pieces if whole and len(word) > 2)
    if sure < _MOSTLY * len(letters) or len(letters) < 2.2 * len(pieces):
        return None
    return " ".join(word for word, _whole in reversed(pieces))


_ALONE: Final = frozenset("iaeou")


def read_signs(word: str, *, freely: bool = False) -> str | None:
    """`k1ll` is `kill`, `sh*t` is `shit`, `k-ill` is `kill`; None for numbers, names and whatever gives no word.

    `freely`, for texts in which others were hidden so: a number of which signs make a common word is one.
    """
    head = len(word) - len(word.lstrip(_EDGE))
    core = word[head:].rstrip(_EDGE)
    if len(core) < 2 or core.isalpha() or core.isdigit() or _NUMBER.fullmatch(core):
        return None
    tail = word[head + len(core) :]
    read = _SHORT.get(core)
    if read is None:
        read = _read_core(core, freely=freely) or _read_stars(core) or _read_inside(core)
    return None if read is None else f"{word[:head]}{read}{tail}"


def _read_core(core: str, *, freely: bool = False) -> str | None:
    """Signs and digits as letters."""
    signs = sum(char in _SIGNS for char in core)
    letters = sum("a" <= char <= "z" for char in core)
    if not signs or signs + letters != len(core) or len(core) < 3 or len(core) > _LONGEST or signs > 6:
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


def _read_stars(core: str) -> str | None:
    """Letters that were struck out, where the rest can only be a word that people strike out."""
    stars = sum(char in "*#_-." for char in core)
    letters = sum("a" <= char <= "z" for char in core)
    if "*" not in core or letters < 2 or stars > 4 or stars + letters != len(core):
        return None
    pattern = re.compile("".join("[a-z]" if char in "*#_-." else char for char in core))
    # Vowels are what is struck out most.
    return next((word for word in _by_shape()[core[0], len(core)] if pattern.fullmatch(word)), None)


@cache
def _by_shape() -> defaultdict[tuple[str, int], list[str]]:
    shapes: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for word in (_HERE / "sharp.txt").read_text(encoding="utf-8").split():
        shapes[word[0], len(word)].append(word)
    return shapes


def _read_inside(core: str) -> str | None:
    """One word with something put into it."""
    joined = core.translate(_INSIDE)
    if joined == core or joined not in SHARP or len(joined) < 4:
        return None
    pieces = [piece for piece in re.split(r"[-_.·~]+", core) if piece]
    return None if all(len(piece) > 1 and is_known(piece) for piece in pieces) else joined


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
