"""One decision over many subjects."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.moderation.decisions import bulk as slice_
from rostra.moderation.decisions import bulk_reverse
from rostra.moderation.decisions.bulk import MOST, approve_bulk, get_bulk, preview, run_bulk, start_bulk, stop_bulk
from rostra.moderation.decisions.bulk_reverse import order_reversal, run_reversal
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.decisions.second_look import change_limit
from rostra.moderation.records import Wish
from tests.moderation.desk import drafted, reviewer
from tests.screening.policies import put_in_force
from tests.world import Person, World

DRAFT = drafted("violates", Wish(kind="remove"), clause="words", revision=None)


async def posts(world: World, number: int) -> tuple[list[int], Person, Person]:
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod")
    await give_role(world, mod, "moderator")
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
    original, calls = slice_.decide_subject, 0

    async def killed(*args: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 5:
            # Four decisions are committed, and none is marked yet.
            raise asyncio.CancelledError
        return await original(*args)

    monkeypatch.setattr(slice_, "decide_subject", killed)
    with pytest.raises(asyncio.CancelledError):
        await run_bulk(world.res.desk, made)
    count = "select count(*) from decisions where bulk_id = $1"
    assert await world.db.connection.fetchval(count, made) == 4
    await run_bulk(world.res.desk, made)
    assert await world.db.connection.fetchval(count, made) == 6
    found = await get_bulk(world.res.desk, made)
    assert (found.done, found.skipped, found.state, calls) == (6, 0, "finished", 7)


async def test_counts_are_kept_batch_by_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, ada, mod = await posts(world, 7)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    await ada.api.put(f"/api/v1/statuses/{ids[0]}", {"status": "Another carrot"})
    await ada.api.delete(f"/api/v1/statuses/{ids[5]}")
    monkeypatch.setattr(slice_, "_TOGETHER", 2)
    original, seen = slice_.bulk_queries.mark, [(0, 0)]

    async def watched(tx: Any, bulk_id: int, said: Any) -> None:
        await original(tx, bulk_id, said)
        row = await slice_.bulk_queries.find_bulk(tx, bulk_id)
        assert row is not None
        seen.append((row.done, row.skipped))

    monkeypatch.setattr(slice_.bulk_queries, "mark", watched)
    await run_bulk(world.res.desk, made)
    assert seen == [(0, 0), (1, 1), (3, 1), (4, 2), (5, 2)]


async def test_what_a_second_worker_could_not_decide_counts_once_the_first_has_marked_it(world: World) -> None:
    ids, _, mod = await posts(world, 2)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    mark = slice_.bulk_queries.mark
    for said, counts in (
        ([(1, None, "changed"), (2, None, "gone")], (0, 2)),
        ([(1, 77, None)], (1, 1)),
        ([(1, None, "changed"), (2, None, "gone")], (1, 1)),
    ):
        async with world.db.transaction() as tx:
            await mark(tx, made, said)
        found = await get_bulk(world.res.desk, made)
        assert (found.done, found.skipped) == counts


async def test_a_stopped_job_decides_nothing_further(world: World) -> None:
    ids, _, mod = await posts(world, 2)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    await stop_bulk(world.res.desk, reviewer(mod), made)
    await stop_bulk(world.res.desk, reviewer(mod), made)
    await world.settle()
    found = await get_bulk(world.res.desk, made)
    assert (found.state, found.done) == ("stopped", 0)
    [event] = await world.db.connection.fetch("select * from moderation_events where type = 'bulk_stopped'")
    assert (event["subject_id"], event["actor_id"]) == (made, mod.account_id)


async def test_it_ends_with_the_rights_of_whoever_ordered_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids, _, mod = await posts(world, 5)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    monkeypatch.setattr(slice_, "_TOGETHER", 2)
    mark = slice_.bulk_queries.mark

    async def disabled_meanwhile(tx: Any, *said: Any) -> None:
        await mark(tx, *said)
        await tx.execute("update users set disabled_at = now() where account_id = $1", mod.account_id)

    monkeypatch.setattr(slice_.bulk_queries, "mark", disabled_meanwhile)
    await world.settle()
    found = await get_bulk(world.res.desk, made)
    assert (found.state, found.done, found.stopped_by) == ("stopped", 2, None)
    [event] = await world.db.connection.fetch("select * from moderation_events where type = 'bulk_stopped'")
    assert (event["actor_id"], event["details"]) == (None, {"why": "orderer_may_not_decide"})


async def test_a_reversal_ends_with_the_rights_of_whoever_ordered_it_and_somebody_else_goes_on(world: World) -> None:
    made, _, _, mod = await removed(world, 3)
    desk, other = world.res.desk, await world.person("other")
    await order_reversal(desk, reviewer(mod), made)
    await give_role(world, mod, "user")
    await world.settle()
    found = await get_bulk(desk, made)
    assert (found.state, found.reversed) == ("finished", 0)
    await give_role(world, other, "admin")
    await order_reversal(desk, reviewer(other, "admin"), made)
    await world.settle()
    assert (await get_bulk(desk, made)).reversed == 3


async def removed(world: World, number: int) -> tuple[int, list[int], Person, Person]:
    """A bulk decision that has removed so many posts of ada's; its number, the posts, ada and who decided."""
    ids, ada, mod = await posts(world, number)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    await world.settle()
    return made, ids, ada, mod


