"""Labelling: one item for one person, blind, some for two, a third where they differ; violations open cases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from rostra.kit.db import open_database
from rostra.kit.errors import Conflict, Invalid
from rostra.measurement.label_queries import Outcome
from rostra.measurement.labelling import (
    UNDO,
    Answer,
    Offer,
    count_progress,
    draw_second,
    find_given,
    label_item,
    put_back,
    take_back,
    take_item,
)
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft, Wish
from tests.measurement.counted import saw
from tests.measurement.test_sample import drawn
from tests.screening.policies import put_in_force
from tests.world import Person, World

FINE = Answer(outcome="fine", seconds=4)
BAD = Answer(outcome="violates", clause="words", seconds=9)


async def stage(world: World, posts: int = 3, twice: float = 0.1, golden: float = 0) -> tuple[Person, list[Person]]:
    """Ada with posts of which a sample was drawn, and three people who label."""
    await put_in_force(world)
    await world.db.connection.execute(
        "update measurement_settings set double_share = $1, golden_share = $2", twice, golden
    )
    ada = await world.person("ada")
    people = [await world.person(name, role="moderator") for name in ("mia", "max", "moe")]
    for number in range(posts):
        await saw(world, int((await ada.post(f"Post {number}"))["id"]), 10)
    await drawn(world, 60)
    return ada, people


async def take(world: World, person: Person) -> Offer | None:
    return await take_item(world.db, world.clock, person.account_id)


async def label(world: World, person: Person, number: int, answer: Answer) -> None:
    await label_item(world.db, world.clock, world.res.screen.policies, person.account_id, number, answer)


async def label_all(world: World, person: Person, answer: Answer = FINE) -> int:
    """Label all that somebody is offered; how many that was."""
    count = 0
    while offer := await take(world, person):
        await label(world, person, offer.number, answer)
        count += 1
    return count


async def items(world: World, columns: str = "state, outcome, clause, labels") -> list[tuple[Any, ...]]:
    rows = await world.db.connection.fetch(f"select {columns} from label_items order by plan_id, position")
    return [tuple(row) for row in rows]


async def test_items_come_in_the_order_of_the_sample_and_each_once(world: World) -> None:
    _, (mia, *_) = await stage(world, 4, 0.1)
    order = [number for (number,) in await items(world, "id")]
    seen: list[int] = []
    while offer := await take(world, mia):
        seen.append(offer.number)
        await label(world, mia, offer.number, FINE)
    assert seen == order
    assert sorted(await items(world)) == [("open", "fine", "", 1)] + [("settled", "fine", "", 1)] * 3


async def test_what_is_offered_is_the_post_and_nothing_that_anybody_thinks_of_it(world: World) -> None:
    _, (mia, *_) = await stage(world, 1)
    offer = await take(world, mia)
    assert offer is not None
    assert set(offer.__struct_fields__) == {"number", "snapshot"}
    assert offer.snapshot.content["text"] == "Post 0"
    assert not {"scores", "labels", "rules", "outcome"} & set(offer.snapshot.content)


async def test_two_people_never_hold_the_same_item_until_its_time_is_over(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 2)
    first, again, other = await take(world, mia), await take(world, mia), await take(world, max_)
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.number == again.number != other.number
    with pytest.raises(Conflict):
        await label(world, max_, first.number, FINE)
    world.clock.tick(minutes=11)
    late = await take(world, max_)
    assert late is not None
    assert late.number == first.number
    with pytest.raises(Conflict):
        await label(world, mia, first.number, FINE)


async def test_an_item_can_be_left_to_somebody_else(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 1)
    offer = await take(world, mia)
    assert offer is not None
    assert await take(world, max_) is None
    await put_back(world.db, mia.account_id, offer.number)
    assert await take(world, max_) is not None


async def test_nobody_labels_their_own_post(world: World) -> None:
    ada, _ = await stage(world, 1)
    assert await take(world, ada) is None


async def test_a_language_that_somebody_does_not_read_is_not_offered(world: World) -> None:
    _, (mia, *_) = await stage(world, 1)
    await world.db.connection.execute("update label_items set language = 'it'")
    await world.db.connection.execute(
        "insert into reviewers (account_id, pseudonym, languages) values ($1, 'x', '{en}')", mia.account_id
    )
    assert await take(world, mia) is None


@pytest.mark.parametrize(
    ("answers", "settled"),
    [
        ([FINE], ("open", "fine", "", 1)),
        ([FINE, FINE], ("settled", "fine", "", 2)),
        ([BAD, FINE], ("open", "violates", "words", 2)),
        ([BAD, FINE, FINE], ("settled", "fine", "", 3)),
        ([BAD, FINE, Answer(outcome="unclear")], ("settled", "unclear", "", 3)),
    ],
)
async def test_two_who_agree_settle_an_item_and_else_a_third_does(
    world: World, answers: Sequence[Answer], settled: tuple[Any, ...]
) -> None:
    _, people = await stage(world, 1, 1.0)
    for person, answer in zip(people, answers, strict=False):
        offer = await take(world, person)
        assert offer is not None
        await label(world, person, offer.number, answer)
        assert await take(world, person) is None
    assert await items(world) == [settled]


@pytest.mark.parametrize(("outcome", "clause"), [("violates", ""), ("violates", "nonsense"), ("fine", "words")])
async def test_a_violation_names_a_clause_and_nothing_else_does(world: World, outcome: Outcome, clause: str) -> None:
    _, (mia, *_) = await stage(world, 1)
    offer = await take(world, mia)
    assert offer is not None
    with pytest.raises(Invalid):
        await label(world, mia, offer.number, Answer(outcome=outcome, clause=clause))


async def test_a_violation_opens_a_case_once(world: World) -> None:
    _, people = await stage(world, 1, 1.0)
    for person in people[:2]:
        await label_all(world, person, BAD)
    (case,) = await world.db.connection.fetch("select id, source, clause, severity, state from cases")
    assert (case["source"], case["clause"], case["severity"], case["state"]) == ("sample", "words", 3, "queued")
    assert await items(world, "case_id") == [(case["id"],)]


async def test_what_was_decided_on_already_opens_no_case(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 1)
    status_id = (await items(world, "status_id"))[0][0]
    draft = Draft(outcome="violates", clause="words", wishes=(Wish(kind="remove"),), revision=0)
    await decide_subject(
        world.res.desk, Reviewer(account_id=max_.account_id, role="moderator"), "status", status_id, draft
    )
    await label_all(world, mia, BAD)
    assert await world.db.connection.fetchval("select count(*) from cases where state <> 'closed'") == 0


async def test_what_a_labeller_sees_is_the_post_as_it_was_drawn(world: World) -> None:
    ada, (mia, *_) = await stage(world, 1)
    status_id = (await items(world, "status_id"))[0][0]
    await ada.api.put(f"/api/v1/statuses/{status_id}", {"status": "Something harmless"})
    await ada.api.delete(f"/api/v1/statuses/{status_id}")
    offer = await take(world, mia)
    assert offer is not None
    assert offer.snapshot.content["text"] == "Post 0"
    await label(world, mia, offer.number, BAD)
    assert await world.db.connection.fetchval("select count(*) from cases") == 0


async def test_items_are_offered_for_two_weeks(world: World) -> None:
    _, (mia, *_) = await stage(world, 1)
    world.clock.tick(days=15)
    assert await take(world, mia) is None


async def test_taking_and_labelling_take_a_constant_number_of_statements(world: World) -> None:
    _, (mia, *_) = await stage(world, 30)
    counts: list[tuple[int, int]] = []
    for _ in range(4):
        offers: list[Offer | None] = []

        async def taking(offers: list[Offer | None] = offers) -> None:
            offers.append(await take(world, mia))

        taken = await world.statements(taking)
        (offer,) = offers
        assert offer is not None
        labelled = await world.statements(lambda number=offer.number: label(world, mia, number, FINE))
        counts.append((len(taken), len(labelled)))
    # The first one reads the policy.
    assert len(set(counts[1:])) == 1
    assert sum(counts[1]) <= 8


async def test_progress_says_what_waits(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 4, 1.0)
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, FINE)
    progress = await count_progress(world.db, world.clock, mia.account_id)
    assert (progress.open, progress.second, progress.mine) == (3, 1, 1)
    assert (await count_progress(world.db, world.clock, max_.account_id)).mine == 0


async def test_those_who_take_at_once_get_different_items(world: World) -> None:
    _, people = await stage(world, 6)
    offers = await asyncio.gather(*(take(world, person) for person in people))
    assert len({offer.number for offer in offers if offer}) == 3


_ITEMS = """
with new as (
  insert into snapshots (id, subject_kind, subject_id, account_id, sha256, content, taken_at)
  select n, 'status', n, 999, sha256(n::text::bytea), '{"text": "x"}', $1 from generate_series(1, 12) n returning id),
