"""From the corpora to rows that may be learnt from: nothing that is in a test set, each text once, split once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rostra.detect.normalise import normalise
from rostra.detect.reading import CATEGORIES, Category
from training.corpora import Row, read_all
from training.noise import slip
from training.sets import is_quiet, read_development, read_tests

# Own templates say what the corpora do not: what is harmless and looks harmful.
_OWN_COUNTS = 4.0
OWN: Final = frozenset({"seeds", "first_seeds"})
# Threats that people wrote are one in a hundred rows of the corpora.
VIOLENCE: Final[tuple[Category, ...]] = ("threat", "incitement")
_SCARCE_COUNTS = 7.5
# Posts of nobody in particular, where threats and hate are found by mistake: what is found at few false alarms grows.
_QUIET_COUNTS = 2.0
_QUIET_FOR: Final[tuple[Category, ...]] = (*VIOLENCE, "hate")
# What a model takes for hate or a threat first, by the words in it.
_EASILY_MISTAKEN = frozenset({"benign.identity_positive", "benign.identity_neutral", "benign.reclaimed"})
_MISTAKEN_COUNTS = 2.0
# In Italian only templates say that such words are harmless, while English corpora say of the same classes of words
# that they are hateful: there they count for more in that category.
_ABOUT_PEOPLE = _EASILY_MISTAKEN | {"benign.identity_negative_event", "benign.counter_speech"}
_ITALIAN_COUNTS = 3.0
# One in so many rows is learnt from a second time, with slips.
_SLIPS = 8


class Lesson(NamedTuple):
    """Rows with their normalised texts, marks (rows, categories) and weights (rows, categories)."""

    rows: list[Row]
    normals: list[str]
    marks: npt.NDArray[np.int8]
    weights: npt.NDArray[np.float32]

    def of(self, split: str) -> Lesson:
        """The rows of one split."""
        chosen = [place for place, row in enumerate(self.rows) if row.split == split]
        return Lesson(
            [self.rows[place] for place in chosen],
            [self.normals[place] for place in chosen],
            self.marks[chosen],
            self.weights[chosen],
        )


def prepare(folder: Path) -> tuple[Lesson, int]:
    """All rows of `train/` and the own templates, and how many were removed because a test set has the same text."""
    rows = read_all(folder)
    tests = [row for row in rows if row.split == "test"] + read_tests(folder) + read_development()
    closed = {normalise(row.text).text for row in tests}
    kept: list[tuple[Row, str]] = []
    seen: set[tuple[str, tuple[int, ...]]] = set()
    removed = 0
    for row in rows:
        if row.split == "test":
            continue
        normal = normalise(row.text).text
        if normal in closed:
            removed += 1
        elif (normal, row.marks) not in seen:
            seen.add((normal, row.marks))
            kept.append((row, normal))
    return _lesson([row for row, _ in kept], [normal for _, normal in kept]), removed


def _lesson(rows: list[Row], normals: list[str]) -> Lesson:
    marks = np.array([row.marks for row in rows], np.int8)
    weights = np.array([row.weight for row in rows], np.float32)
    own = np.array([row.corpus in OWN for row in rows])
    weights[own] *= _OWN_COUNTS
    weights[np.array([row.kind in _EASILY_MISTAKEN for row in rows])] *= _MISTAKEN_COUNTS
    spread = np.repeat(weights[:, None], marks.shape[1], axis=1)
    about_people = np.array([row.language == "it" and row.kind in _ABOUT_PEOPLE for row in rows])
    spread[about_people, CATEGORIES.index("hate")] *= _ITALIAN_COUNTS
    quiet = np.array([is_quiet(row) for row in rows])
    for category in _QUIET_FOR:
        spread[quiet, CATEGORIES.index(category)] *= _QUIET_COUNTS
    for category in VIOLENCE:
        place = CATEGORIES.index(category)
        spread[~own & (marks[:, place] > 0), place] *= _SCARCE_COUNTS
    return Lesson(rows, normals, marks, spread)


def with_slips(lesson: Lesson, seed: int) -> Lesson:
    """The rows, and of some of them copies with slips of the pen."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    chosen = [place for place in range(len(lesson.rows)) if rng.random() * _SLIPS < 1]
    return Lesson(
        lesson.rows + [lesson.rows[place] for place in chosen],
        lesson.normals + [slip(lesson.normals[place], rng) for place in chosen],
        np.concatenate([lesson.marks, lesson.marks[chosen]]),
        np.concatenate([lesson.weights, lesson.weights[chosen]]),
    )
