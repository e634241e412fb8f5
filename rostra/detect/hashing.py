"""Turns normalised texts into numbers for the heads: hashed runs of letters, hashed words, which classes of words meet.

Everything is done with whole arrays over the bytes of many texts at once. The hash of any span of bytes is a difference
of two prefix sums (of random numbers times powers of an odd base, modulo 2^64), so that words, prefixes and runs of
every length cost one subtraction. Classes of words (`classes.txt`: who, whom, verbs of harm, weapons, times, but also
games, reports, negations) let what was learnt in one language speak in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

CHAR_BITS: Final = 17
WORD_BITS: Final = 17
RUNS: Final = (2, 3, 4, 5)
# Changes whenever the same text gives other numbers: weights belong to one of these.
VERSION: Final = "1"

_CLASSES_FILE: Final = Path(__file__).parent / "classes.txt"
# Arrays are made for so many bytes at a time: they stay in the processor's cache, and the tables of powers stay small.
_CHUNK: Final = 1 << 17
_SEED: Final = 20261122
_BASE: Final = 0x9E3779B97F4A7C15 | 1
_MULTIPLY: Final = np.uint64(0xFF51AFD7ED558CCD)
_SPREAD: Final = np.uint64(0xC4CEB9FE1A85EC53)
_REACH_OF_NOT: Final = 4

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]
Buckets = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


class Bags(NamedTuple):
    """The features of texts: number `i` has `chars[char_rows[i]:char_rows[i + 1]]`, likewise words, and `shape[i]`."""

    chars: Buckets
    char_rows: Places
    words: Buckets
    word_rows: Places
    shape: Numbers


class _Tables(NamedTuple):
    values: Hashes
    powers: Hashes
    inverses: Hashes


class Classes(NamedTuple):
    """The classes of words by name, and the sorted hashes by which their words are found."""

    names: tuple[str, ...]
    words: Hashes
    word_classes: npt.NDArray[np.uint8]
    prefixes: tuple[tuple[int, Hashes, npt.NDArray[np.uint8]], ...]
    tokens: Hashes


def read_bags(texts: Sequence[str]) -> Bags:
    """The features of normalised texts, in their order."""
    parts: list[Bags] = []
    chunk: list[bytes] = []
    size = 0
    for text in texts:
        raw = text.encode("utf-8", "replace")[: _CHUNK - 2]
        if chunk and size + len(raw) + 2 > _CHUNK:
            parts.append(_read_chunk(chunk))
            chunk, size = [], 0
        chunk.append(raw)
        size += len(raw) + 2
    if chunk:
        parts.append(_read_chunk(chunk))
    if not parts:
        none, rows = np.zeros(0, np.uint32), np.zeros(1, np.intp)
        return Bags(none, rows, none, rows, np.zeros((0, shape_size()), np.float32))
    return parts[0] if len(parts) == 1 else _joined(parts)


def shape_size() -> int:
    """How many numbers `Bags.shape` has for each text."""
    count = len(classes().names)
    return count + count * (count - 1) // 2 + _SURFACE


def _joined(parts: list[Bags]) -> Bags:
    return Bags(
        np.concatenate([part.chars for part in parts]),
        _rows(part.char_rows for part in parts),
        np.concatenate([part.words for part in parts]),
        _rows(part.word_rows for part in parts),
        np.concatenate([part.shape for part in parts]),
    )


def _rows(many: Iterable[Places]) -> Places:
    found: list[Places] = [np.zeros(1, np.intp)]
    last = 0
    for rows in many:
        found.append(rows[1:] + last)
        last += int(rows[-1])
    return np.concatenate(found)


# --- bytes ------------------------------------------------------------------------------------------------------------
@cache
def _tables() -> _Tables:
    values = np.random.Generator(np.random.PCG64(_SEED)).integers(1, 2**63, 256, dtype=np.uint64) * np.uint64(2)
    values += np.uint64(1)
    powers = np.full(_CHUNK + 8, _BASE, np.uint64)
    inverses = np.full(_CHUNK + 8, pow(_BASE, -1, 2**64), np.uint64)
    powers[0] = inverses[0] = 1
    return _Tables(values, np.cumprod(powers), np.cumprod(inverses))


def _letter_table() -> Flags:
    table = np.zeros(256, np.bool_)
    table[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789'@_", np.uint8)] = True
    table[128:] = True
    return table


_LETTERS: Final = _letter_table()
_APOSTROPHE: Final = ord("'")
_QUOTE: Final = ord('"')


class _Bytes(NamedTuple):
    """The bytes of a chunk with a blank around each text, their prefix sums, and where each text begins."""

    raw: npt.NDArray[np.uint8]
    sums: Hashes
    starts: Places

    def spans(self, start: Places, end: Places) -> Hashes:
        """The hash of the bytes of each span, before mixing."""
        return (self.sums[end] - self.sums[start]) * _tables().inverses[start]


def _read_chunk(texts: list[bytes]) -> Bags:
    raw = np.frombuffer(b"".join(b" %b " % text for text in texts), np.uint8)
    sizes = np.fromiter((len(text) + 2 for text in texts), np.intp, len(texts))
    starts = np.zeros(len(texts) + 1, np.intp)
    np.cumsum(sizes, out=starts[1:])
    tables = _tables()
    sums = np.zeros(len(raw) + 1, np.uint64)
    np.cumsum(tables.values[raw] * tables.powers[: len(raw)], out=sums[1:])
    some = _Bytes(raw, sums, starts)
    chars, char_rows = _read_chars(some)
    words, word_rows, shape = _read_words(some, len(texts))
    return Bags(chars, char_rows, words, word_rows, shape)


def _buckets(hashes: Sequence[Hashes], salts: Sequence[int], bits: int) -> Buckets:
    """The buckets of features of several kinds, one kind after the other: mixed all at once, for on one text it is the
    number of operations that costs, not their size."""
    mixed = np.concatenate(hashes)
    mixed += np.repeat(_salted(tuple(salts)), [len(each) for each in hashes])
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MULTIPLY
    mixed >>= np.uint64(64 - bits)
    return mixed.astype(np.uint32)


@cache
def _salted(salts: tuple[int, ...]) -> Hashes:
    return np.array([salt * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF for salt in salts], np.uint64)


def _read_chars(some: _Bytes) -> tuple[Buckets, Places]:
    """Runs of two to five bytes within words, one blank at either end allowed."""
    raw, sums, starts = some.raw, some.sums, some.starts
    inverses = _tables().inverses
    blank = raw <= 32
    # How far from each byte the next blank is, up to what a run needs to know.
    blanks = np.zeros(len(raw) + 1, np.int32)
    np.cumsum(blank, out=blanks[1:])
    found: list[Hashes] = []
    runs: list[int] = []
    places: list[Places] = []
    for run in RUNS:
        last = len(raw) - run + 1
        if last < 1:
            continue
        within = blanks[run - 1 : run - 1 + last] == blanks[1 : 1 + last]
        if run == 2:
            within = ~(blank[:last] & blank[1 : 1 + last])
        at = np.flatnonzero(within)
        found.append((sums[at + run] - sums[at]) * inverses[at])
        runs.append(run)
        places.append(at)
    return _gathered(_buckets(found, runs, CHAR_BITS), places, starts)


def _gathered(buckets: Buckets, texts: Sequence[Places], starts: Places) -> tuple[Buckets, Places]:
    """The features of several kinds, each sorted by text, as one array sorted by text: `texts` says for each kind where
    its features stand, and `starts` where each text begins."""
    if len(starts) == 2:
        return buckets, np.array([0, len(buckets)], np.intp)
    rows = [np.searchsorted(places, starts) for places in texts]
    total = np.sum(rows, axis=0)
    joined = np.empty(len(buckets), np.uint32)
    into = total[:-1].copy()
    first = 0
    for row in rows:
        sizes = np.diff(row)
        last = first + int(row[-1])
        # Where each feature goes: after those of the earlier kinds of its text.
        joined[np.arange(last - first) + np.repeat(into - row[:-1], sizes)] = buckets[first:last]
        into += sizes
        first = last
    return joined, total


# --- words ------------------------------------------------------------------------------------------------------------
@cache
def classes() -> Classes:
    """The classes of `classes.txt`, in the order of the file."""
    names: list[str] = []
    words: dict[str, int] = {}
    prefixes: dict[int, dict[str, int]] = {}
    for line in _CLASSES_FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        name, _, members = line.partition(":")
        names.append(name)
        for member in members.split():
            if member.endswith("*"):
                prefixes.setdefault(len(member) - 1, {}).setdefault(member[:-1], len(names))
            else:
                words.setdefault(member, len(names))
    known = _known(words)
    tokens = _hash_words([f"<{name}>" for name in ("", *names)])
    by_length = tuple((length, *_known(prefixes[length])) for length in sorted(prefixes))
    return Classes(tuple(names), *known, by_length, tokens)


def _known(words: dict[str, int]) -> tuple[Hashes, npt.NDArray[np.uint8]]:
    hashes = _hash_words(list(words))
    order = np.argsort(hashes)
    # One more than all, which means nothing: so that what is greater than all has a place to be looked up at.
    known = np.append(hashes[order], np.uint64(2**64 - 1))
    return known, np.append(np.array(list(words.values()), np.uint8)[order], np.uint8(0))


def _hash_words(words: list[str]) -> Hashes:
    tables = _tables()
    found = [
        int(np.sum(tables.values[np.frombuffer(word.encode(), np.uint8)] * tables.powers[: len(word.encode())]))
        for word in words
    ]
    return np.array(found, np.uint64)


def _look_up(hashes: Hashes, known: Hashes, meaning: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    place = known.searchsorted(hashes)
    return meaning[place] * (known[place] == hashes)


class _Words(NamedTuple):
    """The words of a chunk in order: span, hash, class (0: none), hash with classes for words, and the text of each."""

    start: Places
    end: Places
    hashes: Hashes
    kinds: npt.NDArray[np.uint8]
    masked: Hashes
    text: Places


def _find_words(some: _Bytes) -> _Words:
    raw = some.raw
    letter = _LETTERS[raw]
    # `l'ebreo` is two words, `don't` is one.
    marks = np.flatnonzero(raw == _APOSTROPHE)
    marks = marks[marks + 3 < len(raw)]
    letter[marks[letter[marks + 1] & letter[marks + 2] & letter[marks + 3]]] = False
    edge = np.flatnonzero(letter[1:] != letter[:-1]) + 1
    start, end = edge[0::2], edge[1::2]
    hashes = some.spans(start, end)
    kinds = _classify(some, start, end, hashes)
    masked = np.where(kinds > 0, classes().tokens[kinds], hashes)
    return _Words(start, end, hashes, kinds, masked, np.searchsorted(some.starts, start, side="right") - 1)


def _classify(some: _Bytes, start: Places, end: Places, hashes: Hashes) -> npt.NDArray[np.uint8]:
    known = classes()
    kinds = _look_up(hashes, known.words, known.word_classes)
    length = end - start
    for size, prefixes, meaning in known.prefixes:
        open_ = ((kinds == 0) & (length >= size)).nonzero()[0]
        if len(open_):
            kinds[open_] = _look_up(some.spans(start[open_], start[open_] + size), prefixes, meaning)
    return kinds


def _read_words(some: _Bytes, count: int) -> tuple[Buckets, Places, Numbers]:
    words = _find_words(some)
    denied, quoted = _denied(some, words), _quoted(some, words)
    found = [
        (words.hashes, words.text, 16),
        *_neighbours(words),
        *_skeleton(words),
        (words.masked[denied], words.text[denied], 40),
        (words.masked[quoted], words.text[quoted], 41),
    ]
    buckets = _buckets([hashes for hashes, _, _ in found], [salt for _, _, salt in found], WORD_BITS)
    buckets, rows = _gathered(buckets, [text for _, text, _ in found], np.arange(count + 1))
    return buckets, rows, _shape(some, words, count)


def _pair(first: Hashes, second: Hashes) -> Hashes:
    return (first ^ (first >> np.uint64(31))) * _SPREAD + second


def _neighbours(words: _Words) -> list[tuple[Hashes, Places, int]]:
    """Pairs of words, pairs with one between them, and pairs and threes with classes for words."""
    hashes, masked, text, classed = words.hashes, words.masked, words.text, words.kinds > 0
    found: list[tuple[Hashes, Places, int]] = []
    if len(hashes) > 1:
        same = text[:-1] == text[1:]
        pairs = _pair(hashes[:-1], hashes[1:])
        found.append((pairs[same], text[:-1][same], 17))
        some = same & (classed[:-1] | classed[1:])
        found.append((_pair(masked[:-1], masked[1:])[some], text[:-1][some], 19))
    if len(hashes) > 2:
        same = text[:-2] == text[2:]
        found.append((_pair(masked[:-2], masked[2:])[same], text[:-2][same], 18))
        threes = _pair(_pair(masked[:-2], masked[1:-1]), masked[2:])
        found.append((threes[same], text[:-2][same], 20))
    return found


def _skeleton(words: _Words) -> list[tuple[Hashes, Places, int]]:
    """Runs of two to four words that have a class, whatever stands between them."""
    classed = words.kinds > 0
    tokens, text = words.masked[classed], words.text[classed]
    found: list[tuple[Hashes, Places, int]] = []
    runs = tokens
    for size in (2, 3, 4):
        if len(tokens) < size:
            break
        runs = _pair(runs[:-1], tokens[size - 1 :])
        same = text[: -size + 1] == text[size - 1 :]
        found.append((runs[same], text[: -size + 1][same], 30 + size))
    return found


_ENDS: Final = np.frombuffer(b".!?;:\n", np.uint8)


def _denied(some: _Bytes, words: _Words) -> Flags:
    """Words shortly after a negation, in the same sentence."""
    count = len(words.hashes)
    negation = words.kinds == classes().names.index("not") + 1
    if not negation.any():
        return np.zeros(count, np.bool_)
    ends = np.zeros(len(some.raw) + 1, np.int32)
    np.cumsum(np.isin(some.raw, _ENDS), out=ends[1:])
    sentence = ends[words.start]
    denied = np.zeros(count, np.bool_)
    for distance in range(1, min(_REACH_OF_NOT, count - 1) + 1):
        near = negation[:-distance] & (words.text[:-distance] == words.text[distance:])
        denied[distance:] |= near & (sentence[:-distance] == sentence[distance:])
    return denied & ~negation


def _quoted(some: _Bytes, words: _Words) -> Flags:
    """Words between double quotation marks of their text."""
    mark = some.raw == _QUOTE
    if not mark.any():
        return np.zeros(len(words.hashes), np.bool_)
    marks = np.zeros(len(some.raw) + 1, np.int32)
    np.cumsum(mark, out=marks[1:])
    before = marks[words.start] - marks[some.starts[words.text]]
    total = (marks[some.starts[1:]] - marks[some.starts[:-1]])[words.text]
    return (before % 2 == 1) & (before < total)


# --- the shape of a text ----------------------------------------------------------------------------------------------
_SURFACE: Final = 6


@cache
def _pairs(count: int) -> tuple[Places, Places]:
    first, second = np.triu_indices(count, 1)
    return first, second


def _shape(some: _Bytes, words: _Words, count: int) -> Numbers:
    """Which classes occur, which two occur together, how long the text is and how much it shouts, asks and quotes."""
    size = len(classes().names)
    has = np.zeros((count, size + 1), np.float32)
    has[words.text, words.kinds] = 1
    first, second = _pairs(size)
    present = has[:, 1:]
    starts = some.starts

    def tally(byte: int) -> Numbers:
        if count == 1:
            return np.array([np.count_nonzero(some.raw == byte)], np.float32)
        marks = np.zeros(len(some.raw) + 1, np.int32)
        np.cumsum(some.raw == byte, out=marks[1:])
        return (marks[starts[1:]] - marks[starts[:-1]]).astype(np.float32)

    length = np.diff(starts).astype(np.float32)
    surface = np.stack(
        [
            np.log1p(length) / 8,
            np.minimum(tally(ord("!")), 3) / 3,
            np.minimum(tally(ord("?")), 2) / 2,
            np.minimum(tally(_QUOTE), 2) / 2,
            np.minimum(tally(ord("@")), 2) / 2,
            np.minimum(tally(ord("\n")), 4) / 4,
        ],
        axis=1,
    )
    return np.concatenate([present, present[:, first] * present[:, second], surface], axis=1, dtype=np.float32)
