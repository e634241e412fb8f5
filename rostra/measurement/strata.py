"""Samples with strata: how many to draw from each, and what the labels of what was drawn say of the whole.

Views are drawn with replacement and each with the same probability within its stratum, so a stratum's share is its
share of hits, and the whole is their sum by size (Horvitz and Thompson 1952; Hansen and Hurwitz 1943).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rostra.measurement.intervals import CONFIDENCE, Interval, gamma_quantile

# Draws of each stratum that has anything: fewer would say nothing of it.
LEAST_DRAWS: Final = 10


class Counted(msgspec.Struct, frozen=True):
    """A stratum after labelling: its share of all views (0 to 1), views that were labelled, and those found to hit."""

    weight: float
    labelled: int
    hits: float


def allocate(weights: Sequence[float], guesses: Sequence[float], size: int) -> list[int]:
    """How many to draw from each stratum (Neyman 1934): in proportion to its size and to how much it varies.

    `weights` are sizes in any unit, `guesses` the shares of hits that are to be expected; the sum is `size`, but no
    stratum with anything in it gets fewer than LEAST_DRAWS (or an equal part, where there are not so many).
    """
    alive = [index for index, weight in enumerate(weights) if weight > 0]
    draws = [0] * len(weights)
    if not alive or size <= 0:
        return draws
    least = min(LEAST_DRAWS, size // len(alive))
    spread = {index: weights[index] * math.sqrt(guesses[index] * (1 - guesses[index])) for index in alive}
    exact = _raise(spread, size, least)
    for index in alive:
        draws[index] = int(exact[index])
    # What rounding left over goes to the largest remainders, the first among equals.
    for index in sorted(alive, key=lambda each: (int(exact[each]) - exact[each], each))[: size - sum(draws)]:
        draws[index] += 1
    return draws


def _raise(spread: Mapping[int, float], size: int, least: int) -> dict[int, float]:
    """`size` in proportion to `spread`, where whoever would get less than `least` gets that, at the others' cost."""
    low: set[int] = set()
    while True:
        total = sum(value for index, value in spread.items() if index not in low) or 1.0
        rest = size - least * len(low)
        parts = {index: float(least) if index in low else rest * value / total for index, value in spread.items()}
        poor = {index for index, part in parts.items() if part < least}
        if not poor:
            return parts
        low |= poor


def estimate(strata: Sequence[Counted], confidence: float = CONFIDENCE) -> Interval:
    """The share of hits in the whole, with its interval.

    Hits are rare, so each stratum's count is taken for a Poisson number and the interval is that of a weighted sum of
    them (Fay and Feuer 1997, for directly standardised rates): never too short in practice, and sound with few hits or
    none. With none it is one-sided: three thousand labels without a hit bound the share at 0.1 %. Where nothing of a
    stratum was labelled, the interval's upper end counts all of it.
    """
    blind = sum(each.weight for each in strata if not each.labelled)
    seen = [each for each in strata if each.labelled and each.weight > 0]
    if not seen:
        return Interval(0.0, 0.0, 1.0)
    steps = [each.weight / each.labelled for each in seen]
    share = sum(step * each.hits for step, each in zip(steps, seen, strict=True))
    spread = sum(step * step * each.hits for step, each in zip(steps, seen, strict=True))
    widest, tail = max(steps), (1 - confidence) / 2
    if share == 0:
        return Interval(0.0, 0.0, min(1.0, widest * gamma_quantile(confidence, 1.0) + blind))
    low = spread / share * gamma_quantile(tail, share * share / spread)
    upper, over = share + widest, spread + widest * widest
    high = over / upper * gamma_quantile(1 - tail, upper * upper / over)
    return Interval(min(share, 1.0), low, min(1.0, high + blind))


def correct(share: float, sensitivity: float, specificity: float) -> float | None:
    """A share with the labellers' errors taken out (Rogan and Gladen 1978): they find `sensitivity` of what violates
    and clear `specificity` of what does not. None where they do no better than chance."""
    better = sensitivity + specificity - 1
    if better <= 0:
        return None
    return min(1.0, max(0.0, (share + specificity - 1) / better))
