"""One decision over many subjects."""

from __future__ import annotations

import asyncio

import pytest

from rostra.kit.errors import Forbidden, Invalid
from rostra.moderation.decisions import bulk as slice_
from rostra.moderation.decisions.bulk import MOST, get_bulk, preview, run_bulk, start_bulk, stop_bulk
from rostra.moderation.records import Wish
from tests.moderation.desk import drafted, reviewer
from tests.screening.policies import put_in_force
from tests.world import Person, World

DRAFT = drafted("violates", Wish(kind="remove"), clause="words", revision=None)


async def posts(world: World, number: int) -> tuple[list[int], Person, Person]:
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod")
    return [int((await ada.post(f"A carrot number {n}"))["id"]) for n in range(number)], ada, mod


async def test_each_item_is_a_decision_of_its_own_and_in_the_ledger(world: World) -> None:
    ids, ada, mod = await posts(world, 5)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", [*ids, ids[0], 12345], DRAFT)
    await world.settle()
    found = await get_bulk(world.res.desk, made)
    assert (found.total, found.done, found.skipped, found.state) == (5, 5, 0, "finished")
    fetch = world.db.connection.fetch
    events = await fetch("select details from moderation_events where type = 'decision'")
    assert [event["details"]["bulk"] for event in events] == [str(made)] * 5
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 0
    assert await world.db.connection.fetchval("select count(*) from statements") == 5


async def test_what_was_edited_or_deleted_since_the_preview_is_skipped_and_says_why(world: World) -> None:
    ids, ada, mod = await posts(world, 3)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    await ada.api.put(f"/api/v1/statuses/{ids[0]}", {"status": "Another carrot"})
    await ada.api.delete(f"/api/v1/statuses/{ids[1]}")
    await world.settle()
    rows = await world.db.connection.fetch("select skipped from bulk_items where bulk_id = $1 order by position", made)
    assert [row["skipped"] for row in rows] == ["changed", "gone", None]
    found = await get_bulk(world.res.desk, made)
    assert (found.done, found.skipped) == (1, 2)


async def test_a_job_that_is_killed_goes_on_where_it_stopped_and_decides_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, _, mod = await posts(world, 6)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    original, calls = slice_.bulk_queries.mark, 0

    async def killed(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            # After the fourth decision was committed, before it was marked.
            raise asyncio.CancelledError
        await original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(slice_.bulk_queries, "mark", killed)
    with pytest.raises(asyncio.CancelledError):
        await run_bulk(world.res.desk, made)
    count = "select count(*) from decisions where bulk_id = $1"
    assert await world.db.connection.fetchval(count, made) == 4
    await run_bulk(world.res.desk, made)
    assert await world.db.connection.fetchval(count, made) == 6
    assert (await get_bulk(world.res.desk, made)).done == 6


async def test_a_stopped_job_decides_nothing_further(world: World) -> None:
    ids, _, mod = await posts(world, 2)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    await stop_bulk(world.res.desk, reviewer(mod), made)
    await world.settle()
    found = await get_bulk(world.res.desk, made)
    assert (found.state, found.done) == ("stopped", 0)


async def test_what_cannot_be_ordered_is_refused_before_anything_happens(world: World) -> None:
    ids, _, mod = await posts(world, 1)
    desk = world.res.desk
    with pytest.raises(Forbidden):
        await start_bulk(desk, reviewer(mod, "triage"), "status", ids, DRAFT)
    with pytest.raises(Invalid):
        await start_bulk(desk, reviewer(mod), "status", [], DRAFT)
    with pytest.raises(Invalid):
        await start_bulk(desk, reviewer(mod), "status", list(range(MOST + 1)), DRAFT)
    with pytest.raises(Invalid):
        await start_bulk(desk, reviewer(mod), "status", ids, drafted("violates", clause="nonsense"))
    assert await world.db.connection.fetchval("select count(*) from bulk_decisions") == 0


async def test_the_preview_says_what_would_be_reached(world: World) -> None:
    ids, _, _ = await posts(world, 3)
    found = await preview(world.res.desk, "status", [*ids, 1])
    assert (found.items, found.accounts, found.local, found.withheld) == (3, 1, 3, 0)
