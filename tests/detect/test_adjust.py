"""The mathematics of adjustments: few decisions change little, nobody's share is too large, figures are true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.adjust import PLAIN, Adjustment, Lesson, choose_pull, columns_for, fit, measure, share_out
from rostra.detect.reading import CATEGORIES

RANDOM = np.random.default_rng(7)


def lesson(number: int, noise: float = 1.0) -> Lesson:
    """Decisions that follow the second column, of a base that knows nothing of it."""
    columns = np.concatenate([np.ones((number, 1)), RANDOM.normal(size=(number, 4))], axis=1)
    truth = (columns[:, 1] + noise * RANDOM.normal(size=number) > 0).astype(float)
    return Lesson(columns, np.full(number, -0.2), truth, np.ones(number))


def test_what_is_learnt_finds_what_people_decide_by() -> None:
    weights = fit(lesson(600), 1.0)
    unseen = lesson(600)
    before, after = [measure(unseen.judged(each), unseen.truth, unseen.counts) for each in (None, weights)]
    assert (before.auroc, round(after.auroc, 1)) == (0.5, 0.8)
    assert after.ece < 0.06


def test_the_fit_is_where_the_slope_is_nothing() -> None:
    some, pull = lesson(80), 2.5
    weights = fit(some, pull)
    chances = 1 / (1 + np.exp(-some.judged(weights)))
    slope = some.columns.T @ (some.counts * (chances - some.truth)) + pull * weights
    assert np.abs(slope).max() < 1e-2


def test_no_decisions_and_a_strong_pull_leave_the_base_as_it_is() -> None:
    none = Lesson(np.zeros((0, 5)), np.zeros(0), np.zeros(0), np.zeros(0))
    assert not fit(none, 1.0).any()
    assert np.abs(fit(lesson(100), 1e9)).max() < 1e-5


def test_separable_and_extreme_decisions_end_in_finite_weights() -> None:
    some = lesson(50, noise=0.0)
    for each in (some, some._replace(base=some.base * 1e3), some._replace(columns=some.columns * 1e3)):
        assert np.isfinite(fit(each, 1e-3)).all()


def test_the_pull_is_chosen_by_what_is_left_out() -> None:
    noise = lesson(60)
    noise = noise._replace(truth=RANDOM.permutation(noise.truth))
    assert choose_pull(noise, (0.01, 1000.0)) == 1000.0
    assert choose_pull(lesson(600), (0.01, 1000.0)) == 0.01


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from([1.0, 2.0])), min_size=1, max_size=60))
def test_nobody_has_more_than_the_share_as_far_as_there_are_others(decided: list[tuple[int, float]]) -> None:
    people, counts = np.array([who for who, _ in decided]), np.array([count for _, count in decided])
    shared = share_out(counts, people, 0.3)
    sums = np.bincount(people, shared)
    present = len(set(people.tolist()))
    assert (sums <= max(0.3, 1 / present) * shared.sum() + 1e-9).all()
    assert (shared <= counts + 1e-9).all(), "nobody's decisions come to count more"
    assert (shared > 0).all()
    if present >= 4:
        under = sums < 0.3 * shared.sum() - 1e-9
        assert np.isclose(sums[under], np.bincount(people, counts)[under]).all(), "who is under it loses nothing"


def test_figures_are_those_of_hand_made_examples() -> None:
    truth, judged = np.array([1.0, 1, 0, 0]), np.array([2.0, -1, 0, -2])
    found = measure(judged, truth, np.ones(4))
    assert (found.auroc, found.recall) == (0.75, 0.5)
    assert measure(judged, truth, np.array([1.0, 0.001, 1, 1])).recall > 0.99, "decisions count as much as they weigh"
    assert measure(np.zeros(4), truth, np.ones(4)) == measure(np.zeros(4), truth, np.full(4, 7.0))
    tied = measure(np.zeros(4), truth, np.ones(4))
    assert (tied.auroc, tied.recall) == (0.5, 0.0), "where all score alike, what flags one flags all"
    assert measure(np.full(4, 30.0), truth, np.ones(4)).ece == pytest.approx(0.5)


def test_an_adjustment_changes_its_category_only_and_no_weights_change_nothing() -> None:
    logits = RANDOM.normal(size=(5, len(CATEGORIES))).astype(np.float32)
    evidence = np.zeros((5, len(CATEGORIES), 5), np.float32)
    nothing = Adjustment(base="b", weights={"hate": (0.0,) * PLAIN})
    assert np.array_equal(nothing.adjust(logits, evidence, None), logits)
    more = Adjustment(base="b", weights={"hate": (1.5,) + (0.0,) * (PLAIN - 1)})
    changed = more.adjust(logits, evidence, None) - logits
    assert np.allclose(changed[:, CATEGORIES.index("hate")], 1.5, atol=1e-5)
    assert np.count_nonzero(np.abs(changed) > 1e-6) == 5
    assert columns_for(0, logits, evidence, None).shape == (5, PLAIN)
    assert columns_for(0, logits, evidence, np.ones((5, 512), np.float32)).shape == (5, PLAIN + 512)


def test_weights_that_are_no_numbers_are_refused_and_other_shapes_fit_nothing() -> None:
    with pytest.raises(ValueError, match="finite"):
        Adjustment(base="b", weights={"hate": (float("inf"),)})
    plain = Adjustment(base="b", weights={"hate": (0.0,) * PLAIN})
    wide = Adjustment(base="b", weights={"hate": (0.0,) * (PLAIN + 512)})
    assert [each.fits("b", width) for each in (plain, wide) for width in (0, 512)] == [True, True, False, True]
    assert not plain.fits("c", 0)
    assert plain.name != wide.name
