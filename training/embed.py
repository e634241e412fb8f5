"""Vectors of texts that stay on disk: embedding a hundred thousand texts takes an encoder hours, and most of them are
the same the next time. By hash, so that no text is written anywhere; outside the repository.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from rostra.detect.normalise import normalise
from rostra.detect.sentences import Wheel, cut, load_wheel

_KEY: Final = 16
_AT_ONCE: Final = 512

Array = npt.NDArray[np.float32]


def default_folder() -> Path:
    """Where vectors are kept unless somebody says otherwise: the user's cache directory."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "rostra" / "vectors"


class Vectors:
    """The vectors of one encoder, of this version of it. Called with a text that is cut, it gives its vector; what it
    does not know it asks the encoder and writes down. Owns its file; one process at a time writes."""

    def __init__(self, wheel: Wheel, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._wheel = wheel
        self._row = np.dtype([("key", f"V{_KEY}"), ("vector", "<f4", (wheel.width,))])
        digest = hashlib.sha256(repr(wheel.pinned).encode()).hexdigest()[:12]
        self.path = folder / f"{wheel.name}-{digest}.vectors"
        whole = self.path.stat().st_size // self._row.itemsize if self.path.exists() else 0
        if whole:
            # Half a row is left where a run was ended.
            os.truncate(self.path, whole * self._row.itemsize)
        self._rows = np.memmap(self.path, self._row, "r", shape=(whole,)) if whole else np.zeros(0, self._row)
        self._places = {key.tobytes(): place for place, key in enumerate(self._rows["key"])}
        self._fresh: dict[bytes, Array] = {}
        self._unwritten: list[bytes] = []

    def __call__(self, text: str) -> Array:
        """The vector of a text, (width,)."""
        key = hashlib.blake2b(text.encode(), digest_size=_KEY).digest()
        place = self._places.get(key)
        if place is not None:
            return np.array(self._rows["vector"][place])
        if key not in self._fresh:
            self._fresh[key] = load_wheel(self._wheel)(text)
            self._unwritten.append(key)
            if len(self._unwritten) >= _AT_ONCE:
                self.write()
        return self._fresh[key]

    def write(self) -> None:
        """Write down what is new."""
        rows = np.zeros(len(self._unwritten), self._row)
        for place, key in enumerate(self._unwritten):
            rows[place] = (np.void(key), self._fresh[key])
        with self.path.open("ab") as file:
            file.write(rows.tobytes())
        self._unwritten = []

    def of(self, texts: Sequence[str]) -> Array:
        """The vectors of texts as they were written, (texts, width)."""
        found = [self(cut(text, normalise(text))) for text in texts]
        self.write()
        return np.stack(found) if found else np.zeros((0, self._wheel.width), np.float32)
