"""Where words begin and end: letters set apart are joined, and what was strung or run together is parted.

Each function is given one stretch of a folded text and gives what it stands for, or None where it gives no words.
"""

from __future__ import annotations

import re
from math import inf
from typing import Final

from rostra.detect.words import LONGEST, SHARP, is_known, read_core

# Single letters with the same sort of thing between them: `k i l l`, `k.i.l.l`, `k - i - l - l`.
APART: Final = re.compile(
    r"(?<![^\W_])(?:[a-z0-9@$!|*] ?(?:_|[^\w\s@$!\"'()\[\]{}<>&#]){1,3} ?){2,40}[a-z0-9@$](?![^\W_])"
    r"|(?<![^\W_])[a-z0-9@$](?:[ \n]{1,3}[a-z0-9@$!|*,.?;:]){2,120}(?![^\W_])"
)
TWO_APART: Final = re.compile(r"(?<![^\W_])[a-z](?:_|[^\w\s@$!\"'()\[\]{}<>&#])[a-z](?![^\W_])")
# Words with anything but spaces between them, and without anything.
STRUNG: Final = re.compile(r"(?<![^\s,;:!?\"(])[a-z]{1,20}(?:[._\-+/·~*|,][a-z]{1,20}){2,60}(?![^\W_])")
TOGETHER: Final = re.compile(r"(?<![a-z])[a-z]{10,100}(?![a-z])")
TAGGED: Final = re.compile(r"#[a-z]{1,24}(?:[ ,.!]{1,2}#[a-z]{1,24}){2,60}")
DOUBLED: Final = re.compile(r"(?<![a-z])(?:([a-z])\1){1,20}(?![a-z])")
ONE_A_LINE: Final = re.compile(r"(?:(?<=\n)|\A)[^\s]{1,24}(?: ?\n{1,3} ?[^\s]{1,24}){3,200}(?=\n|\Z)")
COMPOUND: Final = re.compile("[-/,]")
LINE_ENDS: Final = re.compile(r"\s*\n\s*")

_LETTERS: Final = re.compile("[a-z]")
_GAP: Final = re.compile(r" {2,}|\n")
_NO_SIGN: Final = re.compile(r"[^a-z0-9@$!]")
_TAIL: Final = re.compile(r"[ ,.?;:]*\Z")
_PIECE: Final = re.compile("[a-z]+")
_ALONE: Final = frozenset("iaeou")
# What sentences have and nobody looks for.
_LINKING: Final = frozenset(
    {
        *("i", "you", "u", "your", "we", "they", "them", "him", "her", "the", "to", "will", "should", "must", "are"),
        *("all", "every", "and", "that", "ti", "vi", "lo", "la", "li", "le", "mi", "ci", "si", "te", "noi", "voi"),
        *("che", "chi", "di", "da", "con", "il", "gli", "un", "una", "tutti", "tutte", "del", "della", "sono"),
    }
)


def join_letters(spread: str) -> str | None:
    """`k i l l` is `kill`, `i h a t e y o u` is `i hate you`; None where that gives no words."""
    if not _LETTERS.search(spread):
        return None
    parts = _GAP.split(spread)
    # Where every letter is as far from the next one, gaps say nothing.
    if all(len(part) == 1 for part in parts):
        parts = ["".join(parts)]
    words: list[str] = []
    for part in parts:
        word = _word(part, one_of_many=len(parts) > 1)
        if word is None:
            return None
        words.append(word)
    return " ".join(words)


def _word(part: str, *, one_of_many: bool) -> str | None:
    """One stretch of letters as a word or several, with the punctuation that ends it."""
    tail = _TAIL.search(part)
    assert tail is not None
    found = _spell(_NO_SIGN.sub("", part[: tail.start()]), one_of_many=one_of_many)
    return None if found is None else found + tail.group().strip()


def _spell(letters: str, *, one_of_many: bool) -> str | None:
    """The letters as one known word, or several."""
    if not 1 < len(letters) <= 130:
        return letters if letters in _ALONE or (one_of_many and not letters) else None
    if not letters.isalpha():
        read = read_core(letters)
        return read if read is not None and read in SHARP else None
    if len(letters) > (1 if one_of_many else 2) and is_known(letters):
        return letters
    return _segment(letters) if len(letters) > 3 else None


