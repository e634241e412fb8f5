"""Brings together what the parts of the cascade found, and says it as chances.

For each category: the log-odds of the heads (and of the encoders that were asked), the strongest phrase that nothing
suppresses, the strongest that something does, how much was hidden; then Platt scaling for the language. A
chance is meant for traffic in which a text in `PREVALENCE` is of the category; what that is on a given server is learnt
from its own decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from math import exp
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from rostra.detect.hashing import Numbers
from rostra.detect.reading import CATEGORIES, Category, Match

FUSION_FILE: Final = Path(__file__).parent / "model" / "fusion.json"
# Of a hundred ordinary texts at most so many are of a category; corpora have ten times as many.
PREVALENCE: Final = 0.05
# Columns of the evidence of phrases for one category.
EVIDENCE: Final = 5
# Log-odds beyond these say no more.
_MOST: Final = 12.0
_VIOLENT: Final = frozenset({"threat", "incitement"})


class Scaling(msgspec.Struct, frozen=True):
    """Platt: the log-odds times `slope` plus `offset`."""

    slope: float
    offset: float


class CategoryFusion(msgspec.Struct, frozen=True):
    """How much each column counts for one category, and the scaling of each language; `""` is for all others."""

    weights: tuple[float, ...]
    scalings: dict[str, Scaling]


class Stage(msgspec.Struct, frozen=True):
    """The fusion once so many encoders have spoken. `asked_from`: the log-odds of any category, after the stage before,
    from which a text comes to this one."""

    categories: dict[Category, CategoryFusion]
    asked_from: float = -_MOST


class Fusion(msgspec.Struct, frozen=True, dict=True):
    """The first stage is for the base cascade, the next with the first encoder's column, and so on."""

    version: str
    stages: tuple[Stage, ...]

    @cached_property
    def _arrays(self) -> tuple[_Arrays, ...]:
        return tuple(_arrays(stage.categories) for stage in self.stages)

    def logits(
        self,
        heads: Numbers,
        evidence: Numbers,
        languages: Sequence[str],
        encoded: Sequence[Numbers] = (),
    ) -> Numbers:
        """Log-odds, (texts, categories). `heads` and each of `encoded` are log-odds, too, as the parts give them;
        `evidence` is what `weigh_matches` makes of the phrases."""
        if not languages:
            return np.zeros((0, len(CATEGORIES)), np.float32)
        arrays = self._arrays[len(encoded)]
        places = [arrays.places.get(language, 0) for language in languages]
        columns = columns_of(heads, evidence, encoded)
        found = (columns * arrays.weights).sum(axis=2) * arrays.slopes[places] + arrays.offsets[places]
        return _within(found)


class _Arrays(NamedTuple):
    """The fusion of all categories at once: weights (categories, columns), slopes and offsets (languages, categories);
    `places` says where a language is, all others are the first."""

    weights: Numbers
    slopes: Numbers
    offsets: Numbers
    places: dict[str, int]


def _arrays(chosen: Mapping[Category, CategoryFusion]) -> _Arrays:
    fusions = [chosen[category] for category in CATEGORIES]
    languages = sorted({""}.union(*(fusion.scalings for fusion in fusions)))
    scalings = [[fusion.scalings.get(language, fusion.scalings[""]) for fusion in fusions] for language in languages]
    return _Arrays(
        np.array([fusion.weights for fusion in fusions], np.float32),
        np.array([[each.slope for each in row] for row in scalings], np.float32),
        np.array([[each.offset for each in row] for row in scalings], np.float32),
        {language: place for place, language in enumerate(languages)},
    )


def _within(logits: Numbers) -> Numbers:
    """What np.clip does, in a fraction of its time on a few numbers."""
    return np.minimum(np.maximum(logits, -_MOST), _MOST)


def chances(logits: Numbers) -> list[dict[Category, float]]:
    """The chance of each category for each text, to five digits."""
    rows: list[list[float]] = logits.tolist()
    return [
        {category: round(1 / (1 + exp(-each)), 5) for category, each in zip(CATEGORIES, row, strict=True)}
        for row in rows
    ]


def columns_for(place: int, heads: Numbers, evidence: Numbers, encoded: Sequence[Numbers]) -> Numbers:
    """What the fusion of one category weighs: its head, its phrases, its encoders; (texts, columns)."""
    return columns_of(heads, evidence, encoded)[:, place]


def columns_of(heads: Numbers, evidence: Numbers, encoded: Sequence[Numbers]) -> Numbers:
    """The same for all categories, (texts, categories, columns)."""
    parts = [_within(heads)[:, :, None], evidence]
    parts += [_within(each)[:, :, None] for each in encoded]
    return np.concatenate(parts, axis=2, dtype=np.float32)


def weigh_matches(matches: Sequence[Sequence[Match]], evasions: Sequence[float]) -> Numbers:
    """Evidence of phrases, (texts, categories, EVIDENCE).

    The strongest open match of the category, the strongest suppressed one, the strongest open one of the other violent
    category, the evasion where something is open, and whether a suppressed match stands alone.
    """
    evidence = np.zeros((len(matches), len(CATEGORIES), EVIDENCE), np.float32)
    for text, (found, evasion) in enumerate(zip(matches, evasions, strict=True)):
        if not found:
            continue
        row = evidence[text]
        for match in found:
            place = _PLACES[match.category]
            column = 1 if match.suppressed_by else 0
            row[place, column] = max(row[place, column], match.weight)
            if match.category in _VIOLENT and not match.suppressed_by:
                other = _OTHER[match.category]
                row[other, 2] = max(row[other, 2], match.weight)
        row[:, 3] = row[:, 0] * evasion
        row[:, 4] = (row[:, 1] > 0) & (row[:, 0] == 0)
    return evidence


_PLACES: Final[dict[str, int]] = {category: place for place, category in enumerate(CATEGORIES)}
_OTHER: Final[dict[str, int]] = {"threat": _PLACES["incitement"], "incitement": _PLACES["threat"]}


@cache
def load_fusion(path: Path = FUSION_FILE) -> Fusion:
    """The fusion of a file."""
    return msgspec.json.decode(path.read_bytes(), type=Fusion)
