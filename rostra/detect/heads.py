"""The heads of the text model: weights for hashed features, kept as one byte each in the package, read once.

A head is a row of weights for one category. What is stored is the square root of each weight in 63 steps, which is
finest near nothing, where most weights are. Scores are log-odds; what they mean as chances is for `fusion`.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.hashing import CHAR_BITS, SURFACE, VERSION, WORD_BITS, Bags, Numbers, meetings, shape_size
from rostra.detect.reading import CATEGORIES
from rostra.detect.runs import Places

HEADS_FILE: Final = Path(__file__).parent / "model" / "heads.bin"
STEPS: Final = 31
# Weights smaller than this are noise, and most of the file.
_LEAST: Final = 0.06
# Seven heads and a one, by which features are counted: a row is then one aligned load.
_COLUMNS: Final = 8
_HEADS: Final = len(CATEGORIES)
# What is kept of which classes meet in a text; some hundred bytes each.
_MEETINGS: Final = 1024

Squares = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What the file holds: blocks of (heads, buckets), one signed byte a weight, and their scales, (blocks, heads)."""

    version: str
    features: str
    categories: tuple[str, ...]
    chars: bytes
    words: bytes
    scales: tuple[tuple[float, ...], ...]
    # (columns, heads), 32-bit floats
    shape: bytes
    biases: tuple[float, ...]


class Heads:
    """Weights in memory as whole numbers, 4 MB. Safe to use from several threads.

    Sums are of squares of steps, whole numbers, so that they are the same in whatever order they are made: a text
    scores the same whatever it is read with.
    """

    def __init__(self, stored: Stored) -> None:
        if stored.features != VERSION or stored.categories != CATEGORIES:
            raise ValueError(f"model {stored.version} is for features {stored.features}, these are {VERSION}")
        self.version = stored.version
        self._chars, self._words = _table(stored.chars, CHAR_BITS), _table(stored.words, WORD_BITS)
        # Of the blocks, one after the other, for each head.
        self._scales = np.array(stored.scales)[:, None] / STEPS**2
        shape = np.frombuffer(stored.shape, np.float32).reshape(shape_size(), _HEADS).astype(np.float64)
        self._meetings, self._surface = shape[:-SURFACE], shape[-SURFACE:]
        self._biases = np.array(stored.biases)
        self._weigh_meeting = lru_cache(_MEETINGS)(self._weigh_classes)

    def logits(self, bags: Sequence[Bags]) -> Numbers:
        """Log-odds, (texts, categories), of texts that were read by `hashing.read_bags`."""
        if not bags:
            return np.zeros((0, _HEADS), np.float32)
        return np.concatenate([self._weigh(each) for each in bags]) if len(bags) > 1 else self._weigh(bags[0])

    def _weigh(self, bags: Bags) -> Numbers:
        chars = _sums(self._chars, bags.chars, bags.char_starts)
        words = _sums(self._words, bags.words, bags.word_starts)
        both = np.array((chars, words))
        means = both[:, :, :_HEADS] / np.sqrt(np.maximum(both[:, :, _HEADS:], 1)) * self._scales
        met = [self._weigh_meeting(occurring) for occurring in bags.classes]
        # Row by row: matrix products add up in an order that depends on how many rows there are.
        seen = (bags.surface[:, :, None] * self._surface).sum(axis=1)
        return (means[0] + means[1] + met + seen).astype(np.float32)

    def _weigh_classes(self, occurring: int) -> tuple[float, ...]:
        weighed: list[float] = (self._meetings[meetings(occurring)].sum(axis=0) + self._biases).tolist()
        return tuple(weighed)


def pack(weights: Numbers) -> tuple[bytes, tuple[float, ...]]:
    """One block of weights (buckets, heads) as bytes, and the scale of each head."""
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-6)
    steps = np.sign(weights) * np.round(STEPS * np.sqrt(np.abs(weights) / scales))
    steps[np.abs(weights) < _LEAST] = 0
    return steps.astype(np.int8).T.tobytes(), tuple(float(scale) for scale in scales)


def _table(packed: bytes, bits: int) -> Squares:
    """A row for each place and a last one for what is no feature, (places + 1, columns)."""
    table = np.zeros(((1 << bits) + 1, _COLUMNS), np.int16)
    steps = np.frombuffer(packed, np.int8).reshape(_HEADS, -1).T.astype(np.int16)
    table[:-1, :_HEADS] = steps * np.abs(steps)
    table[:-1, _HEADS] = 1
    return table


def _sums(table: Squares, places: Places, starts: Sequence[int]) -> npt.NDArray[np.int32]:
    """The sums of the rows of each text's features, (texts, columns)."""
    kinds = table.take(places, axis=0, mode="clip")
    each = kinds[0]
    # Six squares of steps stay within sixteen bits.
    for more in kinds[1:]:
        each += more
    return np.add.reduceat(each, starts, dtype=np.int32)


def write_heads(stored: Stored, path: Path) -> None:
    """Stores a model, the same bytes for the same weights."""
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(stored), preset=6 | lzma.PRESET_EXTREME))


@cache
def load_heads(path: Path = HEADS_FILE) -> Heads:
    """The heads of a file; ValueError for one that belongs to other features."""
    return Heads(msgspec.msgpack.decode(lzma.decompress(path.read_bytes()), type=Stored))
