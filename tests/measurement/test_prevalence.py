"""Estimates from labels, and the alarm over them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from rostra.kit.errors import NotFound
from rostra.measurement import prevalence_queries
from rostra.measurement.frame import STRATA
from rostra.measurement.golden import Errors
from rostra.measurement.intervals import Interval
from rostra.measurement.plan_queries import Plan, Stratum
from rostra.measurement.prevalence import ANY, Answers, estimate_period, estimate_weeks, week_of
from rostra.measurement.prevalence_queries import Count, Day
from rostra.measurement.watch import rises_of_days, rises_of_labels, see_alarm, watch_prevalence
from rostra.web.formats import Entity
from tests.conftest import NOON
from tests.measurement.test_labelling import BAD, FINE, label, label_all, stage, take
from tests.world import World

MONDAY = date(2026, 5, 4)
UNKNOWN = Errors(sensitivity=None, specificity=None)
PERIOD = (MONDAY, MONDAY + timedelta(days=7))


def _answers(views: int, drawn: int, labelled: int, **hits: int) -> Answers:
    return Answers(views=views, drawn=drawn, labelled=labelled, hits={**hits, ANY: sum(hits.values())})


def test_a_week_begins_on_monday() -> None:
    assert week_of(date(2026, 5, 10)) == week_of(MONDAY) == MONDAY


def test_strata_weigh_as_much_as_their_views() -> None:
    answers = [_answers(9_000, 100, 100, words=1), _answers(1_000, 100, 100, words=10)]
    whole, words, threats = estimate_period(answers, [], ["words", "threats"], UNKNOWN, PERIOD, NOON)
    assert whole.clause == ANY
    assert words.share == whole.share == pytest.approx(0.9 * 0.01 + 0.1 * 0.1)
    assert words.low < words.share < words.high
    assert (threats.share, threats.hits, threats.low) == (0, 0, 0)
    assert 0 < threats.high < 0.04
    assert whole.unknown == 0


def test_what_was_not_sampled_or_labelled_is_unknown() -> None:
    days = [Day(day=MONDAY + timedelta(days=n), views=1_000, risky_views=0) for n in range(4)]
    (whole,) = estimate_period([_answers(1_000, 100, 50), _answers(1_000, 100, 100)], days, [], UNKNOWN, PERIOD, NOON)
    assert whole.views == 4_000
    assert whole.unknown == pytest.approx(1 - 1_500 / 4_000)
    assert estimate_period([], days, ["words"], UNKNOWN, PERIOD, NOON) == []


def test_errors_are_taken_out_where_they_are_known() -> None:
    errors = Errors(sensitivity=Interval(0.8, 0.7, 0.9), specificity=Interval(0.99, 0.98, 1.0))
    whole, words = estimate_period([_answers(1_000, 100, 100, words=5)], [], ["words"], errors, PERIOD, NOON)
    assert whole.corrected == pytest.approx((0.05 - 0.01) / 0.79)
    assert words.corrected is None


async def test_labels_become_the_estimates_of_their_week(world: World) -> None:
    _, (mia, *_) = await stage(world, 4, 0.1)
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, BAD)
    await label_all(world, mia, FINE)
    made = await estimate_weeks(world.db, world.clock, world.res.screen.policies)
    kept = await prevalence_queries.list_estimates(world.db.connection, MONDAY, MONDAY + timedelta(days=7))
    assert kept == sorted(made, key=lambda each: each.clause)
    whole, words = kept
    assert (whole.clause, words.clause) == (ANY, "words")
    assert whole.drawn == whole.labelled == 60
    assert whole.views == 40
    drawn = await world.db.connection.fetchval("select draws from label_items where outcome = 'violates'")
    assert whole.hits == drawn
    again = await estimate_weeks(world.db, world.clock, world.res.screen.policies)
    assert again == made
    assert await world.db.connection.fetchval("select count(*) from prevalence_estimates") == 2


def _days(shares: list[float], views: int = 100_000) -> list[Day]:
    start = NOON.date() - timedelta(days=len(shares))
    return [
        Day(day=start + timedelta(days=n), views=views, risky_views=round(share * views))
        for n, share in enumerate(shares)
    ]


def test_the_daily_figure_rings_within_seven_days_of_a_doubling() -> None:
    random = Random(3)
    usual = [0.004 * (1 + random.uniform(-0.15, 0.15)) for _ in range(30)]
    doubled = [0.008 * (1 + random.uniform(-0.15, 0.15)) for _ in range(7)]
    days = _days(usual + doubled)
    rise = rises_of_days(days)[0]
    assert days[30].day < rise.day <= days[36].day
    assert rise.value == pytest.approx(0.008, rel=0.2)
    assert rise.baseline == pytest.approx(0.004, rel=0.2)
    assert rises_of_days(_days(usual)) == []
    assert rises_of_days([]) == []


def test_a_missing_day_is_no_rise() -> None:
    days = _days([0.004] * 30)
    assert rises_of_days([day for n, day in enumerate(days) if n % 5]) == []


def _plan(number: int, day: date, views: tuple[int, int], draws: tuple[int, int]) -> Plan:
    sizes = (0, views[0], 0, views[1])
    drawn = (0, draws[0], 0, draws[1])
    return Plan(
        id=number, first=day, until=day + timedelta(days=1), seed="", size=sum(draws), double_share=0.1,
        planned_at=NOON, drawn_at=datetime(2026, 1, 1, tzinfo=UTC), views=sum(views), frame_sha256=b"",
        drawn_event_id=1, strata=[
            Stratum(name=name, views=sizes[n], statuses=sizes[n], draws=drawn[n]) for n, name in enumerate(STRATA)
        ],
    )  # fmt: skip


def _labelled_days(shares: list[tuple[float, float]], risky: list[int], seed: int) -> tuple[list[Plan], list[Count]]:
    """A sample of 300 views each day, with the given shares in the low and the high stratum."""
    random, plans, counts = Random(seed), list[Plan](), list[Count]()
    start = NOON.date() - timedelta(days=len(shares))
    for number, (low, high) in enumerate(shares):
        plans.append(
            _plan(number, start + timedelta(days=number), (100_000 - risky[number], risky[number]), (200, 100))
        )
        for stratum, n, share in ((1, 200, low), (3, 100, high)):
            hits = sum(random.random() < share for _ in range(n))
            made: Any = {"plan_id": number, "stratum": stratum}
            counts.append(Count(**made, outcome="violates", clause="words", draws=hits))
            counts.append(Count(**made, outcome="fine", clause="", draws=n - hits))
    return plans, counts


def test_labels_ring_when_their_share_doubles_and_not_before() -> None:
    early = late = 0
    for seed in range(10):
        plans, counts = _labelled_days([(0.003, 0.2)] * 40 + [(0.006, 0.4)] * 28, [2_000] * 68, seed)
        found = [rise.day for rise in rises_of_labels(plans, counts)]
        changed = plans[40].first
        early += any(day < changed for day in found)
        late += not any(changed <= day <= changed + timedelta(days=20) for day in found)
    assert early <= 1
    assert late <= 2


def test_more_views_in_the_risky_stratum_are_a_rise_too() -> None:
    plans, counts = _labelled_days([(0.0, 0.5)] * 60, [2_000] * 40 + [4_000] * 20, 1)
    assert any(rise.day >= plans[40].first for rise in rises_of_labels(plans, counts))


async def _write_days(world: World, shares: list[float]) -> None:
    for day in _days(shares):
        await world.db.connection.execute(
            "insert into prevalence_days (day, views, risky_views, made_at) values ($1, $2, $3, $4)",
            day.day, day.views, day.risky_views, NOON,
        )  # fmt: skip


async def watch(world: World) -> list[Any]:
    return await watch_prevalence(world.db, world.clock, world.res.emit, world.res.urls, world.res.screen.policies)


async def test_an_alarm_is_logged_mailed_to_those_who_run_the_place_and_rings_once_a_week(world: World) -> None:
    await world.person("owner", role="owner")
    await world.person("mod", role="moderator")
    await _write_days(world, [0.004] * 30 + [0.009] * 3)
    (rise,) = await watch(world)
    assert await watch(world) == []
    event = await world.db.connection.fetchrow(
        "select details, subject_kind from moderation_events where type = 'prevalence_alarm'"
    )
    assert event is not None
    assert event["details"]["value"] == rise.value
    mails: list[Entity] = []

    async def keep(message: Any) -> None:
        mails.append({"to": message.to, "text": message.text})

    world.res.mailer.send = keep  # type: ignore[method-assign] # the test's own post box
    await world.settle()
    assert [mail["to"] for mail in mails] == ["owner@example.com"]
    assert "0.9%" in mails[0]["text"]
    (alarm,) = await prevalence_queries.list_alarms(world.db.connection, 5)
    await see_alarm(world.db, world.clock, int((await world.person("eve")).id), alarm.id)
    with pytest.raises(NotFound):
        await see_alarm(world.db, world.clock, 1, alarm.id)
    assert (await prevalence_queries.list_alarms(world.db.connection, 5))[0].seen_at == world.clock.now()


async def test_a_quiet_place_does_not_ring(world: World) -> None:
    await _write_days(world, [0.004, 0.005, 0.003] * 15)
    assert await watch(world) == []
