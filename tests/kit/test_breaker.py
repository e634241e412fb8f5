"""The circuit breaker: it opens after failures in a row, lets one trial through, and closes when that works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rostra.kit.breaker import Breaker
from rostra.kit.clock import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def breaker(clock: FixedClock) -> Breaker:
    return Breaker(clock, failures=3, pause=timedelta(seconds=30))


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.admits()
        breaker.fail()


def test_it_opens_after_failures_in_a_row_only(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeed()
    fail(breaker, 2)
    assert breaker.state == "closed"
    fail(breaker, 1)
    assert breaker.state == "open"
    assert not breaker.admits()


def test_after_the_pause_one_is_let_through_and_its_success_closes_it(breaker: Breaker, clock: FixedClock) -> None:
    fail(breaker, 3)
    clock.tick(seconds=29.9)
    assert not breaker.admits()
    clock.tick(seconds=0.1)
    assert breaker.admits()
    assert breaker.state == "trying"
    assert not breaker.admits()
    breaker.succeed()
    assert breaker.admits()
    assert breaker.state == "closed"


def test_a_failed_trial_opens_it_for_another_pause(breaker: Breaker, clock: FixedClock) -> None:
    fail(breaker, 3)
    clock.tick(seconds=30)
    fail(breaker, 1)
    clock.tick(seconds=29)
    assert not breaker.admits()
    clock.tick(seconds=1)
    assert breaker.admits()


def test_a_trial_that_was_broken_off_is_followed_by_another(breaker: Breaker, clock: FixedClock) -> None:
    fail(breaker, 3)
    clock.tick(seconds=30)
    assert breaker.admits()
    breaker.release()
    assert breaker.admits()


def test_late_failures_do_not_prolong_the_pause(breaker: Breaker, clock: FixedClock) -> None:
    fail(breaker, 3)
    clock.tick(seconds=20)
    breaker.fail()
    clock.tick(seconds=10)
    assert breaker.admits()


def test_a_clock_that_is_set_back_does_not_keep_it_open(breaker: Breaker, clock: FixedClock) -> None:
    fail(breaker, 3)
    clock.tick(days=-1)
    assert breaker.admits()
