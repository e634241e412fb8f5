"""Intervals for shares: how far the truth may lie from what a sample shows. Pure numbers; nothing of what is measured.

Quantiles of the gamma distribution are found by bisection on its continued fraction and series (Abramowitz and Stegun,
6.5), to about twelve digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Final

import msgspec

CONFIDENCE: Final = 0.95
_STEPS: Final = 500
_TINY: Final = 1e-300
_CLOSE: Final = 1e-15


class Interval(msgspec.Struct, frozen=True):
    """A share with the interval that holds the truth in 95 of 100 such samples. 0 to 1."""

    share: float
    low: float
    high: float


def wilson(hits: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval for `hits` of `n`, which need not be whole numbers (Wilson 1927). For n = 0: anything."""
    if n <= 0:
        return Interval(0.0, 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, max(0.0, middle - half) if hits > 0 else 0.0, min(1.0, middle + half) if hits < n else 1.0)


def gamma_quantile(probability: float, shape: float) -> float:
    """The x at which the gamma distribution of that shape (scale 1) reaches `probability`; half of chi square's."""
    high = shape + 10 * math.sqrt(shape) + 20
    return _bisect(lambda x: gamma_cdf(x, shape), probability, 0.0, high)


def _away(value: float) -> float:
    """One over a value that may be zero."""
    return 1 / (value if abs(value) > _TINY else _TINY)


def gamma_cdf(x: float, shape: float) -> float:
    """The regularised lower incomplete gamma function."""
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for n in range(1, 100 * _STEPS):
            term *= x / (shape + n)
            total += term
            if term < total * _CLOSE:
                break
        return front * total
    return 1 - front * _gamma_fraction(x, shape)


def _gamma_fraction(x: float, shape: float) -> float:
    b, c = x + 1 - shape, 1 / _TINY
    d = found = 1 / b
    for n in range(1, 100 * _STEPS):
        part = -n * (n - shape)
        b += 2
        d = _away(part * d + b)
        c = b + part / c
        found *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return found


def _bisect(cdf: Callable[[float], float], probability: float, low: float, high: float) -> float:
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if cdf(middle) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
