"""Signatures of texts that find near-copies: what was said again with a few words, links or numbers changed.

MinHash over runs of letters. Of each of 256 minima one bit is kept (Li and König, "b-bit minwise hashing"), which tells
more for its size than whole values do where much is in common; eighteen minima make the six keys by which copies are
looked up. What a signature is stands in `signatures.py`; where they are stored is for
`rostra/screening/near_queries.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import regex

from rostra.detect.signatures import BAD_NEAR, BITS, EMPTY, SIGNATURE_BYTES, BadEntry, Signature, most_different_bits

VERSION: Final = "1"
"""Changes whenever the same text gets another signature; stored ones are then to be made anew."""
BANDS: Final = 6
"""Keys of a signature; texts that share one are candidates."""

_ROWS: Final = 3
_MASK: Final = 2**64 - 1
# A text is read this far, in code points.
_READ: Final = 20_000
# Of the runs of a longer text those with the smallest hashes stand for all.
_SAMPLE: Final = 512
_RUN: Final = 4
_FEWEST: Final = 16
# Chinese, Japanese and Korean say in two characters what others say in a word.
_WIDE_FROM: Final = 0x2E80
_WIDE_RUN: Final = 2
_WIDE_FEWEST: Final = 8

# Copies of one text differ in their links and mentions, as written or as `normalise` masks them, and in all that is no
# letter.
_VARYING: Final = re.compile(
    r"(?:https?://|www\.)\S*+"
    r"|(?<![\w.@-])[\w-]++(?:\.[\w-]++)++/\S*+"
    r"|\b(?:name@mail|httpurl)\b"
    r"|[@＠][\w.-]++(?:@[\w.-]++)?+"
)
_LETTER: Final = regex.compile(r"[\p{L}\p{M}]++")
# Beyond these planes there are Chinese characters only.
_PLANES: Final = 0x20000


def signature(normal_text: str) -> Signature:
    """The signature of a normalised text. Texts that differ in links, mentions, numbers, case, punctuation or emoji
    alone have the same one. Empty for fewer than 16 letters (8 of Chinese, Japanese or Korean)."""
    codes = _letters(normal_text[:_READ].casefold())
    wide = codes.itemsize > 1 and int(np.count_nonzero(codes >= _WIDE_FROM)) * 2 > len(codes)
    if len(codes) < (_WIDE_FEWEST if wide else _FEWEST):
        return EMPTY
    minima = np.multiply.outer(_hashed_runs(codes, _WIDE_RUN if wide else _RUN), _FACTORS).min(axis=0)
    bits = np.packbits((minima * _MIX) >> np.uint32(31) != 0)
    return Signature(_band_keys(minima), bits.tobytes())


class BadMatch(msgspec.Struct, frozen=True):
    """The entry most like a text."""

    clause: str
    similarity: float
    # Its place among the entries that the set was built from.
    index: int


class KnownBad:
    """What was removed or refused, held in memory and compared one and all: nothing that is near enough is missed.

    Immutable; build another one to change it. 32 bytes an entry.
    """

    def __init__(self, entries: Iterable[BadEntry], least: float = BAD_NEAR) -> None:
        """`least` is the similarity from which a text counts. Raises ValueError for bits of another length than 32."""
        kept = list(entries)
        if wrong := next((entry for entry in kept if len(entry.bits) != SIGNATURE_BYTES), None):
            raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(wrong.bits)}")
        self._clauses = [sys.intern(entry.clause) for entry in kept]
        words = np.frombuffer(b"".join(entry.bits for entry in kept), dtype=np.uint64).reshape(-1, 4)
        # One row for each of the four words: adding rows up is many times faster than adding up columns.
        self._words = np.ascontiguousarray(words.T)
        self._most = most_different_bits(least)

    def __len__(self) -> int:
        return len(self._clauses)

    def find(self, wanted: Signature) -> BadMatch | None:
        """The entry most like `wanted`, or None where none is near enough."""
        if not wanted.bits or not self._clauses:
            return None
        differing = self._words ^ np.frombuffer(wanted.bits, dtype=np.uint64)[:, None]
        counts = np.bitwise_count(differing)
        # 4 × 64 is one more than eight bits hold; nothing that far away is ever near.
        distances = np.minimum(counts[0], 63) + counts[1] + counts[2] + counts[3]
        index = int(distances.argmin())
        different = int(distances[index])
        if different > self._most:
            return None
        return BadMatch(self._clauses[index], 1.0 - 2.0 * different / BITS, index)

    def match(self, wanted: Signature) -> str | None:
        """The clause of the entry most like `wanted`, or None where none is near enough."""
        found = self.find(wanted)
        return None if found is None else found.clause


def _letters(text: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint32]:
    """The letters of a text, as code points, with one space for all that is between two words and one at the end."""
    if "/" in text or "@" in text or "＠" in text or "www." in text or "httpurl" in text:
        text = _VARYING.sub(" ", text)
    if text.isascii():
        return np.frombuffer(b" ".join([*text.encode("ascii").translate(_ASCII_LETTERS).split(), b""]), np.uint8)
    codes = np.frombuffer((text + " ").encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    is_letter = _IS_LETTER[np.minimum(codes, np.uint32(_PLANES))]
    codes[~is_letter] = 0x20
    follows_letter = np.empty_like(is_letter)
    follows_letter[:1] = False
    follows_letter[1:] = is_letter[:-1]
    return codes[is_letter | follows_letter]


def _hashed_runs(codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint32], length: int) -> npt.NDArray[np.uint32]:
    """A well-mixed hash of every run of `length` codes, or a sample of them that is the same for copies."""
    hashes = np.correlate(codes, _WEIGHTS[:length]).astype(np.uint32, copy=False)
    hashes ^= hashes >> np.uint32(16)
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return np.partition(hashes, _SAMPLE)[:_SAMPLE] if len(hashes) > _SAMPLE else hashes


def _band_keys(minima: npt.NDArray[np.uint32]) -> tuple[int, ...]:
    rows: list[int] = minima[: BANDS * _ROWS].tolist()
    keys: list[int] = []
    for band, seed in enumerate(_BAND_SEEDS):
        key = seed
        for row in rows[band * _ROWS : (band + 1) * _ROWS]:
            key = (key ^ row) * 0x9E3779B97F4A7C15 & _MASK
            key ^= key >> 32
        keys.append(key - (key >> 63 << 64))
    return tuple(keys)


def _constants(seed: int, count: int) -> list[int]:
    """SplitMix64. Stored signatures rest on these numbers, so they come from no library that may change."""
    numbers: list[int] = []
    for step in range(1, count + 1):
        mixed = (seed + step * 0x9E3779B97F4A7C15) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        numbers.append(mixed ^ (mixed >> 31))
    return numbers


def _odd(seed: int, count: int) -> npt.NDArray[np.uint32]:
    return np.array([number >> 32 | 1 for number in _constants(seed, count)], dtype=np.uint32)


def _letter_table() -> npt.NDArray[np.bool_]:
    table = np.zeros(_PLANES + 1, dtype=np.bool_)
    table[_PLANES] = True
    for found in _LETTER.finditer("".join(map(chr, range(_PLANES)))):
        table[found.start() : found.end()] = True
    return table


_IS_LETTER: Final = _letter_table()
_ASCII_LETTERS: Final = bytes(byte if chr(byte).isalpha() and byte < 128 else ord(" ") for byte in range(256))
_FACTORS: Final = _odd(1, BITS)
_WEIGHTS: Final = _odd(2, _RUN)
_BAND_SEEDS: Final = _constants(3, BANDS)
_MIX: Final = np.uint32(0x9E3779B1)
