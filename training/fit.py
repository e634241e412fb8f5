"""Fits the linear heads: one logistic regression for each category over all of them at once, by L-BFGS.

A text of which a corpus says nothing for a category takes no part in that category's loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def fit(
    features: Any,
    marks: npt.NDArray[np.int8],
    weights: Array,
    penalty: float = 1.0,
    rounds: int = 60,
    start: tuple[Array, Array] | None = None,
) -> tuple[Array, Array]:
    """Weights (columns, categories) and biases that fit marks of 1 and 0; marks of -1 are left out.

    `weights` says how much a row counts for a category, (rows, categories).
    """
    # It takes half a second to import, and only who fits needs it.
    from scipy.optimize import fmin_l_bfgs_b

    known = (marks >= 0).astype(np.float32) * weights
    truth = (marks > 0).astype(np.float32)
    _rows, width = features.shape
    heads = marks.shape[1]
    total = known.sum(axis=0)
    transposed = features.T.tocsr()

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        both = flat.reshape(width + 1, heads)
        at, bias = both[:-1].astype(np.float32), both[-1].astype(np.float32)
        logits = features @ at + bias
        # log(1 + e^-|x|) keeps its digits.
        size = np.log1p(np.exp(-np.abs(logits))) + np.maximum(logits, 0) - truth * logits
        wrong = known * (1 / (1 + np.exp(-logits)) - truth)
        slope = np.empty_like(both)
        slope[:-1] = transposed @ wrong + penalty * at
        slope[-1] = wrong.sum(axis=0)
        value = float((size * known).sum(dtype=np.float64)) + 0.5 * penalty * float((at * at).sum(dtype=np.float64))
        return value, slope.ravel()

    first = np.zeros((width + 1, heads))
    if start is not None:
        first[:-1], first[-1] = start
    else:
        share = np.clip((truth * known).sum(axis=0) / np.maximum(total, 1), 1e-4, 1 - 1e-4)
        first[-1] = np.log(share / (1 - share))
    found, _value, _about = fmin_l_bfgs_b(loss, first.ravel(), maxiter=rounds, m=8)
    both = found.reshape(width + 1, heads).astype(np.float32)
    return both[:-1], both[-1]
