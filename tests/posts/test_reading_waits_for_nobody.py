"""What is written because somebody reads waits for no standby: reading goes on where posts have to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from rostra.accounts.render import hydrate_accounts_by_id
from rostra.accounts.sessions import find_viewer, open_session
from tests.world import World

Read = Callable[[World], Awaitable[None]]


async def stale_posts(world: World) -> None:
    bob = await world.person("bob")
    await bob.post("words")
    for table in ("statuses", "accounts"):
        await world.db.connection.execute(f"update {table} set rendered_for = 0")
    await waits(world)
    await world.http.get("/api/v1/timelines/public")


async def stale_accounts(world: World) -> None:
    bob = await world.person("bob")
    await world.db.connection.execute("update accounts set rendered_for = 0")
    await waits(world)
    await hydrate_accounts_by_id(world.db, [bob.account_id], world.res.urls)


async def first_use_of_a_token_today(world: World) -> None:
    bob = await world.person("bob")
    await world.db.connection.execute("update access_tokens set last_used_on = null")
    await waits(world)
    assert await world.res.tokens.find_owner(bob.token) is not None


async def first_page_within_an_hour(world: World) -> None:
    bob = await world.person("bob")
    token = await open_session(world.db, world.clock, bob.account_id, ip=None, user_agent="")
    world.clock.tick(hours=2)
    await waits(world)
    assert await find_viewer(world.db, world.clock, token) is not None


async def waits(world: World) -> None:
    await world.db.connection.execute("set local synchronous_commit = on")


@pytest.mark.parametrize("read", [stale_posts, stale_accounts, first_use_of_a_token_today, first_page_within_an_hour])
async def test_what_is_noted_while_somebody_reads_is_committed_lightly(world: World, read: Read) -> None:
    await read(world)
    assert await world.db.connection.fetchval("show synchronous_commit") == "off"


async def test_a_post_is_not(world: World) -> None:
    bob = await world.person("bob")
    await bob.post("the first, with which the use of the token is noted")
    await waits(world)
    await bob.post("words")
    assert await world.db.connection.fetchval("show synchronous_commit") == "on"
