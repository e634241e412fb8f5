"""The heads of the text model: weights for hashed features, kept as one byte each in the package, read once.

A head is a row of weights for one category. What is stored is the square root of each weight in 63 steps, which is
finest near nothing, where most weights are. Scores are log-odds; what they mean as chances is for `fusion`.
"""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.hashing import CHAR_BITS, VERSION, WORD_BITS, Bags, Numbers, shape_size
from rostra.detect.reading import CATEGORIES
from rostra.detect.rows import times

HEADS_FILE: Final = Path(__file__).parent / "model" / "heads.bin"
STEPS: Final = 31
# Weights smaller than this are noise, and most of the file.
_LEAST: Final = 0.06
# Eight columns for seven heads: a row of weights is then one aligned load.
_COLUMNS: Final = 8


Halves = npt.NDArray[np.float16]


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
    """Weights in memory, 4 MB: two bytes each are finer than what is stored."""

    def __init__(self, stored: Stored) -> None:
        if stored.features != VERSION or stored.categories != CATEGORIES:
            raise ValueError(f"model {stored.version} is for features {stored.features}, these are {VERSION}")
        self.version = stored.version
        self._chars = _unpacked(stored.chars, stored.scales[0], 1 << CHAR_BITS)
        self._words = _unpacked(stored.words, stored.scales[1], 1 << WORD_BITS)
        self._shape = np.frombuffer(stored.shape, np.float32).reshape(shape_size(), len(CATEGORIES))
        self._biases = np.array(stored.biases, np.float32)

    def logits(self, bags: Bags) -> Numbers:
        """Log-odds, (texts, categories), of texts that were read by `hashing.read_bags`."""
        chars = _weighed(self._chars, bags.chars, bags.char_rows)
        words = _weighed(self._words, bags.words, bags.word_rows)
        both: Numbers = (chars + words)[:, : len(CATEGORIES)]
        return (both + times(bags.shape, self._shape) + self._biases).astype(np.float32)


def pack(weights: Numbers) -> tuple[bytes, tuple[float, ...]]:
    """One block of weights (buckets, heads) as bytes, and the scale of each head."""
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-6)
    steps = np.sign(weights) * np.round(STEPS * np.sqrt(np.abs(weights) / scales))
    steps[np.abs(weights) < _LEAST] = 0
    return steps.astype(np.int8).T.tobytes(), tuple(float(scale) for scale in scales)


def _unpacked(packed: bytes, scales: tuple[float, ...], buckets: int) -> Halves:
    steps = np.frombuffer(packed, np.int8).reshape(len(scales), buckets)
    weights = np.zeros((buckets, _COLUMNS), np.float16)
    for head, scale in enumerate(scales):
        size = steps[head].astype(np.float32) / STEPS
        weights[:, head] = np.sign(size) * size * size * scale
    return weights


def _weighed(weights: Halves, buckets: npt.NDArray[np.uint32], rows: npt.NDArray[np.intp]) -> Numbers:
    """The sum of the weights of each text's features over the root of their number."""
    sizes = np.diff(rows)
    sums = np.zeros((len(sizes), _COLUMNS), np.float32)
    filled = sizes > 0
    if filled.any():
        sums[filled] = np.add.reduceat(weights[buckets].astype(np.float32), rows[:-1][filled], axis=0)
        sums[filled] /= np.sqrt(sizes[filled]).astype(np.float32)[:, None]
    return sums


def write_heads(stored: Stored, path: Path) -> None:
    """Stores a model, the same bytes for the same weights."""
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(stored), preset=6 | lzma.PRESET_EXTREME))


@cache
def load_heads(path: Path = HEADS_FILE) -> Heads:
    """The heads of a file; ValueError for one that belongs to other features."""
    return Heads(msgspec.msgpack.decode(lzma.decompress(path.read_bytes()), type=Stored))
