"""The order of work, leases, escalation, what a reviewer takes on."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from rostra.kit.errors import Conflict, Invalid
from rostra.moderation.cases.queue import (
    BUDGET,
    LEASE,
    Query,
    add_note,
    escalate,
    hand_over,
    keep_reviewer,
    list_cases,
    release,
    renew,
    take,
    take_next,
)
from rostra.moderation.cases.queue_queries import ReviewerRow
from rostra.moderation.cases.rest import note_looked
from rostra.moderation.decisions.decide import decide_case
from tests.moderation.desk import case_of, drafted, reviewer
from tests.screening.policies import MAIN, RULES, put_in_force
from tests.world import Person, World

TWO = MAIN.replace(
    "clauses:",
    "clauses:\n  - id: worse.words\n    title: {en: Worse, it: Peggio}\n    text: {en: x, it: x}\n    severity: 5\n"
    "    ground: terms\n    action: hold\n",
)
RULES_TWO = RULES.replace(
    "- id: quiet",
    "- id: grave\n  clause: worse.words\n  description: x\n  when: text.normal.contains('gourd')\n  then: [case]\n"
    "  mode: live\n- id: quiet",
)


async def desk(world: World, *names: str) -> list[Person]:
    await put_in_force(world, RULES_TWO, TWO)
    return [await world.person(name) for name in names]


async def test_the_worst_comes_first_and_nothing_starves(world: World) -> None:
    ada, mod = await desk(world, "ada", "mod")
    old = await ada.post("A marrow")
    new = await ada.post("A gourd")
    rows, more = await list_cases(world.res.desk, reviewer(mod), Query())
    assert ([row.subject_id for row in rows], more) == ([int(new["id"]), int(old["id"])], "")
    world.at(world.clock.now() + timedelta(days=3))
    newest = await ada.post("Another gourd")
    rows, _ = await list_cases(world.res.desk, reviewer(mod), Query())
    assert [row.subject_id for row in rows] == [int(new["id"]), int(old["id"]), int(newest["id"])]


async def test_views_and_clocks_weigh(world: World) -> None:
    rank = "select case_rank($1, $2, $3, $4, $5, $4)"
    at, ask = world.clock.now(), world.db.connection.fetchval
    plain = await ask(rank, 0.5, 3, 10.0, at, None)
    assert await ask(rank, 0.5, 3, 10_000.0, at, None) > plain
    assert await ask(rank, 0.9, 3, 10.0, at, None) > plain
    assert await ask(rank, 0.5, 5, 10.0, at, None) > plain
    soon = await ask(rank, 0.5, 3, 10.0, at, at + timedelta(hours=1))
    later = await ask(rank, 0.5, 3, 10.0, at, at + timedelta(hours=23))
    assert soon > later > plain


async def test_the_next_case_is_leased_to_one_and_comes_back_when_the_lease_runs_out(world: World) -> None:
    ada, mod, max_ = await desk(world, "ada", "mod", "max")
    first, second = [int((await ada.post(text))["id"]) for text in ("A gourd", "A marrow")]
    desk_ = world.res.desk
    mine = await take_next(desk_, reviewer(mod), Query())
    theirs = await take_next(desk_, reviewer(max_), Query())
    assert (mine, theirs) == ((await case_of(world, first))["id"], (await case_of(world, second))["id"])
    assert await take_next(desk_, reviewer(ada), Query()) is None, "nobody gets what is their own"
    assert mine is not None
    with pytest.raises(Conflict, match="Somebody else"):
        await decide_case(desk_, reviewer(max_), mine, drafted())
    with pytest.raises(Conflict, match="Somebody else"):
        await take(desk_, reviewer(max_), mine)
    world.at(world.clock.now() + LEASE - timedelta(seconds=1))
    await renew(desk_, reviewer(mod), mine)
    world.at(world.clock.now() + timedelta(seconds=2))
    with pytest.raises(Conflict):
        await take(desk_, reviewer(max_), mine)
    world.at(world.clock.now() + LEASE)
    assert await take_next(desk_, reviewer(max_), Query()) == mine
    with pytest.raises(Conflict):
        await renew(desk_, reviewer(mod), mine)


async def test_what_was_escalated_leaves_only_by_being_closed(world: World) -> None:
    ada, mod, boss = await desk(world, "ada", "mod", "boss")
    posted = await ada.post("A gourd")
    case_id = (await case_of(world, posted["id"]))["id"]
    with pytest.raises(Invalid):
        await escalate(world.res.desk, reviewer(mod, "triage"), case_id, " ")
    await escalate(world.res.desk, reviewer(mod, "triage"), case_id, "A threat, I think")
    transaction = world.db.connection.transaction()
    await transaction.start()
    with pytest.raises(asyncpg.CheckViolationError):
        await world.db.connection.execute("update cases set state = 'queued' where id = $1", case_id)
    await transaction.rollback()
    assert await take_next(world.res.desk, reviewer(boss, "admin"), Query()) is None
    rows, _ = await list_cases(world.res.desk, reviewer(boss, "admin"), Query(state="escalated"))
    assert [row.id for row in rows] == [case_id]
    from rostra.kit.errors import Forbidden

    with pytest.raises(Forbidden):
        await decide_case(world.res.desk, reviewer(mod), case_id, drafted())
    await decide_case(world.res.desk, reviewer(boss, "admin"), case_id, drafted())
    rows, _ = await list_cases(world.res.desk, reviewer(boss, "admin"), Query(state="closed"))
    assert [(row.id, row.outcome) for row in rows] == [(case_id, "violates")]


async def test_a_case_that_is_handed_over_waits_for_its_new_reviewer(world: World) -> None:
    ada, mod, max_ = await desk(world, "ada", "mod", "max")
    await ada.post("A gourd")
    desk_ = world.res.desk
    case_id = await take_next(desk_, reviewer(mod), Query())
    assert case_id is not None
    await hand_over(desk_, reviewer(mod), case_id, reviewer(max_), "You know gourds")
    assert await take_next(desk_, reviewer(mod), Query()) is None
    assert await take_next(desk_, reviewer(max_), Query()) == case_id
    await release(desk_, reviewer(max_), case_id)
    with pytest.raises(Invalid):
        await hand_over(desk_, reviewer(mod), case_id, reviewer(ada, "user"))
    with pytest.raises(Invalid):
        await add_note(desk_, reviewer(mod), case_id, "  ")


async def test_a_reviewer_gets_what_they_take_on_and_no_more_than_a_day_holds(world: World) -> None:
    ada, mod = await desk(world, "ada", "mod")
    await ada.api.post("/api/v1/statuses", {"status": "Una zucca, marrow", "language": "it"})
    grave = await ada.api.post("/api/v1/statuses", {"status": "A gourd", "language": "en"})
    desk_ = world.res.desk
    await keep_reviewer(desk_, mod.account_id, ReviewerRow(languages=["de"]))
    assert await take_next(desk_, reviewer(mod), Query()) is None
    await keep_reviewer(desk_, mod.account_id, ReviewerRow(declined=["worse"]))
    mild = await take_next(desk_, reviewer(mod), Query())
    assert mild is not None
    await release(desk_, reviewer(mod), mild)
    await keep_reviewer(desk_, mod.account_id, ReviewerRow())
    harsh = (await case_of(world, grave.json()["id"]))["id"]
    assert await take_next(desk_, reviewer(mod), Query()) == harsh
    await release(desk_, reviewer(mod), harsh)
    for _ in range(BUDGET[1]):
        await note_looked(desk_, reviewer(mod), 1, 5)
    assert await take_next(desk_, reviewer(mod), Query()) == mild, "enough of harsh words for today"
    world.at(world.clock.now() + timedelta(days=1))
    assert await take_next(desk_, reviewer(mod), Query()) == harsh


async def test_pages_go_on_where_the_last_one_ended(world: World) -> None:
    ada, mod = await desk(world, "ada", "mod")
    for n in range(35):
        await ada.post(f"A marrow number {n}")
    first, after = await list_cases(world.res.desk, reviewer(mod), Query())
    second, end = await list_cases(world.res.desk, reviewer(mod), Query(), after)
    assert (len(first), len(second), end) == (30, 5, "")
    assert len({row.id for row in [*first, *second]}) == 35
    rows, _ = await list_cases(world.res.desk, reviewer(mod), Query(clause="worse"))
    assert rows == []
