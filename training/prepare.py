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
from training.noise import set_apart, slip
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
# Corpora name groups mostly where they are hated, and in Italian there is none: that such words are harmless is said by
# templates, which count for more in that category, and in those of violence, where groups are named as well.
_ABOUT_PEOPLE = _EASILY_MISTAKEN | {"benign.rights", "benign.identity_negative_event", "benign.counter_speech"}
_PEOPLE_COUNT: Final[dict[Category, float]] = {"hate": 5.0, "threat": 2.5, "incitement": 2.5}
# What else is harmless and looks harmful; not for hate, of which less is found then, at as many false alarms.
_HARMLESS_COUNTS = 3.0
_HARMLESS_FOR: Final[tuple[Category, ...]] = (*VIOLENCE, "harassment")
# Violence that is named to deny, report or refuse it: the words are those of threats.
_NAMES_VIOLENCE = frozenset(
    {"benign.norm", "benign.negation", "benign.counter_speech", "benign.quotation", "benign.victim"}
)
_NAMED_COUNTS = 3.0
# One in so many rows is learnt from a second time, with slips.
_SLIPS = 8
# One in so many own sentences is learnt from a second time, as it is read where its letters are set apart: of threats
# and calls, which are hidden so, and of the rest.
_APART: Final = (4, 16)


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
    about_people = np.array([row.kind in _ABOUT_PEOPLE for row in rows])
    harmless = np.array([row.kind.startswith("benign.") for row in rows])
    spread = np.repeat(weights[:, None], marks.shape[1], axis=1)
    for category in _HARMLESS_FOR:
        spread[harmless & ~about_people, CATEGORIES.index(category)] *= _HARMLESS_COUNTS
    for category, count in _PEOPLE_COUNT.items():
        spread[about_people, CATEGORIES.index(category)] *= count
    names_violence = np.array([row.kind in _NAMES_VIOLENCE for row in rows])
    quiet = np.array([is_quiet(row) for row in rows])
    for category in _QUIET_FOR:
        spread[quiet, CATEGORIES.index(category)] *= _QUIET_COUNTS
    for category in VIOLENCE:
        place = CATEGORIES.index(category)
        spread[~own & (marks[:, place] > 0), place] *= _SCARCE_COUNTS
        spread[names_violence, place] *= _NAMED_COUNTS
    return Lesson(rows, normals, marks, spread)


def with_letters_apart(lesson: Lesson, seed: int) -> Lesson:
    """The rows, and of some own sentences copies with letters set apart: the normaliser does not put all of them back
    as they were."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    violent = (lesson.marks[:, [CATEGORIES.index(name) for name in VIOLENCE]] > 0).any(axis=1)
    one_in = np.where(violent, *_APART).tolist()
    own = [place for place, row in enumerate(lesson.rows) if row.corpus in OWN]
    chosen = [place for place in own if rng.random() * one_in[place] < 1]
    copies = [set_apart(lesson.rows[place].text, rng) for place in chosen]
    return Lesson(
        lesson.rows + [lesson.rows[place]._replace(text=text) for place, text in zip(chosen, copies, strict=True)],
        lesson.normals + [normalise(text).text for text in copies],
        np.concatenate([lesson.marks, lesson.marks[chosen]]),
        np.concatenate([lesson.weights, lesson.weights[chosen]]),
    )


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
