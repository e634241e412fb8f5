"""Reads normalised texts into the features that the heads weigh: runs of letters, words and how they stand together,
which classes of words meet, and how a text looks.

Each text is gone through once, word by word; what is known of a word is kept, for most words come again. Then all texts
that are read together are hashed (`runs`), which gives each of them the features that it has alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, reduce
from itertools import accumulate
from math import log1p
from operator import or_
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rostra.detect.classes import classes
from rostra.detect.kept import Kept
from rostra.detect.runs import (
    ALL,
    CHAR_BITS,
    CLASSED,
    DENIED,
    END_CODE,
    END_WORD,
    QUOTED,
    WORD_BITS,
    WORD_BYTES,
    Places,
    codes_of,
    hash_chars,
    hash_words,
    mask_word,
    pack_word,
)

__all__ = ["CHAR_BITS", "SURFACE", "VERSION", "WORD_BITS", "Bags", "Numbers", "meetings", "read_bags", "shape_size"]

# Changes whenever the same text gives other numbers: weights belong to one of these.
VERSION: Final = "2"
SURFACE: Final = 6
# Texts are read for so many bytes at a time: arrays stay in the processor's cache. A longer text is cut.
_CHUNK: Final = 1 << 17
_REACH_OF_NOT: Final = 4

Numbers = npt.NDArray[np.float32]


class Bags(NamedTuple):
    """The features of texts that were read together.

    `chars` and `words` are places as `runs` gives them, a column for each byte and each word; the columns of a text
    begin at its `starts`. `classes` has a bit for each class that occurs in a text, `surface` is (texts, SURFACE).
    """

    chars: Places
    char_starts: list[int]
    words: Places
    word_starts: list[int]
    classes: list[int]
    surface: Numbers


def read_bags(texts: Sequence[str]) -> list[Bags]:
    """The features of normalised texts, in their order, as many together as is good for the processor."""
    bags: list[Bags] = []
    chunk: list[bytes] = []
    size = 0
    for text in texts:
        raw = text.encode("utf-8", "replace")[: _CHUNK - 2]
        if chunk and size + len(raw) + 2 > _CHUNK:
            bags.append(_read_chunk(chunk))
            chunk, size = [], 0
        chunk.append(raw)
        size += len(raw) + 2
    if chunk:
        bags.append(_read_chunk(chunk))
    return bags


def _read_chunk(texts: list[bytes]) -> Bags:
    read = [_read_words(text) for text in texts]
    return Bags(
        hash_chars(b"".join([b" %b " % text for text in texts])),
        _starts([len(text) + 2 for text in texts]),
        hash_words(b"".join([words.packed for words in read]), b"".join([words.codes for words in read])),
        _starts([len(words.codes) for words in read]),
        [words.classes for words in read],
        np.array([_look_at(text) for text in texts], np.float32),
    )


def _starts(sizes: list[int]) -> list[int]:
    return [0, *accumulate(sizes[:-1])]


# --- words ------------------------------------------------------------------------------------------------------------
_LETTERS: Final = rb"a-z0-9@_'\x80-\xff"
# Words, and what ends a sentence or a quotation.
_PIECE: Final = re.compile(rb"[%b]+|[.!?;:\n\"]" % _LETTERS)
# `l'ebreo` is two words, `don't` is one.
_ELISION: Final = re.compile(rb"'(?=[%b]{3})" % _LETTERS)

# What is known of a piece of a text: the word packed, the same with its class in its place (empty where it has none),
# the bit of its class, and what the piece does: a word, a negation, the end of a sentence, a quotation mark.
_Piece = tuple[bytes, bytes, int, bytes]
_WORD, _NOT, _STOP, _QUOTE = b'wn."'


def _know(piece: bytes) -> _Piece:
    if piece == b'"':
        return b"", b"", 0, piece
    if piece in b".!?;:\n":
        return b"", b"", 0, b"."
    known = classes()
    kind = known.of(piece)
    if not kind:
        return pack_word(piece, ""), b"", 0, b"w"
    packed = pack_word(piece, known.names[kind - 1])
    return packed, mask_word(packed), 1 << kind - 1, b"n" if kind == _negation() else b"w"


@cache
def _negation() -> int:
    return classes().names.index("not") + 1


# A piece takes some 300 bytes.
_PIECES: Final = Kept(_know, most=8192, longest=40)


class _Words(NamedTuple):
    """The sequences of one text, one after the other, as `hash_words` takes them, and a bit for each class."""

    packed: bytes
    codes: bytes
    classes: int


def _read_words(text: bytes) -> _Words:
    pieces = _PIECE.findall(_ELISION.sub(b" ", text) if b"'" in text else text)
    if not pieces:
        return _Words(END_WORD, END_CODE, 0)
    words, masks, bits, acts = zip(*map(_PIECES.__getitem__, pieces), strict=True)
    packed, masked, occurring, acted = b"".join(words), b"".join(masks), reduce(or_, bits), b"".join(acts)
    codes = codes_of(ALL, len(packed) // WORD_BYTES) + codes_of(CLASSED, len(masked) // WORD_BYTES)
    if not (occurring >> _negation() - 1 & 1 or acted.count(_QUOTE) > 1):
        return _Words(packed + masked + END_WORD, codes + END_CODE, occurring)
    denied, quoted = _turned(acted)
    turned = [mask_word(packed[at * WORD_BYTES : (at + 1) * WORD_BYTES]) for at in (*denied, *quoted)]
    codes += codes_of(DENIED, len(denied)) + codes_of(QUOTED, len(quoted))
    return _Words(b"".join((packed, masked, *turned, END_WORD)), codes + END_CODE, occurring)


def _turned(acted: bytes) -> tuple[list[int], list[int]]:
    """Which words stand shortly after a negation in their sentence, and which between quotation marks."""
    denied: list[int] = []
    quoted: list[int] = []
    word = reach = marks = 0
    last = acted.count(_QUOTE)
    for act in acted:
        if act == _STOP:
            reach = 0
        elif act == _QUOTE:
            marks += 1
        else:
            if reach and act == _WORD:
                denied.append(word)
            # A mark that is never closed quotes nothing.
            if marks % 2 and marks < last:
                quoted.append(word)
            reach = _REACH_OF_NOT if act == _NOT else max(0, reach - 1)
            word += 1
    return denied, quoted


# --- the shape of a text ----------------------------------------------------------------------------------------------
def _look_at(text: bytes) -> tuple[float, ...]:
    """How long a text is, and how much it shouts, asks, quotes, speaks to somebody and begins anew."""
    return (
        log1p(len(text) + 2) / 8,
        min(text.count(b"!"), 3) / 3,
        min(text.count(b"?"), 2) / 2,
        min(text.count(b'"'), 2) / 2,
        min(text.count(b"@"), 2) / 2,
        min(text.count(b"\n"), 4) / 4,
    )


def meetings(occurring: int) -> list[int]:
    """Which classes occur in a text and which two occur together, by the bits of `Bags.classes`: their columns, the
    classes first, then the pairs."""
    count = len(classes().names)
    present = [place for place in range(count) if occurring >> place & 1]
    # Before the pairs that begin with a class are those of the classes before it.
    pairs = [
        count + first * (2 * count - first - 1) // 2 + second - first - 1
        for at, first in enumerate(present)
        for second in present[at + 1 :]
    ]
    return present + pairs


def shape_size() -> int:
    """How many columns the shape of a text has: classes, pairs of them, its surface."""
    count = len(classes().names)
    return count + count * (count - 1) // 2 + SURFACE