async def test_all_of_it_is_turned_round_with_actions_strikes_and_counts(world: World) -> None:
    made, ids, ada, mod = await removed(world, 4)
    [single] = await world.db.connection.fetch("select id from decisions where subject_id = $1", ids[0])
    await reverse(world.res.desk, None, single["id"], "appeal")
    assert (await get_bulk(world.res.desk, made)).reversed == 1
    await order_reversal(world.res.desk, reviewer(mod), made, "They were about vegetables")
    await world.settle()
    found = await get_bulk(world.res.desk, made)
    assert (found.state, found.done, found.reversed) == ("reversed", 4, 4)
    assert found.reversed_note == "They were about vegetables"
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 4
    for each in ids:
        assert (await mod.api.get(f"/api/v1/statuses/{each}")).status_code == 200
    fetchval = world.db.connection.fetchval
    assert await fetchval("select count(*) from actions where ended_at is null") == 0
    assert (
        await fetchval("select count(*) from decisions where reversed_why = 'review' and reversed_by is not null") == 3
    )
    [event] = await world.db.connection.fetch("select * from moderation_events where type = 'bulk_reversed'")
    assert (event["subject_id"], event["actor_id"]) == (made, mod.account_id)


async def test_who_may_turn_it_round_and_when(world: World) -> None:
    ids, _, mod = await posts(world, 2)
    desk, other = world.res.desk, await world.person("other")
    made = await start_bulk(desk, reviewer(mod), "status", ids, DRAFT)
    with pytest.raises(Conflict):
        await order_reversal(desk, reviewer(mod), made)
    await world.settle()
    for role in ("triage", "moderator"):
        with pytest.raises(Forbidden):
            await order_reversal(desk, reviewer(other, role), made)
    with pytest.raises(NotFound):
        await order_reversal(desk, reviewer(mod), made + 1)
    await give_role(world, other, "admin")
    await order_reversal(desk, reviewer(other, "admin"), made)
    with pytest.raises(Conflict):
        await order_reversal(desk, reviewer(mod), made)
    await world.settle()
    with pytest.raises(Conflict):
        await order_reversal(desk, reviewer(mod), made)
    assert (await get_bulk(desk, made)).reversed == 2


async def test_what_is_about_whoever_turns_it_round_is_left_for_somebody_else(world: World) -> None:
    made, _, ada, mod = await removed(world, 3)
    desk = world.res.desk
    await give_role(world, ada, "admin")
    await order_reversal(desk, reviewer(ada, "admin"), made)
    await world.settle()
    found = await get_bulk(desk, made)
    assert (found.state, found.reversed) == ("reversed", 0)
    await order_reversal(desk, reviewer(mod), made)
    await world.settle()
    assert (await get_bulk(desk, made)).reversed == 3


