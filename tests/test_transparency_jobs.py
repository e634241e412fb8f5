"""What runs by itself for transparency: handing in, last night's numbers, counting recipients."""

from __future__ import annotations

import msgspec

from rostra.effects import HANDLERS, Tick
from rostra.measurement.transparency import find_overview
from rostra.measurement.transparency_statements import read_submissions
from tests.conftest import NOON
from tests.measurement.decided import a_register, decide
from tests.world import World


async def run(world: World, name: str, **settings: object) -> None:
    res = msgspec.structs.replace(world.res, settings=msgspec.structs.replace(world.res.settings, **settings))
    await HANDLERS.get(name).handler(Tick(), res)


async def test_statements_are_handed_in_where_there_is_a_token_and_only_there(world: World):
    ada = await world.person("ada")
    await decide(world, NOON.replace(hour=8), account_id=ada.account_id, actions=("freeze",))

    async with a_register() as register:
        await run(world, "transparency.hand_in", dsa_url=register.url)
        assert register.batches == []
        await run(world, "transparency.hand_in", dsa_url=register.url, dsa_token="1|secret")
        assert len(register.held) == 1
    assert (await read_submissions(world.db)).accepted == 1


async def test_the_numbers_of_the_page_are_made_by_themselves(world: World):
    await run(world, "transparency.overview")

    overview = await find_overview(world.db)
    assert overview is not None
    assert overview.made_at == NOON


async def test_recipients_are_counted_late_in_the_day(world: World):
    ada = await world.person("ada")
    async with world.db.transaction() as tx:
        await tx.execute("update users set last_active_on = $1 where account_id = $2", NOON.date(), ada.account_id)
    await run(world, "transparency.recipients")

    async with world.db.read() as conn:
        assert await conn.fetchval("select accounts from recipients_by_month") == 1


def test_each_of_them_has_its_hour():
    due = {periodic.job.name: periodic.expression for periodic in HANDLERS.periodic}

    for name in ("transparency.hand_in", "transparency.overview", "transparency.recipients"):
        assert name in due
