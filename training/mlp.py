"""A small network over sentence embeddings: one hidden layer, one output for each category, by Adam.

Like `fit`, it leaves out what a corpus does not tell. The same seed gives the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Network(NamedTuple):
    """`relu(x @ into + at) @ out + bias`."""

    into: Array
    at: Array
    out: Array
    bias: Array

    def logits(self, x: Array) -> Array:
        """Log-odds, (texts, categories)."""
        return np.maximum(x @ self.into + self.at, 0) @ self.out + self.bias


def join(networks: Sequence[Network]) -> Network:
    """One network that says the mean of what several say; its hidden layer is theirs beside one another."""
    return Network(
        np.concatenate([each.into for each in networks], axis=1),
        np.concatenate([each.at for each in networks]),
        (np.concatenate([each.out for each in networks]) / np.float32(len(networks))).astype(np.float32),
        np.stack([each.bias for each in networks]).mean(axis=0, dtype=np.float32),
    )


def train(
    x: Array,
    marks: npt.NDArray[np.int8],
    weights: Array,
    hidden: int = 256,
    rounds: int = 16,
    drop: float = 0.5,
    decay: float = 1e-3,
    pace: float = 2e-3,
    seed: int = 1,
) -> Network:
    """Fits marks of 1 and 0 with `weights` of (rows, categories)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    width, heads = x.shape[1], marks.shape[1]
    known = (marks >= 0).astype(np.float32) * weights
    truth = (marks > 0).astype(np.float32)
    share = np.clip((truth * known).sum(0) / np.maximum(known.sum(0), 1), 1e-4, 0.5)
    parts = [
        rng.normal(0, np.sqrt(2 / width), (width, hidden)).astype(np.float32),
        np.zeros(hidden, np.float32),
        rng.normal(0, np.sqrt(1 / hidden), (hidden, heads)).astype(np.float32),
        np.log(share / (1 - share)).astype(np.float32),
    ]
    mean = [np.zeros_like(part) for part in parts]
    square = [np.zeros_like(part) for part in parts]
    batch, step = 512, 0
    total = rounds * (len(x) // batch)
    for _ in range(rounds):
        order = rng.permutation(len(x))
        for first in range(0, len(x) - batch + 1, batch):
            chosen = order[first : first + batch]
            step += 1
            slopes = _slopes(parts, x[chosen], truth[chosen], known[chosen], drop, rng)
            rate = pace * (1 - step / total) + 1e-5
            for place, slope in enumerate(slopes):
                mean[place] += 0.1 * (slope - mean[place])
                square[place] += 0.001 * (slope * slope - square[place])
                scale = np.sqrt(square[place] / (1 - 0.999**step)) + 1e-8
                parts[place] -= rate * (mean[place] / (1 - 0.9**step) / scale + decay * parts[place])
    return Network(*parts)


def _slopes(
    parts: list[Array], x: Array, truth: Array, known: Array, drop: float, rng: np.random.Generator
) -> tuple[Array, Array, Array, Array]:
    into, at, out, bias = parts
    inner = np.maximum(x @ into + at, 0)
    kept = (rng.random(inner.shape, dtype=np.float32) >= drop).astype(np.float32) / np.float32(1 - drop)
    hidden = inner * kept
    chances = 1 / (1 + np.exp(-np.clip(hidden @ out + bias, -30, 30)))
    wrong = known * (chances - truth) / np.float32(len(x))
    back = (wrong @ out.T) * kept * (inner > 0)
    return x.T @ back, back.sum(0), hidden.T @ wrong, wrong.sum(0)
