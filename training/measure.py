"""Figures of a detector: how well it ranks, what it finds at a rate of false alarms, how true its chances are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


def auroc(harmful: Scores, harmless: Scores) -> float:
    """How often a harmful text scores above a harmless one; NaN where one side is empty. Ties count half."""
    if not len(harmful) or not len(harmless):
        return float("nan")
    ordered = np.sort(harmless)
    below = np.searchsorted(ordered, harmful, side="left")
    same = np.searchsorted(ordered, harmful, side="right") - below
    return float((below + 0.5 * same).mean() / len(ordered))


def threshold(everyday: Scores, share: float) -> float:
    """The score above which at most `share` of the everyday texts lie."""
    if not len(everyday):
        return float("nan")
    allowed = int(share * len(everyday))
    return float(np.sort(everyday)[::-1][allowed])


def weighted_threshold(scores: Scores, masses: Scores, share: float) -> float:
    """The score above which at most `share` of the mass lies; `masses` says how much of all texts each stands for."""
    order = np.argsort(-scores)
    place = int(np.searchsorted(np.cumsum(masses[order]), share, side="right"))
    return float(scores[order[place]]) if place < len(order) else float("-inf")


def found(scores: Scores, above: float) -> float:
    """The share of the scores above a threshold."""
    return float((scores > above).mean()) if len(scores) else float("nan")


def calibration_error(chances: Scores, truth: npt.NDArray[np.bool_], weights: Scores, bins: int = 15) -> float:
    """Expected calibration error over equally wide bins; `weights` says how many texts each stands for."""
    if not len(chances):
        return float("nan")
    place = np.minimum((chances * bins).astype(int), bins - 1)
    error = 0.0
    for each in range(bins):
        chosen = place == each
        mass = weights[chosen].sum()
        if mass:
            gap = (chances[chosen] * weights[chosen]).sum() - (truth[chosen] * weights[chosen]).sum()
            error += abs(float(gap)) / float(weights.sum())
    return error
