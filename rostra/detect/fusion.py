"""Brings together what the parts of the cascade found, and says it as chances.

For each category: the log-odds of the heads (and of the encoder, where it is installed), the strongest phrase that
nothing suppresses, the strongest that something does, how much was hidden; then Platt scaling for the language. A
chance is meant for traffic in which a text in `PREVALENCE` is of the category; what that is on a given server is learnt
from its own decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
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


class Fusion(msgspec.Struct, frozen=True, dict=True):
    """One fusion for the base cascade, one with the encoder's column."""

    version: str
    base: dict[Category, CategoryFusion]
    encoder: dict[Category, CategoryFusion] = {}

    @cached_property
    def _base(self) -> _Arrays:
        return _arrays(self.base)

    @cached_property
    def _with_encoder(self) -> _Arrays:
        return _arrays(self.encoder)

    def logits(
        self,
        heads: Numbers,
        evidence: Numbers,
        languages: Sequence[str],
        encoded: Numbers | None = None,
    ) -> Numbers:
        """Log-odds, (texts, categories). `heads` and `encoded` are log-odds, too, as the parts give them;
        `evidence` is what `weigh_matches` makes of the phrases."""
        if not languages:
            return np.zeros((0, len(CATEGORIES)), np.float32)
        weights, scalings = self._base if encoded is None else self._with_encoder
        other = scalings[""]
        scaled = np.stack([scalings.get(language, other) for language in languages])
        columns = columns_of(heads, evidence, encoded)
        found = (columns * weights).sum(axis=2) * scaled[:, 0] + scaled[:, 1]
        return np.clip(found, -_MOST, _MOST)


class _Arrays(NamedTuple):
    """The fusion of all categories at once: weights (categories, columns), and for each language slopes and offsets,
    (2, categories)."""

    weights: Numbers
    scalings: dict[str, Numbers]


def _arrays(chosen: Mapping[Category, CategoryFusion]) -> _Arrays:
    fusions = [chosen[category] for category in CATEGORIES]
    languages = {language for fusion in fusions for language in fusion.scalings}
    scalings: dict[str, Numbers] = {}
    for language in languages:
        each = [fusion.scalings.get(language, fusion.scalings[""]) for fusion in fusions]
        scalings[language] = np.array([[one.slope for one in each], [one.offset for one in each]], np.float32)
    return _Arrays(np.array([fusion.weights for fusion in fusions], np.float32), scalings)


def chances(logits: Numbers) -> list[dict[Category, float]]:
    """The chance of each category for each text, to five digits."""
    rows = (1 / (1 + np.exp(-logits.astype(np.float64)))).round(5).tolist()
    return [dict(zip(CATEGORIES, row, strict=True)) for row in rows]


def columns_for(place: int, heads: Numbers, evidence: Numbers, encoded: Numbers | None) -> Numbers:
    """What the fusion of one category weighs: its head, its phrases, its encoder; (texts, columns)."""
    return columns_of(heads, evidence, encoded)[:, place]


def columns_of(heads: Numbers, evidence: Numbers, encoded: Numbers | None) -> Numbers:
    """The same for all categories, (texts, categories, columns)."""
    parts = [np.clip(heads, -_MOST, _MOST)[:, :, None], evidence]
    if encoded is not None:
        parts.append(np.clip(encoded, -_MOST, _MOST)[:, :, None])
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