async def test_a_reversal_that_is_killed_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _, _, mod = await removed(world, 5)
    desk, original, calls = world.res.desk, bulk_reverse.reverse, 0
    await order_reversal(desk, reviewer(mod), made)

    async def killed(*args: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise asyncio.CancelledError
        await original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk_reverse, "reverse", killed)
    with pytest.raises(asyncio.CancelledError):
        await run_reversal(desk, made)
    found = await get_bulk(desk, made)
    assert (found.state, found.reversed) == ("reversing", 2)
    await run_reversal(desk, made)
    found = await get_bulk(desk, made)
    assert (found.state, found.reversed, calls) == ("reversed", 5, 6)


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
    with pytest.raises(Invalid):
        await start_bulk(desk, reviewer(mod), "status", [1, 2], DRAFT)
    assert await world.db.connection.fetchval("select count(*) from bulk_decisions") == 0


async def ordered(world: World, over: int, number: int) -> tuple[int, Person, Person, Person]:
    """A decision over so many posts where more than `over` wait; its number, their author, who ordered it, another."""
    ids, ada, mod = await posts(world, number)
    other = await world.person("other")
    for each in (mod, other):
        await give_role(world, each, "moderator")
    await change_limit(world.res.desk, reviewer(other, "owner"), over)
    made = await start_bulk(world.res.desk, reviewer(mod), "status", ids, DRAFT)
    await world.settle()
    return made, ada, mod, other


async def give_role(world: World, person: Person, role: str) -> None:
    await world.db.connection.execute("update users set role = $2 where account_id = $1", person.account_id, role)


async def types(world: World, bulk_id: int) -> list[tuple[str, int, Any]]:
    """What the ledger has of it: type, by whom, whether somebody else was to look."""
    rows = await world.db.connection.fetch(
        "select type, actor_id, details from moderation_events where subject_kind = 'decision' and subject_id = $1"
        " order by id",
        bulk_id,
    )
    return [(row["type"], row["actor_id"], row["details"].get("second_look")) for row in rows]


async def test_what_is_over_very_many_waits_until_somebody_else_lets_it_go_ahead(world: World) -> None:
    made, _, mod, other = await ordered(world, 2, 3)
    desk = world.res.desk
    found = await get_bulk(desk, made)
    assert (found.state, found.second_look, found.done) == ("waiting", "asked", 0)
    await run_bulk(desk, made)
    assert (await get_bulk(desk, made)).done == 0
    with pytest.raises(Forbidden):
        await approve_bulk(desk, reviewer(mod, "owner"), made)
    with pytest.raises(Forbidden):
        await approve_bulk(desk, reviewer(other, "triage"), made)
    await approve_bulk(desk, reviewer(other), made)
    await world.settle()
    found = await get_bulk(desk, made)
    assert (found.state, found.done, found.approved_by) == ("finished", 3, other.account_id)
    with pytest.raises(Conflict):
        await approve_bulk(desk, reviewer(other), made)
    by_whom = await world.db.connection.fetch("select distinct reviewer_id from decisions")
    assert [row["reviewer_id"] for row in by_whom] == [mod.account_id]
    expected = [("bulk_started", mod.account_id, "asked"), ("bulk_approved", other.account_id, None)]
    assert await types(world, made) == expected


async def test_what_is_not_over_the_limit_and_no_limit_at_all_wait_for_nobody(world: World) -> None:
    made, _, mod, other = await ordered(world, 3, 3)
    found = await get_bulk(world.res.desk, made)
    assert (found.state, found.second_look) == ("finished", "none")
    await change_limit(world.res.desk, reviewer(other, "owner"), 0)
    [status] = await world.db.connection.fetch("select subject_id from bulk_items where position = 1")
    again = await start_bulk(world.res.desk, reviewer(mod), "status", [*range(1000), status["subject_id"]], DRAFT)
    assert (await get_bulk(world.res.desk, again)).state == "running"


