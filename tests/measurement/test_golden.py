"""Golden items: given among other work, once to each, and what their answers say of those who answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.kit.errors import Invalid, NotFound
from rostra.measurement import golden_queries
from rostra.measurement.golden import (
    add_golden,
    answer_golden,
    collect_golden,
    give_golden,
    read_errors,
)
from rostra.measurement.label_queries import Outcome
from rostra.moderation.cases.evidence import take_snapshot
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft, Wish
from tests.measurement.test_labelling import BAD, label, stage, take
from tests.screening.policies import put_in_force
from tests.world import Person, World


async def golden(world: World, ada: Person, count: int = 1, outcome: str = "violates") -> list[int]:
    """Items that an expert made of Ada's posts."""
    made: list[int] = []
    for number in range(count):
        status_id = int((await ada.post(f"Golden {outcome} {number}"))["id"])
        async with world.db.transaction() as tx:
            snapshot_id = await take_snapshot(tx, world.clock.now(), "status", status_id)
            assert snapshot_id is not None
            clause = "words" if outcome == "violates" else ""
            made.append(await add_golden(tx, world.clock.now(), snapshot_id, outcome=outcome, clause=clause))
    return made


async def test_golden_items_come_among_the_others_once_and_look_like_them(world: World) -> None:
    ada, (mia, *_) = await stage(world, 20, golden=0.5)
    ids = await golden(world, ada, 4)
    seen: list[int] = []
    while offer := await take(world, mia):
        again = await take(world, mia)
        assert again is not None
        assert again.number == offer.number
        assert set(offer.__struct_fields__) == {"number", "snapshot"}
        seen.append(offer.number)
        await label(world, mia, offer.number, BAD)
    assert len(seen) == len(set(seen))
    assert 0 < len(set(seen) & set(ids)) <= 4
    assert await world.db.connection.fetchval("select count(*) from cases where subject_id = any($1)", ids) == 0
    labelled = await world.db.connection.fetchval("select count(*) from item_labels")
    assert labelled == len(set(seen) - set(ids)) > 3


async def test_answers_say_how_people_err(world: World) -> None:
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    await put_in_force(world)
    bad, fine = await golden(world, ada, 30), await golden(world, ada, 40, "fine")
    conn, at = world.db.connection, world.clock.now()
    for number, golden_id in enumerate(bad + fine):
        await give_golden(conn, golden_id, mia.account_id, at)
        is_wrong = number % 10 == 0
        outcome, clause = ("violates", "words") if (golden_id in bad) != is_wrong else ("fine", "")
        assert await answer_golden(conn, golden_id, mia.account_id, at, outcome, clause) != is_wrong
    errors = await read_errors(conn, at - timedelta(days=1))
    assert errors.sensitivity is not None
    assert errors.specificity is not None
    assert errors.sensitivity.share == pytest.approx(27 / 30)
    assert errors.specificity.share == pytest.approx(36 / 40)
    assert (await read_errors(conn, at + timedelta(days=1))).sensitivity is None


async def test_an_answer_counts_once_and_only_from_whom_it_was_given_to(world: World) -> None:
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    (golden_id,) = await golden(world, ada)
    conn, at = world.db.connection, world.clock.now()
    with pytest.raises(NotFound):
        await answer_golden(conn, golden_id, mia.account_id, at, "fine")
    await give_golden(conn, golden_id, mia.account_id, at)
    assert not await answer_golden(conn, golden_id, mia.account_id, at, "fine")
    with pytest.raises(NotFound):
        await answer_golden(conn, golden_id, mia.account_id, at, "violates", "words")


async def test_what_an_appeal_turned_round_becomes_golden_for_others(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    mia, max_ = [await world.person(name, role="moderator") for name in ("mia", "max")]
    status_id = int((await ada.post("Wrongly removed"))["id"])
    draft = Draft(outcome="violates", clause="words", wishes=(Wish(kind="remove"),), revision=0)
    reviewer = Reviewer(account_id=mia.account_id, role="moderator")
    decision_id = await decide_subject(world.res.desk, reviewer, "status", status_id, draft)
    await reverse(world.res.desk, None, decision_id, "appeal")
    again = await decide_subject(world.res.desk, reviewer, "status", status_id, draft)
    assert await collect_golden(world.db, world.clock) == 0
    await reverse(world.res.desk, None, again, "superseded")
    assert await collect_golden(world.db, world.clock) == 1
    assert await collect_golden(world.db, world.clock) == 0
    found = await world.db.connection.fetchrow("select outcome, origin, decision_id from golden_items")
    assert found is not None
    assert tuple(found) == ("fine", "appeal", decision_id)
    at = world.clock.now()
    since = at - timedelta(hours=1)
    assert await golden_queries.find_due(world.db.connection, mia.account_id, since) is None
    assert await golden_queries.find_due(world.db.connection, max_.account_id, since) is not None


@pytest.mark.parametrize(("outcome", "clause"), [("violates", ""), ("fine", "words"), ("unclear", "")])
async def test_a_golden_item_has_an_answer(world: World, outcome: Outcome, clause: str) -> None:
    async with world.db.transaction() as tx:
        with pytest.raises(Invalid):
            await add_golden(tx, world.clock.now(), 1, outcome=outcome, clause=clause)
        with pytest.raises(NotFound):
            await add_golden(tx, world.clock.now(), 1, outcome="fine")
