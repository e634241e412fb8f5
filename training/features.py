"""Rows as a sparse matrix whose columns are the weights that the heads store: runs of letters, words, shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from rostra.detect.hashing import CHAR_BITS, SURFACE, WORD_BITS, Bags, meetings, read_bags, shape_size

# A word tells more than a run of letters, and stands in fewer columns.
WORD_SCALE = 1.0
SHAPE_SCALE = 0.25

Matrix = Any


def columns() -> int:
    """How many columns a matrix has."""
    return (1 << CHAR_BITS) + (1 << WORD_BITS) + shape_size()


def matrix(texts: Sequence[str]) -> Matrix:
    """The features of normalised texts, one row each; blocks are scaled as `rostra.detect.heads` scales them."""
    return sparse.vstack([stack(bags) for bags in read_bags(texts)], format="csr", dtype=np.float32)


def stack(bags: Bags) -> Matrix:
    """A matrix of features that were read already."""
    chars = _block(bags.chars, bags.char_starts, 1 << CHAR_BITS, 1.0)
    words = _block(bags.words, bags.word_starts, 1 << WORD_BITS, WORD_SCALE)
    shape = sparse.csr_matrix(shapes(bags) * np.float32(SHAPE_SCALE))
    return sparse.hstack([chars, words, shape], format="csr", dtype=np.float32)


def shapes(bags: Bags) -> npt.NDArray[np.float32]:
    """Which classes meet in each text, and how it looks; (texts, `shape_size()`)."""
    found = np.zeros((len(bags.classes), shape_size()), np.float32)
    for row, occurring in zip(found, bags.classes, strict=True):
        row[meetings(occurring)] = 1
    found[:, -SURFACE:] = bags.surface
    return found


def _block(places: npt.NDArray[np.int64], starts: Sequence[int], width: int, scale: float) -> Matrix:
    kept = places < width
    sizes = np.add.reduceat(kept.sum(axis=0), starts)
    values = np.repeat((scale / np.sqrt(np.maximum(sizes, 1))).astype(np.float32), sizes)
    rows = np.concatenate([[0], np.cumsum(sizes)])
    block = sparse.csr_matrix((values, places.T[kept.T].astype(np.int32), rows), shape=(len(sizes), width))
    block.sum_duplicates()
    return block
