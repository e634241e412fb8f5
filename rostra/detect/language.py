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

VERSION: Final = "1"
READ: Final = 400
"""Code points of a text that are looked at."""

# Between the most likely language and the next; in eighths of a nat.
_LEAST_MARGIN: Final = 16
_FEWEST_RUNS: Final = 3
_LONGEST_WORD: Final = 70
_RUN: Final = 4
_STEP: Final = 3
_NO_LANGUAGE: Final = re.compile(r"https?://\S*|www\.\S*|[@#]\w+|\w*\d\w*")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['`][^\W\d_]+)*")


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
    runs = np.array(_runs(text), dtype=np.uint64)
    if len(runs) < _FEWEST_RUNS:
        return ""
    places = np.searchsorted(table.keys, runs)
    places[places == len(table.keys)] = 0
    known = places[table.keys[places] == runs]
    if len(known) < _FEWEST_RUNS:
        return ""
    totals = table.weights[known].sum(axis=0, dtype=np.int64)
    first = int(totals.argmax())
    margin = int(totals[first]) - int(np.partition(totals, -2)[-2])
    return table.names[first] if margin >= _LEAST_MARGIN else ""


@cache
def load_table() -> Table:
    """The table, read once in a process."""
    with resources.files("rostra.detect").joinpath("languages.npz").open("rb") as file, np.load(file) as stored:
        names = cast("list[str]", stored["names"].tolist())
        return Table(stored["keys"], stored["weights"], names)


def _runs(text: str) -> list[int]:
    found: list[int] = []
    for word in _WORD.findall(_NO_LANGUAGE.sub(" ", text[:READ]).lower().replace("’", "'")):
        letters = cast("str", word).encode("utf-8", "replace")[:_LONGEST_WORD]
        if len(letters) < _RUN:
            found.append(int.from_bytes(b" " + letters + b" ", "little"))
            continue
        last = len(letters) - _RUN
        found += [
            int.from_bytes(letters[at : at + _RUN] if at else b" " + letters[:_RUN], "little")
            for at in range(0, last, _STEP)
        ]
        found.append(int.from_bytes((b" " if not last else b"") + letters[last:] + b" ", "little"))
    return found
