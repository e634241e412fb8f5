"""Recognises the language of a short post: sixty languages, a few megabytes, tens of microseconds.

Naive Bayes over runs of four bytes at the beginnings, in the middles and at the ends of words. The table
(`languages.npz`) is made by `training/language.py` from the counts of the Efficient Language Detector (Apache-2.0, by
Nito T.M.). Libraries were measured and left: as exact on short posts are only some with 50 to 430 MB of memory;
CLD2 and fastText's small model are less so, and hard to install or to ship.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from rostra.detect.kept import Kept

VERSION: Final = "1"
READ: Final = 400
"""Code points of a text that are looked at."""

# Between the most likely language and the next; in eighths of a nat.
_LEAST_MARGIN: Final = 16
_FEWEST_RUNS: Final = 3
_LONGEST_WORD: Final = 70
_RUN: Final = 4
_STEP: Final = 3
_NO_LANGUAGE: Final = re.compile(r"https?://\S*|www\.\S*|[@#]\w+|(?<!\w)[^\W\d]*\d\w*")
_MAY_BE_NONE: Final = re.compile(r"://|www\.|[@#\d]")
_WORD: Final = re.compile(r"[^\W\d_]++(?:['`][^\W\d_]++)*+")


class Table(NamedTuple):
    """Runs as little-endian numbers, in ascending order; what each says for each language; the languages."""

    keys: npt.NDArray[np.uint64]
    weights: npt.NDArray[np.uint8]
    names: list[str]


def recognise(text: str) -> str:
    """The language of a text as it was written (not normalised: accents count), as an ISO 639-1 code; '' when unsure.

    Links, mentions, hashtags and numbers say nothing.
    """
    table = load_table()
    runs = np.frombuffer(b"".join(map(_RUNS.__getitem__, _words(text))), np.uint64)
    if len(runs) < _FEWEST_RUNS:
        return ""
    places = table.keys.searchsorted(runs)
    # A run beyond the last key is not the last key.
    known = places[table.keys.take(places, mode="clip") == runs]
    if len(known) < _FEWEST_RUNS:
        return ""
    totals = table.weights.take(known, axis=0).sum(axis=0, dtype=np.int64)
    first = int(totals.argmax())
    margin = int(totals[first]) - int(np.partition(totals, -2)[-2])
    return table.names[first] if margin >= _LEAST_MARGIN else ""


@cache
def load_table() -> Table:
    """The table, read once in a process."""
    with resources.files("rostra.detect").joinpath("languages.npz").open("rb") as file, np.load(file) as stored:
        names = cast("list[str]", stored["names"].tolist())
        return Table(stored["keys"], stored["weights"], names)


def _words(text: str) -> list[str]:
    read = text[:READ]
    if _MAY_BE_NONE.search(read):
        read = _NO_LANGUAGE.sub(" ", read)
    return _WORD.findall(read.lower().replace("’", "'"))


def _runs_of(word: str) -> bytes:
    """The runs of one word, each as eight bytes."""
    letters = word.encode("utf-8", "replace")[:_LONGEST_WORD]
    if len(letters) < _RUN:
        return _packed(b" " + letters + b" ")
    last = len(letters) - _RUN
    runs = [_packed(letters[at : at + _RUN] if at else b" " + letters[:_RUN]) for at in range(0, last, _STEP)]
    return b"".join((*runs, _packed((b" " if not last else b"") + letters[last:] + b" ")))


def _packed(run: bytes) -> bytes:
    """Up to eight bytes as a little-endian number."""
    return run.ljust(8, b"\0")


# A word takes some 200 bytes.
_RUNS: Final = Kept(_runs_of, most=4096, longest=30)
