"""The forecast and the growth brake, at their edges."""

from __future__ import annotations

from math import inf

import pytest

from rostra.levers.forecast import Brake, Forecast, drain_hours, is_alarming, is_over
from rostra.levers.watch import brake_moves

BRAKE = Brake(limit_hours=72, least_backlog=100)


@pytest.mark.parametrize(
    ("backlog", "opened", "closed", "hours"),
    [
        (0, 0, 0, 0.0),
        (0, 500, 0, 0.0),
        (-3, 0, 5, 0.0),
        (10, 0, 0, inf),
        (10, 5, 5, inf),
        (10, 6, 5, inf),
        (1, 0, 1, 24.0),
        (240, 100, 340, 24.0),
        (26_000, 3_000, 4_000, 624.0),
    ],
)
def test_the_backlog_is_cleared_by_what_is_done_beyond_what_comes_in(
    backlog: int, opened: int, closed: int, hours: float
) -> None:
    assert drain_hours(backlog, opened, closed) == hours
    assert Forecast(backlog=backlog, opened=opened, closed=closed).hours == hours


def test_a_backlog_below_the_least_never_alarms() -> None:
    assert not is_alarming(Forecast(backlog=99, opened=50, closed=0), BRAKE)
    assert is_alarming(Forecast(backlog=100, opened=50, closed=0), BRAKE)


def test_a_full_queue_that_is_emptied_as_fast_as_it_fills_does_not_alarm() -> None:
    steady = Forecast(backlog=150, opened=2_000, closed=2_000)
    assert steady.hours == inf
    assert not is_alarming(steady, BRAKE)
    assert is_alarming(Forecast(backlog=900, opened=2_000, closed=2_000), BRAKE)


def test_nobody_working_is_an_alarm() -> None:
    assert is_alarming(Forecast(backlog=100, opened=0, closed=0), BRAKE)


def test_the_limit_itself_does_not_alarm() -> None:
    at_limit = Forecast(backlog=300, opened=0, closed=100)
    assert at_limit.hours == 72
    assert not is_alarming(at_limit, BRAKE)
    assert is_alarming(Forecast(backlog=301, opened=0, closed=100), BRAKE)


def test_between_three_quarters_of_the_limit_and_the_limit_nothing_moves() -> None:
    between = Forecast(backlog=250, opened=0, closed=100)
    assert between.hours == 60
    assert brake_moves(between, BRAKE, pulled=True, is_set=False) == "stay"
    assert brake_moves(between, BRAKE, pulled=False, is_set=True) == "stay"
    assert brake_moves(between, BRAKE, pulled=False, is_set=False) == "stay"


def test_the_brake_takes_hold_above_and_lets_go_well_below() -> None:
    above, below = Forecast(backlog=400, opened=0, closed=100), Forecast(backlog=220, opened=0, closed=100)
    assert brake_moves(above, BRAKE, pulled=False, is_set=True) == "pull"
    assert brake_moves(above, BRAKE, pulled=True, is_set=False) == "stay"
    assert is_over(below, BRAKE)
    assert brake_moves(below, BRAKE, pulled=True, is_set=False) == "release"


def test_a_brake_that_a_person_has_released_waits_until_the_alarm_was_over() -> None:
    above, below = Forecast(backlog=400, opened=0, closed=100), Forecast(backlog=10, opened=0, closed=100)
    assert brake_moves(above, BRAKE, pulled=False, is_set=False) == "stay"
    assert brake_moves(below, BRAKE, pulled=False, is_set=False) == "set"


def test_a_brake_that_is_switched_off_lets_go_and_never_takes_hold() -> None:
    off, above = Brake(on=False), Forecast(backlog=4000, opened=10, closed=0)
    assert brake_moves(above, off, pulled=True, is_set=False) == "release"
    assert brake_moves(above, off, pulled=False, is_set=True) == "stay"
