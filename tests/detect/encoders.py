"""Encoders that need no extra: what they say depends on a word that only they know."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from rostra.detect.cascade import Cascade
from rostra.detect.encoder import Encoder, StoredNetwork, shrink
from rostra.detect.fusion import CategoryFusion, Fusion, Stage, load_fusion
from rostra.detect.hashing import Numbers
from rostra.detect.heads import load_heads
from rostra.detect.reading import CATEGORIES, Category
from rostra.detect.sentences import Wheel

THREAT = CATEGORIES.index("threat")


def wheel(name: str, width: int = 2) -> Wheel:
    """A wheel that nobody can load."""
    return Wheel(name=name, extra="ml", package=name, width=width, pinned=(), needs=frozenset(), load=_load)


def _load(_package: object) -> Callable[[str], Numbers]:
    raise AssertionError("nobody loads it")


def knows(word: str) -> Callable[[str], Numbers]:
    """Whether the word is in the text, and that there is a text."""
    return lambda text: np.array([float(word in text), 1.0], np.float32)


def network(version: str, read: int, weight: float = 12.0) -> StoredNetwork:
    """Of the vectors that are read the last but one says that it is a threat."""
    into = np.zeros((read, 1), np.float32)
    into[-2] = 1.0
    out = np.zeros((1, len(CATEGORIES)), np.float32)
    out[0, THREAT] = weight
    into_bytes, into_scales = shrink(into)
    out_bytes, out_scales = shrink(out)
    return StoredNetwork(
        version=version,
        categories=CATEGORIES,
        hidden=1,
        mean=np.zeros(read, np.float32).tobytes(),
        deviation=np.ones(read, np.float32).tobytes(),
        into=into_bytes,
        into_scales=into_scales,
        at=np.zeros(1, np.float32).tobytes(),
        out=out_bytes,
        out_scales=out_scales,
        bias=np.full(len(CATEGORIES), -2.0, np.float32).tobytes(),
    )


def encoder(name: str, word: str, read: int = 2, asks: list[str] | None = None) -> Encoder:
    """An encoder that finds a threat in this word, and notes what it is asked."""
    said = knows(word)

    def encode(text: str) -> Numbers:
        if asks is not None:
            asks.append(text)
        return said(text)

    return Encoder(wheel(name), network(f"{name}-1", read), encode)


def fused(*asked_from: float) -> Fusion:
    """The base of the package, and a stage for each encoder: what it says counts as it is."""
    base = load_fusion().stages[0].categories
    stages = [Stage(base)]
    for depth, least in enumerate(asked_from, 1):
        categories: dict[Category, CategoryFusion] = {n: _with_columns(each, depth) for n, each in base.items()}
        stages.append(Stage(categories, least))
    return Fusion("fake", tuple(stages))


def _with_columns(fusion: CategoryFusion, columns: int) -> CategoryFusion:
    return msgspec.structs.replace(fusion, weights=(*fusion.weights, *[1.0] * columns))


def cascade(*encoders: Encoder, asked_from: tuple[float, ...]) -> Cascade:
    """The cascade of the package with these encoders behind it."""
    return Cascade(load_heads(), fused(*asked_from), encoders)