# What a letter costs that is in no known word, where a word costs one.
_STRAY: Final = 1.5
_MOSTLY: Final = 0.6


def _segment(letters: str) -> str | None:
    """The fewest known words that the letters spell, with a name or a slip in between, where they are no chance."""
    pieces = _cheapest(letters, stray=_STRAY, short=1)
    if pieces is None:
        return None
    sure = sum(len(word) for word, whole in pieces if whole and len(word) > 2)
    if sure < _MOSTLY * len(letters) or len(letters) < 2.2 * len(pieces):
        return None
    return " ".join(word for word, _whole in pieces)


def _cheapest(letters: str, *, stray: float, short: float) -> list[tuple[str, bool]] | None:
    """The letters as the cheapest pieces, and whether each is a known word; None where they cost endlessly much.

    A word costs one, what is in none `stray` a letter, and a word that is `short` and links nothing that much.
    """
    # best[end]: the cost, where the last piece starts, whether that is a word
    best: list[tuple[float, int, bool]] = [(0.0, 0, False)]
    for end in range(1, len(letters) + 1):
        here = (best[end - 1][0] + stray, end - 1, False)
        for start in range(max(0, end - LONGEST), end):
            word = letters[start:end]
            cost = best[start][0] + (1 if end - start > _LONG or word in _LINKING else short)
            if cost < here[0] and (word in _ALONE or (end - start > 1 and is_known(word))):
                here = (cost, start, True)
        best.append(here)
    if best[-1][0] == inf:
        return None
    pieces: list[tuple[str, bool]] = []
    end = len(letters)
    while end:
        _cost, start, whole = best[end]
        if not whole and pieces and not pieces[-1][1]:
            pieces[-1] = (letters[start:end] + pieces[-1][0], False)
        else:
            pieces.append((letters[start:end], whole))
        end = start
    return pieces[::-1]


def join_two(apart: str) -> str | None:
    """`t.i` is `ti`, in a text in which longer words were set apart."""
    joined = apart[0] + apart[-1]
    return joined if is_known(joined) else None


def part_words(strung: str) -> str | None:
    """`i_will_kill_you` is `i will kill you`: only what has a word that people hide, among words."""
    pieces = _PIECE.findall(strung)
    if not SHARP.intersection(pieces):
        return None
    known = sum(len(piece) for piece in pieces if piece in _ALONE or is_known(piece))
    return " ".join(pieces) if known >= _MOSTLY * sum(map(len, pieces)) else None


def part_tags(tags: str) -> str | None:
    """`#i #will #kill #you` is a sentence: nobody looks for some of its words."""
    words = _PIECE.findall(tags)
    return tags.replace("#", "") if _LINKING.intersection(words) and SHARP.intersection(words) else None


def part_together(letters: str) -> str | None:
    """`iwillkillyou` is `i will kill you`: three known words at least, of which people hide one, and one makes it a
    sentence."""
    found = _cheapest(letters, stray=inf, short=_OF_A_SHORT_ONE)
    if found is None:
        return None
    pieces = [word for word, _whole in found]
    # One letter or two are part of nearly everything.
    few = len(pieces) < _FEWEST or len(letters) < _LETTERS_EACH * len(pieces)
    if few or not any(len(piece) > 3 and piece in SHARP for piece in pieces):
        return None
    return " ".join(pieces) if _says_something(pieces) else None


def _says_something(pieces: list[str]) -> bool:
    """Whether the words are no chance: `tispaccolafaccia`, and not `transla ti on`."""
    linking = {piece for piece in pieces if piece in _LINKING}
    whole = all(len(piece) > _LONG for piece in pieces if piece not in linking)
    return bool(linking) and (whole or pieces[0] in linking or any(len(piece) > 2 for piece in linking))


_FEWEST: Final = 3
_LETTERS_EACH: Final = 2.8
_LONG: Final = 4
_OF_A_SHORT_ONE: Final = 1.3
