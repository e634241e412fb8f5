"""Fits the fusion on rows that the heads have not seen: what counts how much, and what log-odds mean as chances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rostra.detect.fusion import EVIDENCE, PREVALENCE, CategoryFusion, Scaling, columns_for
from rostra.detect.reading import CATEGORIES, Category

Numbers = npt.NDArray[np.float32]
_FEWEST: Final = 20


def fit_fusion(
    heads: Numbers,
    evidence: Numbers,
    encoded: Sequence[Numbers],
    marks: npt.NDArray[np.int8],
    languages: npt.NDArray[np.str_],
    counts: Numbers,
) -> dict[Category, CategoryFusion]:
    """One fusion for each category, with a scaling for each language that has examples of both kinds."""
    return {
        category: _fit_one(columns_for(place, heads, evidence, encoded), marks[:, place], languages, counts)
        for place, category in enumerate(CATEGORIES)
    }


def prior_weights(truth: npt.NDArray[np.bool_], counts: Numbers) -> npt.NDArray[np.float64]:
    """Weights under which PREVALENCE of the rows are harmful."""
    weights = counts.astype(np.float64)
    harmful, harmless = weights[truth].sum(), weights[~truth].sum()
    return np.where(truth, weights * PREVALENCE / harmful, weights * (1 - PREVALENCE) / harmless) * len(truth)


def _fit_one(
    columns: Numbers, marks: npt.NDArray[np.int8], languages: npt.NDArray[np.str_], counts: Numbers
) -> CategoryFusion:
    known = marks >= 0
    columns, truth, languages, counts = columns[known], marks[known] > 0, languages[known], counts[known]
    model = _regression(1.0)
    # Equal shares for the directions, so that the few harmful rows shape them.
    balanced = np.where(truth, 0.5 / truth.mean(), 0.5 / (1 - truth.mean())) * counts
    model.fit(columns, truth, sample_weight=balanced)
    weights = _sensible(model.coef_[0])
    logits = columns @ weights.astype(np.float32)
    scalings = {"": _scale(logits, truth, counts)}
    for language in sorted(set(languages.tolist())):
        own = languages == language
        if truth[own].sum() >= _FEWEST and (~truth[own]).sum() >= _FEWEST:
            scalings[language] = _scale(logits[own], truth[own], counts[own])
    return CategoryFusion(tuple(round(float(each), 5) for each in weights), scalings)


def _sensible(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """An open phrase, or letters that were hidden around one, never speak for the harmless."""
    bounded = weights.copy()
    for column in (0, 1, 3, 4):
        bounded[column] = max(0.0, bounded[column])
    for column in range(EVIDENCE + 1, len(bounded)):
        bounded[column] = max(0.0, bounded[column])
    return bounded


def _scale(logits: Numbers, truth: npt.NDArray[np.bool_], counts: Numbers) -> Scaling:
    platt = _regression(1e4)
    platt.fit(logits[:, None], truth, sample_weight=prior_weights(truth, counts))
    return Scaling(round(float(platt.coef_[0][0]), 5), round(float(platt.intercept_[0]), 5))


def _regression(c: float) -> Any:
    # It takes a second to import, and only who fits needs it.
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=c, max_iter=500)
