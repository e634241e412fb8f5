"""Products that are the same for a row whatever stands beside it: a text must not get another figure because it was
read together with others. Matrix products of several rows add up in an order that depends on how many there are."""

from __future__ import annotations

import numpy as np

from rostra.detect.hashing import Numbers


def times(rows: Numbers, weights: Numbers) -> Numbers:
    """`rows @ weights`, (rows, columns), row by row."""
    if not len(rows):
        return np.zeros((0, weights.shape[1]), np.result_type(rows, weights))
    return np.stack([row @ weights for row in rows])
