"""Embeds many texts, on two processors: the longest part of training."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

import numpy as np
import numpy.typing as npt

from rostra.detect.encoder import WIDTH, embed, load_sentences
from rostra.detect.normalise import normalise

_PROCESSES: Final = 2
_AT_ONCE: Final = 4000


def embed_all(texts: list[str]) -> npt.NDArray[np.float32]:
    """The embeddings of texts, (texts, 512)."""
    pieces = [texts[first : first + _AT_ONCE] for first in range(0, len(texts), _AT_ONCE)]
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn")) as pool:
        found = list(pool.map(_embed, pieces))
    return np.concatenate(found) if found else np.zeros((0, WIDTH), np.float32)


def _embed(texts: list[str]) -> npt.NDArray[np.float32]:
    return embed(load_sentences(), texts, [normalise(text) for text in texts])
