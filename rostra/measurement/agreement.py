"""How far people who look at the same things agree, beyond what chance would make of it. Pure.

Krippendorff's alpha and Gwet's AC1 are given together: where nearly all is fine, alpha falls although people agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import msgspec

Unit = Sequence[Hashable]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Of units that two or more have judged. None: nothing to compare, or (alpha) all were judged the same."""

    units: int
    # The share of pairs that agree.
    observed: float | None
    alpha: float | None
    ac1: float | None


def agree(units: Sequence[Unit]) -> Agreement:
    """The agreement over units, each the list of what people said of it; those with less than two say nothing."""
    judged = [Counter(unit) for unit in units if len(unit) > 1]
    return Agreement(
        units=len(judged),
        observed=_observed(judged),
        alpha=_alpha(judged),
        ac1=_ac1(judged, [Counter(u) for u in units]),
    )


def _pairs(counts: Counter[Hashable]) -> float:
    """The share of pairs of a unit that agree."""
    n = counts.total()
    return sum(count * (count - 1) for count in counts.values()) / (n * (n - 1))


def _observed(judged: Sequence[Counter[Hashable]]) -> float | None:
    return sum(map(_pairs, judged)) / len(judged) if judged else None


def _alpha(judged: Sequence[Counter[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal values, with values missing (Krippendorff 2011, "Computing ... reliability")."""
    totals: Counter[Hashable] = Counter()
    for counts in judged:
        totals.update(counts)
    n = totals.total()
    unlike = n * n - sum(count * count for count in totals.values())
    if n < 2 or not unlike:
        return None
    disagreed = sum(
        (counts.total() ** 2 - sum(c * c for c in counts.values())) / (counts.total() - 1) for counts in judged
    )
    return 1 - (n - 1) * disagreed / unlike


def _ac1(judged: Sequence[Counter[Hashable]], all_units: Sequence[Counter[Hashable]]) -> float | None:
    """Gwet's AC1 for several raters and values missing (Gwet 2008; 2014, chapter 2)."""
    units = [counts for counts in all_units if counts]
    values = {value for counts in units for value in counts}
    observed = _observed(judged)
    if observed is None:
        return None
    if len(values) < 2:
        return 1.0
    shares = [sum(counts[value] / counts.total() for counts in units) / len(units) for value in values]
    chance = sum(share * (1 - share) for share in shares) / (len(values) - 1)
    return (observed - chance) / (1 - chance)
