"""Times to action, views before it, the backlog and when it will be gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.levers.forecast import Forecast as Brake
from rostra.measurement.times import forecast, make_forecast, read_action, read_backlog
from rostra.measurement.times_queries import Flow
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft, Wish
from tests.measurement.counted import saw
from tests.screening.policies import put_in_force
from tests.world import Person, World


def _flow(*, backlog: int = 100, opened: int = 24, closed: int = 48) -> Flow:
    return Flow(backlog=backlog, opened_day=opened, closed_day=closed, oldest_severe=None)


def test_the_queue_is_empty_when_more_goes_than_comes() -> None:
    found = make_forecast(_flow())
    assert (found.inflow, found.capacity) == (1.0, 2.0)
    assert found.drain == timedelta(hours=100)


def test_the_queue_is_never_empty_when_as_much_comes_as_goes() -> None:
    assert make_forecast(_flow(opened=48)).drain is None
    assert make_forecast(_flow(closed=0)).drain is None
    assert make_forecast(_flow(backlog=10_000, closed=25)).drain is None, "more than a year"


def test_an_empty_queue_is_empty_now() -> None:
    assert make_forecast(_flow(backlog=0, opened=1000)).drain == timedelta(0)


def test_the_page_and_the_growth_brake_give_the_same_figure() -> None:
    found = make_forecast(_flow(backlog=77, opened=10, closed=33))
    assert found.drain == timedelta(hours=Brake(backlog=77, opened=10, closed=33).hours)


async def _post_and_decide(world: World, ada: Person, mia: Person, after: timedelta, outcome: str = "violates") -> int:
    status_id = int((await ada.post("Something"))["id"])
    world.clock.moment += after
    wishes = (Wish(kind="sensitive"),) if outcome == "violates" else ()
    draft = Draft(outcome=outcome, clause="words" if wishes else "", wishes=wishes, revision=0)  # type: ignore[arg-type] # one of two
    reviewer = Reviewer(account_id=mia.account_id, role="moderator")
    await decide_subject(world.res.desk, reviewer, "status", status_id, draft)
    return status_id


async def test_times_are_percentiles_from_the_post_and_from_its_first_report(world: World) -> None:
    await put_in_force(world)
    ada, bob, mia = await world.person("ada"), await world.person("bob"), await world.person("mia", role="moderator")
    start = world.clock.now()
    for hours in range(1, 11):
        await _post_and_decide(world, ada, mia, timedelta(hours=hours))
    await _post_and_decide(world, ada, mia, timedelta(days=9), "ok")
    posted = await ada.post("Reported")
    world.clock.tick(hours=5)
    await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [posted["id"]]})
    await world.settle()
    world.clock.tick(hours=2)
    draft = Draft(outcome="violates", clause="words", wishes=(Wish(kind="sensitive"),), revision=0)
    reviewer = Reviewer(account_id=mia.account_id, role="moderator")
    await decide_subject(world.res.desk, reviewer, "status", int(posted["id"]), draft)
    action = await read_action(world.db.connection, start, world.clock.now() + timedelta(seconds=1))
    times = {each.since: each for each in action.times}
    assert set(times) == {"creation", "report"}
    assert times["creation"].count == 11
    assert times["creation"].seconds[0] == pytest.approx(6 * 3600)
    assert times["creation"].seconds[1] == pytest.approx(9 * 3600)
    assert times["report"].seconds == pytest.approx([7200, 7200, 7200])


async def test_views_before_action_are_those_until_that_day(world: World) -> None:
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    start = world.clock.now()
    status_id = await _post_and_decide(world, ada, mia, timedelta(hours=2))
    await saw(world, status_id, 40)
    await saw(world, status_id, 500, world.clock.now().date() + timedelta(days=1))
    action = await read_action(world.db.connection, start, world.clock.now() + timedelta(seconds=1))
    assert (action.seen.count, action.seen.total, action.seen.views) == (1, 40, [40.0, 40.0, 40.0])
    nothing = await read_action(world.db.connection, start - timedelta(days=2), start - timedelta(days=1))
    assert nothing.times == []
    assert nothing.seen.views is None


INSERT_CASE = """
insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity, opened_at, rank)
values ($1, 'account', $1, $2, '', 'words', '', $3, $4, 0)
"""


async def test_the_backlog_is_counted_by_age_and_severity(world: World) -> None:
    ada = await world.person("ada")
    at = world.clock.now()
    ages = [(0.5, 1), (0.9, 5), (3, 2), (20, 2), (30, 3), (100, 3), (200, 4), (900, 4)]
    for number, (hours, severity) in enumerate(ages, 1):
        await world.db.connection.execute(INSERT_CASE, number, ada.account_id, severity, at - timedelta(hours=hours))
    found = {(each.age, each.severity): each.cases for each in await read_backlog(world.db.connection, at)}
    assert found == {(0, 1): 1, (0, 5): 1, (1, 2): 1, (2, 2): 1, (3, 3): 1, (4, 3): 1, (5, 4): 2}
    seen = await forecast(world.db.connection, at)
    assert (seen.backlog, seen.drain) == (8, None)
    assert seen.oldest_severe == at - timedelta(hours=900)
    assert seen.inflow == pytest.approx(4 / 24)
