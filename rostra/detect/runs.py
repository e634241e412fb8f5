"""Hashes runs of letters and runs of words: the bytes and the words of texts become places in tables of weights.

Everything is done with whole arrays over all texts that are read together, a few dozen operations for one text as for
many. Which words a text has is for `hashing`, what a place weighs for `heads`.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

import numpy as np
import numpy.typing as npt

CHAR_BITS: Final = 17
WORD_BITS: Final = 17

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_BASE: Final = 0x9E3779B97F4A7C15
_MASK: Final = 2**64 - 1
_MULTIPLY: Final = np.uint64(0xFF51AFD7ED558CCD)
_SPREAD: Final = 0xC4CEB9FE1A85EC53
# What a run of two to five bytes adds for its place among the kinds of features.
_RUN_SALTS: Final = (2, 3, 4, 5)


# Where O'Neill's PCG64 (XSL-RR) stands once NumPy has seeded it with 20261122, and its two constants.
_STATE: Final = 0xD3FC168163A3682BBCEE7F224D2CE8ED
_STEP: Final = 0xAB2F973C0B0B57F26227947B086BA927
_TIMES: Final = 0x2360ED051FC65DA44385DF649FCCF645


def _values() -> list[int]:
    """What a byte is worth: 256 odd numbers, drawn below 2^63. The weights rest on them, so they come from no library
    that may change; and NumPy's has 3 MB in memory for as long as the process lives."""
    values: list[int] = []
    state = _STATE
    for _ in range(256):
        state = (state * _TIMES + _STEP) % 2**128
        mixed, turn = (state >> 64 ^ state) & _MASK, state >> 122
        drawn = 1 + (((mixed >> turn | mixed << 64 - turn) & _MASK) * (2**63 - 1) >> 64)
        values.append(drawn * 2 + 1 & _MASK)
    return values


def _salted(salts: npt.ArrayLike) -> Hashes:
    return np.asarray(salts, np.uint64) * np.uint64(_BASE)


# --- runs of letters --------------------------------------------------------------------------------------------------
_VALUES: Final = _values()
# What a byte adds to the hash of a run at its first place, its second, …
_VALUES_AT: Final = np.array(
    [[value * pow(_BASE, at, 2**64) & _MASK for value in _VALUES] for at in range(5)], np.uint64
)
_SALTED_RUNS: Final = _salted(_RUN_SALTS)[:, None]
_BLANKS: Final = b"\n " * 2
_NO_CHAR: Final = np.where(np.arange(256) <= 32, np.uint64(1 << CHAR_BITS), np.uint64(0))


def hash_chars(text: bytes) -> Places:
    """The places of the runs of two to five bytes that begin at each byte, (4, bytes): within a word, with one blank at
    either end allowed. A place from `1 << CHAR_BITS` on is no feature."""
    raw = np.frombuffer(text + _BLANKS, np.uint8)
    count = len(text)
    values = _VALUES_AT.take(raw, axis=1)
    hashes = np.empty((4, count), np.uint64)
    before = values[0, :count]
    for at in range(4):
        before = np.add(before, values[at + 1, at + 1 : count + at + 1], out=hashes[at])
    hashes += _SALTED_RUNS
    _mix(hashes, CHAR_BITS)
    blank = _NO_CHAR.take(raw)
    # A run of two needs one letter; of longer runs everything between the ends is letters.
    inner = blank[1 : count + 1]
    hashes[0] |= blank[:count] & inner
    hashes[1] |= inner
    for at in (2, 3):
        inner = inner | blank[at : count + at]
        hashes[at] |= inner
    return hashes.view(np.int64)


def _mix(hashes: Hashes, bits: int) -> None:
    """Puts places in the place of hashes."""
    hashes ^= hashes >> np.uint64(32)
    hashes *= _MULTIPLY
    hashes >>= np.uint64(64 - bits)


