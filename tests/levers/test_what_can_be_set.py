"""Parameters, conditions and lengths of time, with their bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from rostra.kit.errors import Invalid, NotFound
from rostra.levers.forecast import Forecast
from rostra.levers.kinds import (
    BRAKE,
    NAMES,
    SlowMode,
    check_lasts,
    check_name,
    default_params,
    fields_of,
    load_params,
    read_params,
)
from rostra.levers.triggers import BOUNDS, Readings, Trigger, is_met, measure, parse_trigger, read_trigger
from rostra.levers.words import (
    choice_title,
    condition,
    condition_titles,
    does,
    field_title,
    settings_in_words,
    spell,
    title,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_what_is_given_replaces_what_was_and_texts_are_read() -> None:
    read = read_params("slow-mode", {"seconds": "60", "who": "all"}, {"hours": 5})
    assert read == SlowMode(seconds=60, who="all", hours=5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seconds": 4}, "seconds must be a whole number between 5 and 86400"),
        ({"seconds": 86_401}, "between 5 and 86400"),
        ({"seconds": "soon"}, "between 5 and 86400"),
        ({"who": "me"}, "who must be one of: all, new"),
        ({"colour": 1}, "colour is no parameter of slow-mode, which takes seconds, who, hours"),
    ],
)
def test_what_is_out_of_bounds_is_refused_with_the_bounds(given: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_params("slow-mode", given)


def test_stored_parameters_of_another_version_are_read_as_far_as_they_fit() -> None:
    assert load_params("slow-mode", {"seconds": 1, "who": "all", "gone": 3}) == SlowMode(who="all")


@pytest.mark.parametrize("name", ["", "nothing", BRAKE, "Slow-Mode"])
def test_only_levers_that_people_pull_have_a_name_here(name: str) -> None:
    with pytest.raises(NotFound):
        check_name(name)


@pytest.mark.parametrize("lasts", [timedelta(minutes=4), timedelta(days=91), timedelta(0), timedelta(hours=-1)])
def test_a_lever_holds_neither_too_short_nor_too_long(lasts: timedelta) -> None:
    with pytest.raises(Invalid):
        check_lasts(lasts)


def test_everything_has_words_in_both_languages() -> None:
    for language in ("en", "it"):
        for name in (*NAMES, BRAKE):
            assert title(name, language)
            assert does(name, language)
            for field in fields_of(name):
                assert field_title(field, language)
                assert all(choice_title(field, choice, language) for choice in field.choices)
            settings_in_words(default_params(name), language)
        assert len(condition_titles(language)) == len(BOUNDS)
        assert all(condition(read_trigger(kind), language) for kind in BOUNDS)
    assert title("slow-mode", "it") != title("slow-mode", "en")


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("backlog:500", Trigger("backlog", 500)),
        ("backlog over 20", Trigger("backlog", 20)),
        ("held-share=12.5", Trigger("held-share", 12.5)),
        ("drain-time", Trigger("drain-time", 72)),
        ("prevalence-alarm", Trigger("prevalence-alarm")),
        ("event-near within 2", Trigger("event-near", 2)),
        ("none", None),
        ("", None),
    ],
)
def test_a_condition_is_read_as_it_is_written(text: str, trigger: Trigger | None) -> None:
    assert parse_trigger(text) == trigger


@pytest.mark.parametrize("text", ["backlog:0", "held-share:101", "weather:3", "backlog:-1", "500", "backlog:nan"])
def test_a_condition_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_trigger(text)


def test_conditions_hold_above_their_number_and_not_at_it() -> None:
    early = NOON - timedelta(hours=1)
    readings = Readings(
        forecast=Forecast(backlog=500, opened=900, closed=1), sign_ups=100, posts=100, held=20, event_days=3
    )
    for kind, number in (("backlog", 500), ("sign-ups", 100), ("held-share", 20)):
        assert not is_met(read_trigger(kind, number), readings, since=early)
        assert is_met(read_trigger(kind, number - 1), readings, since=early)
    assert is_met(read_trigger("event-near", 3), readings, since=early)
    assert not is_met(read_trigger("event-near", 2), readings, since=early)
    assert is_met(read_trigger("drain-time", 2160), readings, since=early)
    assert measure(read_trigger("drain-time"), readings) == inf


def test_what_cannot_be_read_pulls_nothing() -> None:
    few = Readings(posts=49, held=49)
    assert measure(Trigger("held-share", 1), few) is None
    assert all(not is_met(read_trigger(kind), few, since=NOON) for kind in BOUNDS)


def test_an_alarm_counts_once_it_is_younger_than_the_arming_or_the_last_pull() -> None:
    alarm = Readings(alarm_at=NOON)
    assert is_met(Trigger("prevalence-alarm"), alarm, since=NOON - timedelta(minutes=1))
    assert not is_met(Trigger("prevalence-alarm"), alarm, since=NOON)


@pytest.mark.parametrize(
    ("lasts", "text"),
    [
        (timedelta(minutes=90), "90m"),
        (timedelta(hours=24), "1d"),
        (timedelta(hours=5), "5h"),
        (timedelta(days=3), "3d"),
    ],
)
def test_lengths_of_time_are_spelled_shortly(lasts: timedelta, text: str) -> None:
    assert spell(lasts) == text