async def test_who_refuses_and_who_withdraws_it_are_told_apart(world: World) -> None:
    made, ada, mod, other = await ordered(world, 1, 2)
    desk = world.res.desk
    await stop_bulk(desk, reviewer(other), made)
    with pytest.raises(Conflict):
        await approve_bulk(desk, reviewer(other), made)
    found = await get_bulk(desk, made)
    assert (found.state, found.done, found.stopped_by) == ("stopped", 0, other.account_id)
    ids = [int((await ada.post(f"Another carrot {n}"))["id"]) for n in range(2)]
    again = await start_bulk(desk, reviewer(mod), "status", ids, DRAFT)
    await stop_bulk(desk, reviewer(mod), again)
    assert [kind for kind, _, _ in await types(world, made)] == ["bulk_started", "bulk_refused"]
    assert [kind for kind, _, _ in await types(world, again)] == ["bulk_started", "bulk_stopped"]


async def test_where_nobody_else_may_nothing_waits_and_the_ledger_says_so(world: World) -> None:
    ids, _, mod = await posts(world, 2)
    await give_role(world, mod, "owner")
    other = await world.person("other")
    desk = world.res.desk
    await change_limit(desk, reviewer(mod, "owner"), 1)
    await give_role(world, other, "triage")
    made = await start_bulk(desk, reviewer(mod, "owner"), "status", ids, DRAFT)
    await world.settle()
    found = await get_bulk(desk, made)
    assert (found.state, found.done, found.second_look) == ("finished", 2, "alone")
    assert await types(world, made) == [("bulk_started", mod.account_id, "alone")]
    await give_role(world, other, "moderator")
    again = await start_bulk(desk, reviewer(mod, "owner"), "status", ids, DRAFT)
    assert (await get_bulk(desk, again)).state == "waiting"
    await world.db.connection.execute("update users set disabled_at = now() where account_id = $1", other.account_id)
    alone = await start_bulk(desk, reviewer(mod, "owner"), "status", ids, DRAFT)
    assert (await get_bulk(desk, alone)).second_look == "alone"


async def test_nothing_goes_ahead_for_somebody_who_may_not_decide_any_more(world: World) -> None:
    made, _, mod, other = await ordered(world, 1, 2)
    await give_role(world, mod, "user")
    with pytest.raises(Conflict):
        await approve_bulk(world.res.desk, reviewer(other), made)
    assert (await get_bulk(world.res.desk, made)).state == "waiting"


async def test_what_was_edited_while_it_waited_is_skipped(world: World) -> None:
    made, ada, _, other = await ordered(world, 1, 2)
    first = await world.db.connection.fetchval("select min(subject_id) from bulk_items where bulk_id = $1", made)
    await ada.api.put(f"/api/v1/statuses/{first}", {"status": "Another carrot"})
    await approve_bulk(world.res.desk, reviewer(other), made)
    await world.settle()
    found = await get_bulk(world.res.desk, made)
    assert (found.done, found.skipped) == (1, 1)


async def test_the_limit_is_set_by_administrators_and_noted(world: World) -> None:
    mod = await world.person("mod")
    desk = world.res.desk
    with pytest.raises(Forbidden):
        await change_limit(desk, reviewer(mod), 0)
    for wrong in (-1, MOST + 1):
        with pytest.raises(Invalid):
            await change_limit(desk, reviewer(mod, "admin"), wrong)
    for _ in range(2):
        await change_limit(desk, reviewer(mod, "admin"), 50)
    events = await world.db.connection.fetch("select details from moderation_events where type = 'second_look_set'")
    assert [event["details"] for event in events] == [{"over": 50}]


async def test_the_preview_says_what_would_be_reached(world: World) -> None:
    ids, _, _ = await posts(world, 3)
    found = await preview(world.res.desk, "status", [*ids, 1])
    assert (found.items, found.accounts, found.local, found.withheld) == (3, 1, 3, 0)
