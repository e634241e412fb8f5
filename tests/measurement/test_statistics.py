"""The statistics against published examples and scipy, and their promises against simulation with a fixed seed."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

from rostra.measurement.agreement import agree
from rostra.measurement.cusum import of_counts, of_shares
from rostra.measurement.intervals import gamma_quantile, wilson
from rostra.measurement.strata import Counted, allocate, correct, estimate

CASES = [(0, 10), (1, 10), (5, 10), (10, 10), (3, 3000), (25, 5000), (0, 3000), (4999, 5000)]


@pytest.fixture(scope="module")
def stats() -> Any:
    """Those of scipy, which take a second to import: not in a process that only collects this file."""
    from scipy import stats  # type: ignore[import-untyped] # has no types

    return stats


@pytest.mark.parametrize(("hits", "n"), CASES)
def test_the_intervals_of_shares_are_scipys(stats: Any, hits: int, n: int) -> None:
    test: Any = stats.binomtest(hits, n)
    own, known = wilson(hits, n), test.proportion_ci(method="wilson")
    assert (own.low, own.high) == pytest.approx((known.low, known.high), abs=1e-9)
    assert own.share == hits / n


def test_of_nothing_nothing_is_known() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert estimate([]).high == 1.0
    assert estimate([Counted(1.0, 0, 0)]).high == 1.0


@pytest.mark.parametrize("probability", [0.001, 0.025, 0.5, 0.975, 0.9999])
@pytest.mark.parametrize("shape", [0.3, 1.0, 7.5, 400.0, 30_000.0])
def test_quantiles_are_scipys(stats: Any, probability: float, shape: float) -> None:
    assert gamma_quantile(probability, shape) == pytest.approx(stats.gamma.ppf(probability, shape), rel=1e-9)


def test_three_thousand_without_a_hit_bound_the_share_at_a_tenth_of_a_percent() -> None:
    found = estimate([Counted(1.0, 3000, 0)])
    assert found.share == found.low == 0
    assert found.high == pytest.approx(0.000999, abs=1e-6)
    assert estimate([Counted(1.0, 300, 0)]).high == pytest.approx(0.01, abs=2e-4)


def test_without_a_hit_the_bound_is_that_of_the_thinnest_stratum() -> None:
    """All of the truth may lie where the fewest labels stand for the most views."""
    found = estimate([Counted(0.9, 450, 0), Counted(0.1, 500, 0)])
    assert found.high == pytest.approx(-math.log(0.05) * 0.9 / 450, rel=1e-6)


def test_a_stratum_of_which_nothing_is_labelled_is_not_taken_for_clean() -> None:
    assert estimate([Counted(0.9, 1000, 1), Counted(0.1, 0, 0)]).high > 0.1


def test_with_one_stratum_the_interval_is_garwoods(stats: Any) -> None:
    found = estimate([Counted(1.0, 4000, 12)])
    assert found.low == pytest.approx(stats.chi2.ppf(0.025, 24) / 2 / 4000, rel=1e-9)
    assert found.high == pytest.approx(stats.chi2.ppf(0.975, 26) / 2 / 4000, rel=1e-9)


def test_neymans_allocation_is_the_published_one() -> None:
    """A twentieth of the views at 8 %, the rest at 0.1 %."""
    assert allocate([0.95, 0.05], [0.001, 0.08], 2000) == [1378, 622]


@pytest.mark.parametrize("size", [0, 1, 3, 50, 101, 2000])
@pytest.mark.parametrize("weights", [[1, 0, 0], [5, 3, 2], [1_000_000, 10, 1], [0, 0, 0]])
def test_all_of_the_sample_is_handed_out_and_no_living_stratum_goes_empty(size: int, weights: list[float]) -> None:
    draws = allocate(weights, [0.001, 0.02, 0.2], size)
    assert sum(draws) == (size if any(weights) else 0)
    assert all(not count or weight for count, weight in zip(draws, weights, strict=True))
    if size >= 50:
        assert all(count >= 10 for count, weight in zip(draws, weights, strict=True) if weight)


@pytest.mark.parametrize("truth", [(0.0005, 0.01, 0.1), (0.0, 0.0, 0.05), (0.003, 0.003, 0.003)])
def test_the_estimate_is_unbiased_and_its_interval_keeps_its_promise(truth: tuple[float, ...]) -> None:
    random, weights = Random(4), (0.90, 0.08, 0.02)
    draws = allocate(weights, [0.001, 0.02, 0.2], 1500)
    real = sum(weight * share for weight, share in zip(weights, truth, strict=True))
    shares: list[float] = []
    covered = 0
    for _ in range(400):
        strata = [
            Counted(weight, n, sum(random.random() < share for _ in range(n)))
            for weight, n, share in zip(weights, draws, truth, strict=True)
        ]
        found = estimate(strata)
        shares.append(found.share)
        covered += found.low <= real <= found.high
    variance = sum(w * w * p * (1 - p) / n for w, p, n in zip(weights, truth, draws, strict=True))
    assert sum(shares) / 400 == pytest.approx(real, abs=4 * math.sqrt(variance / 400))
    assert covered >= 400 * 0.95 - 9


def test_strata_halve_the_variance_of_a_plain_sample() -> None:
    """A twentieth at 8 %, the rest at 0.1 %: 2.6 times less variance from the same labels."""
    strata = [(0.95, 0.001, 1378), (0.05, 0.08, 622)]
    stratified = sum(w * w * p * (1 - p) / n for w, p, n in strata)
    share = sum(w * p for w, p, _ in strata)
    assert share * (1 - share) / 2000 / stratified == pytest.approx(2.6, abs=0.1)


def test_labellers_errors_can_be_taken_out() -> None:
    """Rogan and Gladen: with 90 % found and 98 % cleared, a true 5 % shows as 6.4 %."""
    assert correct(0.05 * 0.9 + 0.95 * 0.02, 0.9, 0.98) == pytest.approx(0.05)
    assert correct(0.01, 0.9, 0.98) == 0.0
    assert correct(0.5, 0.4, 0.5) is None


# Krippendorff (2011), example C: four observers, twelve units, values missing.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_agreement_is_the_published_one() -> None:
    units = [[value for value in unit if value is not None] for unit in zip(*OBSERVERS, strict=True)]
    found = agree(units)
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    # Gwet's own package gives 0.77544 for the same table.
    assert found.ac1 == pytest.approx(0.77544, abs=5e-6)
    assert found.units == 11


def test_where_nearly_all_is_fine_alpha_falls_and_ac1_does_not() -> None:
    found = agree([["fine", "fine"]] * 96 + [["fine", "violates"], ["violates", "fine"], ["violates", "violates"]])
    assert found.observed == pytest.approx(97 / 99)
    assert found.alpha is not None
    assert found.alpha < 0.55
    assert found.ac1 is not None
    assert found.ac1 > 0.97


def test_agreement_of_nothing_is_unknown_and_of_one_answer_complete() -> None:
    assert agree([["a"], []]).observed is None
    assert agree([["a"], []]).alpha is None
    same = agree([["a", "a"], ["a", "a"]])
    assert (same.observed, same.alpha, same.ac1) == (1.0, None, 1.0)


def _poisson(random: Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def test_labelled_days_ring_seldom_for_nothing_and_soon_for_a_doubling() -> None:
    random = Random(9)
    steady = [(float(_poisson(random, 2.0)), 2.0) for _ in range(365 * 40)]
    assert len(of_counts(steady)) / 40 < 1
    delays = [of_counts([(float(_poisson(random, 4.0)), 2.0) for _ in range(200)])[0] + 1 for _ in range(300)]
    assert sum(delays) / 300 < 8
    assert of_counts([(0.0, 1.0)] * 50) == []


def _noisy(random: Random, days: int, level: float, spread: float) -> list[float]:
    return [level * math.exp(random.gauss(0, spread)) for _ in range(days)]


@pytest.mark.parametrize(("spread", "most_late"), [(0.02, 0), (0.15, 0), (0.3, 20)])
def test_a_doubling_of_the_daily_share_rings_within_seven_days(spread: float, most_late: int) -> None:
    random, late = Random(5), 0
    for _ in range(200):
        rung = of_shares(_noisy(random, 40, 0.004, spread) + _noisy(random, 10, 0.008, spread))
        first = next((ring for ring in rung if ring.place >= 40), None)
        late += first is None or first.place >= 47
    assert late <= most_late


def test_a_steady_daily_share_does_not_ring() -> None:
    random = Random(6)
    rung = sum(len(of_shares(_noisy(random, 365, 0.004, 0.15))) for _ in range(20))
    assert rung <= 2


def test_a_slow_rise_does_not_become_its_own_measure() -> None:
    """Times three in three weeks, a few percent a day."""
    shares = [0.004] * 35 + [0.004 * 3 ** (day / 21) for day in range(21)]
    assert of_shares(shares)


def test_without_a_week_to_compare_with_nothing_rings() -> None:
    assert of_shares([0.001] * 6 + [0.1] * 5) == []
    assert of_shares([None] * 60) == []
    ring = of_shares([0.001] * 14 + [None] + [0.004] * 3)[0]
    assert (ring.value, ring.baseline) == (0.004, 0.001)