# --- words ------------------------------------------------------------------------------------------------------------
# A word in a sequence: its hash, the same spread for what comes after it, and both with its class in its place.
WORD_BYTES: Final = 4 * 8
_NUMBERS: Final = Struct("<QQ")
# Sequences: all words of a text; those that have a class; those that are denied; those that are quoted.
ALL, CLASSED, DENIED, QUOTED = range(4)
# For each sequence, what is added to a word, a pair, a pair of classes, the same over a word, a three, a four.
_WORD_SALTS: Final = ((16, 17, 19, 18, 20, 0), (0, 32, 0, 0, 33, 34), (40, 0, 0, 0, 0, 0), (41, 0, 0, 0, 0, 0))
_REACH: Final = (0, 1, 1, 2, 2, 3)


def pack_word(word: bytes, name: str) -> bytes:
    """A word as sequences have it; `name` is that of its class, or empty."""
    own = _pack(word)
    return own + (_pack(f"<{name}>".encode()) if name else own)


def _pack(word: bytes) -> bytes:
    found = _hash(word)
    return _NUMBERS.pack(found, _spread(found))


def mask_word(packed: bytes) -> bytes:
    """The same with its class in its own place."""
    return packed[16:] * 2


def _hash(word: bytes) -> int:
    found = 0
    for byte in reversed(word):
        found = found * _BASE + _VALUES[byte] & _MASK
    return found


def _spread(found: int) -> int:
    return (found ^ (found >> 31)) * _SPREAD & _MASK


def codes_of(sequence: int, words: int) -> bytes:
    """A byte for each word of a sequence, by which `hash_words` knows the sequence and how many words follow."""
    code = sequence * 4
    return bytes((code + 3,)) * (words - 3) + bytes((code + 2, code + 1, code))[-words:] if words else b""


# Stands after the sequences of a text, so that even a text without words has an entry.
END_WORD: Final = bytes(WORD_BYTES)
END_CODE: Final = bytes((16,))


def _by_code() -> tuple[Hashes, Hashes]:
    """What is added to the hash of each kind of feature, and what makes a place of it that is none; (kinds, codes)."""
    salts, none = np.zeros((6, 17), np.uint64), np.full((6, 17), 1 << WORD_BITS, np.uint64)
    for sequence, kinds in enumerate(_WORD_SALTS):
        for kind, salt in enumerate(kinds):
            for following in range(4):
                salts[kind, sequence * 4 + following] = salt
                if salt and following >= _REACH[kind]:
                    none[kind, sequence * 4 + following] = 0
    return _salted(salts), none


_SALTED_KINDS, _NO_WORD = _by_code()


def hash_words(packed: bytes, codes: bytes) -> Places:
    """The places of the features that begin at each word of the sequences, (6, words). A place from `1 << WORD_BITS`
    on is no feature."""
    own, spread, masked, masked_spread = np.frombuffer(packed, np.uint64).reshape(-1, 4).T
    hashes = np.empty((6, len(own)), np.uint64)
    hashes[0] = own
    np.add(spread[:-1], own[1:], out=hashes[1, :-1])
    pairs = np.add(masked_spread[:-1], masked[1:], out=hashes[2, :-1])
    np.add(masked_spread[:-2], masked[2:], out=hashes[3, :-2])
    threes = np.add(_spread_all(pairs[:-1]), masked[2:], out=hashes[4, :-2])
    np.add(_spread_all(threes[:-1]), masked[3:], out=hashes[5, :-3])
    kinds = np.frombuffer(codes, np.uint8)
    hashes += _SALTED_KINDS.take(kinds, axis=1)
    _mix(hashes, WORD_BITS)
    hashes |= _NO_WORD.take(kinds, axis=1)
    # A pair of which neither has a class says nothing new.
    plain = own == masked
    hashes[2, :-1] |= (plain[:-1] & plain[1:]) * np.uint64(1 << WORD_BITS)
    return hashes.view(np.int64)


def _spread_all(hashes: Hashes) -> Hashes:
    return (hashes ^ (hashes >> np.uint64(31))) * np.uint64(_SPREAD)
