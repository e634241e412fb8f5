"""Alarms that add up: small evidence of a rise, day after day, until it is enough (Page 1954). Pure.

`of_counts` is for labelled samples, where each day has a few hits. `of_shares` is for figures that are known of every
day without sampling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Final

import msgspec

# A rise that is to be found: twice as much.
RATIO: Final = 2.0
# Of `of_counts`: about one alarm a year at a steady share; see docs/measurement.md.
COUNT_LIMIT: Final = 4.0
# Of `of_shares`: days of the same share before one that are looked at, and how many of them must be there.
BASE_DAYS: Final = 28
LAG: Final = 7
LEAST_BASE: Final = 7
_LEAST_LIMIT: Final = 1.0
_MOST_LIMIT: Final = 2.4


class Ring(msgspec.Struct, frozen=True):
    """An alarm: at which place of the series, what was seen there, and what it was held against."""

    place: int
    value: float
    baseline: float


def of_counts(days: Sequence[tuple[float, float]], limit: float = COUNT_LIMIT) -> list[int]:
    """The places of a series of (observed, expected) counts at which the log of the likelihood of twice as much has
    added up to `limit`; it begins anew after each."""
    total, rung = 0.0, list[int]()
    for place, (observed, expected) in enumerate(days):
        total = max(0.0, total + observed * math.log(RATIO) - expected * (RATIO - 1))
        if total >= limit:
            rung.append(place)
            total = 0.0
    return rung


def of_shares(shares: Sequence[float | None]) -> list[Ring]:
    """The places of a series of daily shares (None: unknown) at which a doubling shows.

    Each is held against the median of up to 28 days that ended a week before it, so that a slow rise does not become
    its own measure. What is more than half of a doubling adds up; the limit is four times the spread of those days, but
    such that a full doubling rings on the third to the seventh day.
    """
    total, rung = 0.0, list[Ring]()
    for place, share in enumerate(shares):
        base = [each for each in shares[max(0, place - LAG - BASE_DAYS + 1) : max(0, place - LAG + 1)] if each]
        if share is None or len(base) < LEAST_BASE:
            continue
        usual = median(base)
        total = max(0.0, total + math.log(max(share, 1e-12) / usual) - math.log(RATIO) / 2)
        if total >= _limit(base, usual):
            rung.append(Ring(place, share, usual))
            total = 0.0
    return rung


def _limit(base: Sequence[float], usual: float) -> float:
    # The median distance from the median, made the size of a standard deviation.
    spread = 1.4826 * median(abs(math.log(each / usual)) for each in base)
    return min(_MOST_LIMIT, max(_LEAST_LIMIT, 4 * spread))
