"""Rows as a sparse matrix whose columns are the weights that the heads store: runs of letters, words, shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from rostra.detect.hashing import CHAR_BITS, WORD_BITS, Bags, read_bags, shape_size

# A word tells more than a run of letters, and stands in fewer columns.
WORD_SCALE = 1.0
SHAPE_SCALE = 0.25

Matrix = Any


def columns() -> int:
    """How many columns a matrix has."""
    return (1 << CHAR_BITS) + (1 << WORD_BITS) + shape_size()


def matrix(texts: Sequence[str]) -> Matrix:
    """The features of normalised texts, one row each; blocks are scaled as `rostra.detect.heads` scales them."""
    return stack(read_bags(texts))


def stack(bags: Bags) -> Matrix:
    """A matrix of features that were read already."""
    chars = _block(bags.chars, bags.char_rows, 1 << CHAR_BITS, 1.0)
    words = _block(bags.words, bags.word_rows, 1 << WORD_BITS, WORD_SCALE)
    shape = sparse.csr_matrix(bags.shape * np.float32(SHAPE_SCALE))
    return sparse.hstack([chars, words, shape], format="csr", dtype=np.float32)


def _block(buckets: npt.NDArray[np.uint32], rows: npt.NDArray[np.intp], width: int, scale: float) -> Matrix:
    sizes = np.diff(rows)
    values = np.repeat((scale / np.sqrt(np.maximum(sizes, 1))).astype(np.float32), sizes)
    block = sparse.csr_matrix((values, buckets.astype(np.int32), rows), shape=(len(sizes), width))
    block.sum_duplicates()
    return block