plan as (
  insert into sample_plans (id, days, seed, size, double_share, planned_event_id, planned_at)
  values (1, '[2026-05-03,2026-05-04)', 's', 12, 0.1, 1, $1))
insert into label_items (id, kind, plan_id, position, status_id, account_id, snapshot_id, created_at)
select id, 'sample', 1, id, id, 999, id, $1 from new
"""


async def test_on_several_connections_at_once_no_item_goes_to_two(fresh_dsn: str, world: World) -> None:
    people = range(1, 13)
    async with open_database(fresh_dsn, max_size=6) as db:
        async with db.transaction() as tx:
            for number in people:
                await tx.execute(
                    "insert into accounts (id, username, uri, url, created_at, updated_at)"
                    " values ($1, $2, $2, $2, $3, $3)", number, f"p{number}", world.clock.now(),
                )  # fmt: skip
            await tx.execute(_ITEMS, world.clock.now())
            await tx.execute("update measurement_settings set golden_share = 0")
        offers = await asyncio.gather(*(take_item(db, world.clock, number) for number in people))
    assert len({offer.number for offer in offers if offer}) == 12


async def _decide(world: World, ada: Person, by: Person, count: int, outcome: Any = "ok") -> None:
    for number in range(count):
        status_id = int((await ada.post(f"Decided {number}"))["id"])
        wishes = (Wish(kind="sensitive"),) if outcome == "violates" else ()
        clause = "words" if outcome == "violates" else ""
        draft = Draft(outcome=outcome, clause=clause, wishes=wishes, revision=0)
        reviewer = Reviewer(account_id=by.account_id, role="moderator")
        await decide_subject(world.res.desk, reviewer, "status", status_id, draft)


async def test_at_least_two_of_a_hundred_decisions_are_looked_at_again(world: World) -> None:
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    await _decide(world, ada, mia, 7)
    world.clock.tick(days=1)
    assert await draw_second(world.db, world.clock) == 1
    assert await draw_second(world.db, world.clock) == 0
    (event,) = await world.db.connection.fetch("select details from moderation_events where type = 'second_drawn'")
    assert event["details"]["decisions"] == 7
    assert len(event["details"]["seed"]) == 32


async def test_a_second_look_is_by_another_and_does_not_know_the_first(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    mia, max_, moe = [await world.person(name, role="moderator") for name in ("mia", "max", "moe")]
    await _decide(world, ada, mia, 1)
    await world.db.connection.execute("update measurement_settings set second_share = 1, golden_share = 0")
    world.clock.tick(days=1)
    assert await draw_second(world.db, world.clock) == 1
    assert await take(world, mia) is None
    offer = await take(world, max_)
    assert offer is not None
    assert set(offer.__struct_fields__) == {"number", "snapshot"}
    await label(world, max_, offer.number, BAD)
    assert (await items(world))[0] == ("open", "fine", "", 2)
    assert await world.db.connection.fetchval("select source from cases where state <> 'closed'") == "sample"
    assert await take(world, mia) is None, "whose decision it was"
    again = await take(world, moe)
    assert again is not None
    await label(world, moe, again.number, FINE)
    assert (await items(world))[0] == ("settled", "fine", "", 3)


async def test_who_was_too_slow_is_told_and_nothing_is_written(world: World) -> None:
    _, (mia, *_) = await stage(world, 1)
    offer = await take(world, mia)
    assert offer is not None
    world.clock.tick(minutes=10)
    with pytest.raises(Conflict):
        await label(world, mia, offer.number, FINE)
    assert await world.db.connection.fetchval("select count(*) from item_labels") == 0


async def stands(world: World) -> list[tuple[Any, ...]]:
    """Items and labels, all that an answer changes."""
    rows = await world.db.connection.fetch("select item_id, outcome, clause from item_labels order by id")
    return [*await items(world, "state, outcome, clause, labels, case_id"), *(tuple(row) for row in rows)]


async def test_an_answer_is_taken_back_wholly_and_its_item_comes_again(world: World) -> None:
    _, (mia, *_) = await stage(world, 3, 0.1)
    await world.db.connection.execute("update label_items set twice = false")
    before = await stands(world)
    first = await take(world, mia)
    assert first is not None
    await label(world, mia, first.number, BAD)
    assert await world.db.connection.fetchval("select count(*) from cases where source = 'sample'") == 1
    second = await take(world, mia)
    assert second is not None
    await take_back(world.db, world.clock, mia.account_id, first.number)
    assert await stands(world) == before
    assert await world.db.connection.fetchval("select count(*) from cases") == 0, "a slip accuses nobody"
    again = await take(world, mia)
    assert again is not None
    assert again.number == first.number
    await label(world, mia, first.number, FINE)
    assert (await items(world))[0] == ("settled", "fine", "", 1)


async def test_a_case_that_others_have_added_to_stays(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 1, 0.1)
    await world.db.connection.execute("update label_items set twice = false")
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, BAD)
    await world.db.connection.execute("update cases set assigned_to = $1", max_.account_id)
    await take_back(world.db, world.clock, mia.account_id, offer.number)
    assert await world.db.connection.fetchval("select count(*) from cases") == 1


async def test_of_two_answers_the_second_can_be_taken_back_and_the_first_not(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 1, 1)
    for person, answer in ((mia, BAD), (max_, FINE)):
        offer = await take(world, person)
        assert offer is not None
        await label(world, person, offer.number, answer)
    with pytest.raises(Conflict):
        await take_back(world.db, world.clock, mia.account_id, offer.number)
    assert await find_given(world.db, world.clock, mia.account_id, offer.number) is None
    given = await find_given(world.db, world.clock, max_.account_id, offer.number)
    assert given is not None
    assert given.outcome == "fine"
    await take_back(world.db, world.clock, max_.account_id, offer.number)
    assert await items(world) == [("open", "violates", "words", 1)]
    assert await world.db.connection.fetchval("select count(*) from cases") == 1


async def test_after_ten_minutes_an_answer_stands(world: World) -> None:
    _, (mia, *_) = await stage(world, 1, 0.1)
    await world.db.connection.execute("update label_items set twice = false")
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, FINE)
    world.clock.moment += UNDO
    with pytest.raises(Conflict):
        await take_back(world.db, world.clock, mia.account_id, offer.number)
    assert await items(world) == [("settled", "fine", "", 1)]


async def test_a_second_look_that_is_taken_back_leaves_what_was_decided(world: World) -> None:
    ada, (mia, max_, _) = await stage(world, 1)
    await world.db.connection.execute("delete from label_items")
    status_id = int((await ada.post("A slip"))["id"])
    draft = Draft(outcome="violates", clause="words", wishes=(Wish(kind="limit"),), revision=0)
    await decide_subject(
        world.res.desk, Reviewer(account_id=max_.account_id, role="moderator"), "status", status_id, draft
    )
    world.clock.moment += timedelta(days=1)
    assert await draw_second(world.db, world.clock) == 1
    before = await stands(world)
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, FINE)
    assert (await items(world))[0][3] == 2
    await take_back(world.db, world.clock, mia.account_id, offer.number)
    assert await stands(world) == before
