"""Statements of reasons leave the server whole, once, and in constant memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.dsa.validate import validate
from rostra.kit.errors import Upstream
from rostra.measurement import transparency_statements
from rostra.measurement.transparency_statements import Register, hand_in, read_statements, read_submissions
from tests.conftest import NOON
from tests.measurement.decided import Register as Other
from tests.measurement.decided import a_register, decide
from tests.world import World

DAY = timedelta(days=1)


def of(register: Other) -> Register:
    return Register(url=register.url, token="1|secret")


async def send(world: World, register: Other) -> int:
    return await hand_in(world.db, world.clock, world.http_client, of(register))


async def several(world: World, count: int) -> list[str]:
    """So many removed posts, a second apart, an hour ago; the puids of their statements."""
    ada = await world.person("ada")
    times = [NOON - timedelta(hours=1) + timedelta(seconds=number) for number in range(count)]
    made = [await decide(world, at, account_id=ada.account_id, status_id=n) for n, at in enumerate(times, 1)]
    return [f"test-{decision_id}" for decision_id in made]


async def test_statements_of_a_time_are_read_in_order_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transparency_statements, "_PAGE", 3)
    puids = await several(world, 8)
    begin = NOON - timedelta(hours=1)

    async def read(first: int, last: int) -> list[str]:
        bounds = (begin + timedelta(seconds=first), begin + timedelta(seconds=last))
        return [body["puid"] async for body in read_statements(world.db, *bounds)]

    assert await read(0, 8) == puids
    assert await read(2, 7) == puids[2:7]
    assert await read(8, 9) == []


async def test_what_was_undone_before_anybody_was_told_is_not_stated(world: World):
    ada = await world.person("ada")
    await decide(world, NOON - DAY, account_id=ada.account_id, status_id=1, reversed_why="undo")
    kept = await decide(world, NOON - DAY, account_id=ada.account_id, status_id=2, reversed_why="appeal")

    assert [body["puid"] async for body in read_statements(world.db, NOON - 2 * DAY, NOON)] == [f"test-{kept}"]
    async with a_register() as register:
        await send(world, register)
        assert set(register.held) == {f"test-{kept}"}


async def test_every_statement_is_handed_in_once_in_batches_of_a_hundred(world: World):
    puids = await several(world, 205)

    async with a_register() as register:
        assert await send(world, register) == 205
        assert await send(world, register) == 0
        assert register.batches == [100, 100, 5]
        assert list(register.held) == puids
        assert register.tokens == {"Bearer 1|secret"}
        assert all(validate(body) == [] for body in register.held.values())
    counted = await read_submissions(world.db)
    assert (counted.accepted, counted.known, counted.refused, counted.latest) == (205, 0, 0, NOON)


async def test_an_answer_that_was_lost_hands_nothing_in_twice(world: World):
    puids = await several(world, 3)

    async with a_register() as register:
        register.first = [(500, True)]
        with pytest.raises(Upstream):
            await send(world, register)
        assert (await read_submissions(world.db)).accepted == 0
        assert await send(world, register) == 3
        assert list(register.held) == puids
    counted = await read_submissions(world.db)
    assert (counted.accepted, counted.known) == (0, 3)


async def test_one_that_is_refused_holds_up_no_other(world: World):
    puids = await several(world, 4)

    async with a_register() as register:
        register.refuses = {puids[1]}
        assert await send(world, register) == 3
        assert set(register.held) == {*puids} - {puids[1]}
        assert await send(world, register) == 0
    assert (await read_submissions(world.db)).refused == 1


async def test_one_that_is_not_valid_is_noted_and_not_sent(world: World):
    puids = await several(world, 2)
    async with world.db.transaction() as tx:
        await tx.execute("update statements set body = body - 'category' where puid = $1", puids[0])

    async with a_register() as register:
        assert await send(world, register) == 1
        assert register.batches == [1]
    async with world.db.read() as conn:
        problem = await conn.fetchval("select problem from statement_submissions where puid = $1", puids[0])
    assert problem == "category: is missing"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_database_that_does_not_take_them_is_asked_again_later(world: World, status: int):
    await several(world, 1)

    async with a_register() as register:
        register.first = [(status, False)]
        with pytest.raises(Upstream) as error:
            await send(world, register)
        assert "secret" not in str(error.value)
        assert await send(world, register) == 1


async def test_what_may_still_be_undone_waits(world: World):
    ada = await world.person("ada")
    await decide(world, NOON - timedelta(minutes=9), account_id=ada.account_id, status_id=1)

    async with a_register() as register:
        assert await send(world, register) == 0
        world.at(NOON + timedelta(minutes=2))
        assert await send(world, register) == 1


def test_the_token_is_shown_to_nobody():
    assert "secret" not in repr(Register(url="https://a.example", token="secret"))
