"""The alarm on what people try to post."""

from __future__ import annotations

from datetime import date, timedelta

from rostra.measurement.attempts import Day, rises_of_attempts
from rostra.measurement.watch import watch_prevalence
from rostra.policy.shipped import shipped_bundle
from tests.world import World

FIRST = date(2026, 3, 1)


def days(*numbers: int, judged: int = 400) -> list[Day]:
    return [Day(day=FIRST + timedelta(days=n), judged=judged, grave=grave) for n, grave in enumerate(numbers)]


def test_a_steady_share_never_rings_however_many_posts_there_are() -> None:
    steady = [6, 8, 5, 7, 6, 9, 4, 6, 7, 8, 5, 6] * 6
    assert rises_of_attempts(days(*steady)) == []
    busier = [Day(day=day.day, judged=day.judged * 3, grave=day.grave * 3) for day in days(*steady)[30:]]
    assert rises_of_attempts([*days(*steady)[:30], *busier]) == []


def test_a_doubling_rings_within_a_week_and_says_what_was_before() -> None:
    before = [6, 8, 5, 7, 6, 9, 4, 6, 7, 8, 5, 6, 7, 6]
    (first, *_) = rises_of_attempts(days(*before, 13, 12, 14, 11, 13, 12, 13))
    assert FIRST + timedelta(days=14) <= first.day <= FIRST + timedelta(days=20)
    assert first.baseline < 0.02 < 0.025 < first.value


def test_nothing_rings_before_there_is_a_week_to_compare_with() -> None:
    assert rises_of_attempts(days(1, 1, 1, 50, 50, 50)) == []


async def test_the_alarm_counts_rules_of_grave_clauses_and_is_told_once(world: World) -> None:
    today = world.clock.now().date()
    rule = next(rule.id for rule in shipped_bundle().rules if rule.clause == "violence.threat")
    await world.db.connection.execute("update policy_state set version_id = null")
    world.res.screen.policies.forget()
    rows = [(today - timedelta(days=n), name, live) for n in range(1, 31)
            for name, live in (("", 400), (rule, 30 if n < 4 else 6), ("spam-links", 90))]  # fmt: skip
    await world.db.connection.executemany(
        "insert into rule_hits (day, rule, policy, live) values ($1, $2, 'x', $3)", rows
    )
    res = world.res
    rung = await watch_prevalence(res.db, res.clock, res.emit, res.urls, res.screen.policies)
    assert [rise.kind for rise in rung] == ["attempts"]
    assert await watch_prevalence(res.db, res.clock, res.emit, res.urls, res.screen.policies) == []
    count = "select count(*) from moderation_events where type = 'prevalence_alarm'"
    assert await world.db.connection.fetchval(count) == 1
