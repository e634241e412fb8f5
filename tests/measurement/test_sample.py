"""Samples in the database: the seed is logged first, what is drawn can be drawn again, no private post is in it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.measurement import plan_queries
from rostra.measurement.frame import unpack
from rostra.measurement.sample import check_sample, draw_planned, plan_sample, redraw, sample_daily
from tests.measurement.counted import saw
from tests.world import Person, World

EVENTS = """
select id, type, subject_id, details from moderation_events where subject_kind = 'sample' order by id
"""
ITEMS = "select * from label_items order by plan_id, position"


async def community(world: World, posts: int = 30) -> tuple[Person, list[int]]:
    """Somebody with posts that were viewed today, the n-th n times."""
    alice = await world.person("alice")
    ids = [int((await alice.post(f"Post number {number}"))["id"]) for number in range(posts)]
    for number, status_id in enumerate(ids, 1):
        await saw(world, status_id, number)
    return alice, ids


async def judged(world: World, status_id: int, **details: Any) -> None:
    """Write what screening would have said of a status."""
    await world.db.connection.execute(
        "insert into moderation_events (id, type, subject_kind, subject_id, details, created_at)"
        " values (make_id($1), 'verdict', 'status', $2, $3, $1)",
        world.clock.now(), status_id, {"kind": "post", "action": "allow", **details},
    )  # fmt: skip


async def drawn(world: World, size: int = 40, seed: str = "a seed") -> int:
    """The sample of today, drawn a day later."""
    day = world.clock.now().date()
    world.clock.tick(days=1)
    plan_id = await plan_sample(world.db, world.clock, day, day + timedelta(days=1), size=size, seed=seed)
    assert await draw_planned(world.db, world.clock) == [plan_id]
    return plan_id


async def test_the_seed_is_in_the_ledger_before_anything_is_drawn(world: World) -> None:
    await community(world, 3)
    day = world.clock.now().date()
    world.clock.tick(days=1)
    plan_id = await plan_sample(world.db, world.clock, day, day + timedelta(days=1), size=10)
    (planned,) = await world.db.connection.fetch(EVENTS)
    assert (planned["type"], planned["subject_id"]) == ("sample_planned", plan_id)
    assert len(planned["details"]["seed"]) == 32
    assert await world.db.connection.fetch(ITEMS) == []
    await draw_planned(world.db, world.clock)
    _, second = await world.db.connection.fetch(EVENTS)
    assert second["type"] == "sample_drawn"
    assert len(second["details"]["frame"]) == 64
    assert sum(stratum["draws"] for stratum in second["details"]["strata"]) == 10
    assert "alice" not in str(second["details"])


async def test_a_sample_can_be_drawn_again_after_its_posts_are_gone(world: World) -> None:
    alice, ids = await community(world)
    plan_id = await drawn(world)
    for status_id in ids[:10]:
        await alice.api.delete(f"/api/v1/statuses/{status_id}")
    await world.db.connection.execute("delete from status_views")
    check = await check_sample(world.db, plan_id)
    assert check.is_sound
    plan = await plan_queries.find_plan(world.db.connection, plan_id)
    stored = await plan_queries.find_frame(world.db.connection, plan_id)
    assert plan is not None
    assert stored is not None
    kept = await plan_queries.list_items(world.db.connection, plan_id)
    again = redraw(plan, unpack(stored))
    assert [(item.status_id, item.draws, item.twice) for item in again] == [
        (item.status_id, item.draws, item.twice) for item in kept
    ]
    assert sum(item.draws for item in again) == 40


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ("update label_items set draws = draws + 1 where position = 0", "sample_is_the_same"),
        ("delete from label_items where position = 0", "sample_is_the_same"),
        ("update sample_plans set seed = 'better'", "seed_is_logged"),
        ("update sample_frames set frame = decode('789c0300000000010001', 'hex')", "frame_is_logged"),
    ],
)
async def test_what_was_tampered_with_shows(world: World, change: str, fails: str) -> None:
    await community(world, 8)
    plan_id = await drawn(world)
    await world.db.connection.execute(change)
    check = await check_sample(world.db, plan_id)
    assert not check.is_sound
    assert not getattr(check, fails)


async def test_an_unknown_sample_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await check_sample(world.db, 1)


async def test_screening_s_word_decides_the_stratum_and_what_it_was_is_kept(world: World) -> None:
    _, ids = await community(world, 6)
    await judged(world, ids[0], scores={"threat": 0.9})
    await judged(world, ids[1], scores={"hate": 0.2})
    await judged(world, ids[2], action="limit", hits=["a-rule"])
    for status_id in ids[3:]:
        await judged(world, status_id)
    world.clock.tick(seconds=1)
    await drawn(world, 300)
    rows = {row["status_id"]: row for row in await world.db.connection.fetch(ITEMS)}
    assert {number: rows[number]["stratum"] for number in ids} == {
        ids[0]: 3, ids[1]: 2, ids[2]: 3, ids[3]: 1, ids[4]: 1, ids[5]: 1,
    }  # fmt: skip
    assert rows[ids[2]]["rules"] == ["a-rule"]
    assert all(row["snapshot_id"] and row["state"] == "open" for row in rows.values())


async def test_posts_for_chosen_people_are_in_no_sample(world: World) -> None:
    alice = await world.person("alice")
    numbers = {
        visibility: int((await alice.post(visibility, visibility=visibility))["id"])
        for visibility in ("public", "unlisted", "private", "direct")
    }
    for status_id in numbers.values():
        await saw(world, status_id, 100)
    await drawn(world, 200)
    found = {row["status_id"] for row in await world.db.connection.fetch(ITEMS)}
    assert found == {numbers["public"], numbers["unlisted"]}


async def test_what_is_gone_was_seen_and_counts_as_unknown(world: World) -> None:
    alice, ids = await community(world, 2)
    await alice.api.delete(f"/api/v1/statuses/{ids[1]}")
    await drawn(world, 100)
    rows = {row["status_id"]: row for row in await world.db.connection.fetch(ITEMS)}
    assert (rows[ids[1]]["state"], rows[ids[1]]["snapshot_id"]) == ("gone", None)


async def test_no_day_is_in_two_samples_and_no_day_that_is_not_over(world: World) -> None:
    await community(world, 2)
    await drawn(world, 10)
    today = world.clock.now().date()
    with pytest.raises(Conflict):
        await plan_sample(world.db, world.clock, today - timedelta(days=3), today, size=10)
    with pytest.raises(Invalid):
        await plan_sample(world.db, world.clock, today, today + timedelta(days=1), size=10)
    with pytest.raises(Invalid):
        await plan_sample(world.db, world.clock, date(2020, 1, 1), date(2020, 1, 2), size=0)


async def test_each_day_is_sampled_once_and_its_risky_views_are_kept(world: World) -> None:
    _, ids = await community(world, 4)
    await judged(world, ids[3], scores={"threat": 0.9})
    world.clock.tick(days=1)
    assert len(await sample_daily(world.db, world.clock)) == 1
    assert await sample_daily(world.db, world.clock) == []
    (day,) = await world.db.connection.fetch("select * from prevalence_days")
    assert (day["views"], day["risky_views"]) == (10, 4)


async def test_nights_in_which_nobody_worked_are_made_up_for(world: World) -> None:
    await community(world, 4)
    first = world.clock.now().date()
    await world.db.connection.execute(
        "insert into status_views (status_id, day, views) select status_id, day + 2, views from status_views"
    )
    world.clock.tick(days=4)
    assert len(await sample_daily(world.db, world.clock)) == 2
    days = await world.db.connection.fetch("select day from prevalence_days order by day")
    assert [row["day"] for row in days] == [first, first + timedelta(days=2)]
    world.clock.tick(days=30)
    assert await sample_daily(world.db, world.clock) == []


async def test_without_a_sample_the_day_is_kept_all_the_same(world: World) -> None:
    await community(world, 4)
    await world.db.connection.execute("update measurement_settings set daily_sample = 0")
    world.clock.tick(days=1)
    assert await sample_daily(world.db, world.clock) == []
    assert await world.db.connection.fetchval("select views from prevalence_days") == 10


async def test_a_page_of_statuses_more_does_not_matter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await community(world, 7)
    monkeypatch.setattr("rostra.measurement.sample._AT_ONCE", 3)
    plan_id = await drawn(world, 20)
    plan = await plan_queries.find_plan(world.db.connection, plan_id)
    assert plan is not None
    assert plan.views == 28
    assert sum(stratum.statuses for stratum in plan.strata) == 7
