"""The encoders of the extras as the cascade asks them: the vector of a text, and a small network that judges by it.

The network is part of the model; what gives the vectors is in `sentences`. Which of the vectors that are known so far a
network reads was chosen when it was trained.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from rostra.detect.hashing import Numbers
from rostra.detect.normalise import Normal
from rostra.detect.reading import CATEGORIES
from rostra.detect.rows import times
from rostra.detect.sentences import WHEELS, Encode, Wheel, cut, encode_all, is_usable, load_wheel

MODEL: Final = Path(__file__).parent / "model"
_STEPS: Final = 127


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
    """One encoder and the network that judges once it has spoken."""

    def __init__(self, wheel: Wheel, stored: StoredNetwork, encode: Encode) -> None:
        if stored.categories != CATEGORIES:
            raise ValueError(f"encoder head {stored.version} is for other categories")
        self.name = wheel.name
        self.version = stored.version
        self.width = wheel.width
        self._encode = encode
        mean, deviation = _floats(stored.mean), _floats(stored.deviation)
        self._read = len(mean)
        into = (_grown(stored.into, stored.into_scales, stored.hidden) / deviation[:, None]).astype(np.float32)
        self._first = _Layer(into, (_floats(stored.at) - mean @ into).astype(np.float32))
        self._second = _Layer(_grown(stored.out, stored.out_scales, len(CATEGORIES)), _floats(stored.bias))

    def embed(self, texts: Sequence[str], normals: Sequence[Normal]) -> Numbers:
        """The vectors of texts, (texts, width)."""
        return encode_all(self._encode, [cut(*each) for each in zip(texts, normals, strict=True)], self.width)

    def judge(self, embedded: Numbers) -> Numbers:
        """Log-odds, (texts, categories), of the vectors of all encoders so far beside one another, its own the last:
        it reads all of them, or the last alone."""
        hidden = np.maximum(times(embedded[:, -self._read :], self._first.weights) + self._first.bias, 0)
        return (times(hidden, self._second.weights) + self._second.bias).astype(np.float32)


def network_file(folder: Path, name: str) -> Path:
    """Where the network over an encoder is kept."""
    return folder / f"{name}.bin"


def load_encoders(most: int | None = None, folder: Path = MODEL) -> tuple[Encoder, ...]:
    """The encoders that can be used, in the order in which they are asked, at most so many; each only where those
    before it are. OtherEncoder for one that the model was not trained with."""
    encoders: list[Encoder] = []
    for wheel in WHEELS[:most]:
        path = network_file(folder, wheel.name)
        if not is_usable(wheel) or not path.exists():
            break
        encoders.append(Encoder(wheel, read_network(path), load_wheel(wheel)))
    return tuple(encoders)


def read_network(path: Path) -> StoredNetwork:
    """What `write_network` has written."""
    return msgspec.msgpack.decode(lzma.decompress(path.read_bytes()), type=StoredNetwork)


def write_network(stored: StoredNetwork, path: Path) -> None:
    """Put a network into a file."""
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(stored), preset=9 | lzma.PRESET_EXTREME))


def shrink(weights: Numbers) -> tuple[bytes, bytes]:
    """Weights as one signed byte each, and the scale of each column."""
    scales = (np.maximum(np.abs(weights).max(axis=0), 1e-9) / _STEPS).astype(np.float32)
    return np.round(weights / scales).astype(np.int8).tobytes(), scales.tobytes()


def _grown(weights: bytes, scales: bytes, columns: int) -> Numbers:
    steps = np.frombuffer(weights, np.int8).reshape(-1, columns).astype(np.float32)
    return (steps * _floats(scales)).astype(np.float32)


def _floats(raw: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(raw, np.float32)
