"""What the queue says of how much waits: exact while it is little, a moment old where it is thousands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.moderation.cases import backlog
from rostra.screening.cases import NewCase, open_case
from tests.world import Person, World


async def opened(world: World, author: Person, text: str, clause: str, **more: object) -> None:
    status = await author.post(text)
    async with world.db.transaction() as tx:
        case = NewCase(
            kind="status", subject_id=int(status["id"]), account_id=author.account_id, clause=clause,
            **({"source": "report"} | more),  # type: ignore[arg-type]
        )  # fmt: skip
        await open_case(tx, world.clock.now(), case)


async def counted(world: World, made: backlog.Backlog) -> dict[tuple[str, str, str], int]:
    async with world.db.read() as conn:
        found = await made.count(conn, world.clock.now())
    return {(each.state, each.field, each.value): each.number for each in found}


async def test_each_field_is_summed_and_so_is_the_whole(world: World) -> None:
    ada = await world.person("ada")
    await opened(world, ada, "One", "spam.bulk")
    await opened(world, ada, "Two", "spam.bulk", source="rule", severity=4)
    await opened(world, ada, "Three", "hate.speech", due_at=world.clock.now() + timedelta(hours=1))
    found = await counted(world, backlog.Backlog())
    assert found == {
        ("queued", "", ""): 3,
        ("queued", "clause", "spam.bulk"): 2,
        ("queued", "clause", "hate.speech"): 1,
        ("queued", "language", ""): 3,
        ("queued", "exposure", "0"): 2,
        ("queued", "exposure", "1"): 1,
        ("queued", "source", "report"): 2,
        ("queued", "source", "rule"): 1,
    }
    async with world.db.read() as conn:
        (whole,) = [each for each in await backlog.Backlog().count(conn, world.clock.now()) if not each.field]
    assert (whole.with_clock, whole.next_due) == (1, world.clock.now() + timedelta(hours=1))


async def test_few_are_counted_each_time_and_many_are_remembered_for_a_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, made = await world.person("ada"), backlog.Backlog()
    await opened(world, ada, "One", "spam.bulk")
    assert (await counted(world, made))["queued", "", ""] == 1
    monkeypatch.setattr(backlog, "_MANY", 2)
    await opened(world, ada, "Two", "spam.bulk")
    assert (await counted(world, made))["queued", "", ""] == 2
    await opened(world, ada, "Three", "spam.bulk")
    assert (await counted(world, made))["queued", "", ""] == 2
    world.at(world.clock.now() + timedelta(seconds=16))
    assert (await counted(world, made))["queued", "", ""] == 3
