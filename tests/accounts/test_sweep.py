"""What runs out is removed, and nothing else."""

from __future__ import annotations

from rostra.accounts.sessions import open_session
from rostra.accounts.sign_up import SignUp, Terms, sign_up
from rostra.instance.sweep import sweep
from tests.world import World


async def newcomer(world: World, name: str, *, confirmed: bool) -> None:
    res = world.res
    wish = SignUp(username=name, email=f"{name}@example.com", password="correct horse", agreement=True)
    terms = Terms(mode="open", confirm_at_once=confirmed)
    await sign_up(res.db, res.clock, res.urls, res.emit, res.screen, res.passwords, wish=wish, terms=terms)


async def count(world: World, table: str) -> int:
    return await world.db.connection.fetchval(f"select count(*) from {table}")


async def test_sign_ups_that_are_never_confirmed_free_their_name_after_a_week(world: World) -> None:
    await newcomer(world, "early", confirmed=False)
    await newcomer(world, "there", confirmed=True)
    world.clock.tick(days=6)
    await newcomer(world, "late", confirmed=False)
    await sweep(world.db, world.clock)
    assert await count(world, "accounts") == 3
    world.clock.tick(days=1, seconds=1)
    await sweep(world.db, world.clock)
    left = await world.db.connection.fetch("select username from accounts order by id")
    assert [row["username"] for row in left] == ["there", "late"]
    await newcomer(world, "early", confirmed=False)


async def test_links_and_sessions_go_when_they_have_run_out(world: World) -> None:
    await newcomer(world, "alice", confirmed=False)
    alice = await world.person("bob")
    await open_session(world.db, world.clock, alice.account_id, ip=None, user_agent="")
    world.clock.tick(days=1)
    await sweep(world.db, world.clock)
    assert (await count(world, "email_tokens"), await count(world, "sessions")) == (1, 1)
    world.clock.tick(days=2)
    await sweep(world.db, world.clock)
    assert (await count(world, "email_tokens"), await count(world, "sessions")) == (0, 1)
    world.clock.tick(days=90)
    await sweep(world.db, world.clock)
    assert await count(world, "sessions") == 0
