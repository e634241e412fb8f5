"""Copying statuses into home timelines: to whom, in which batches, and what is left when something is deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rostra.kit.clock import FixedClock
from rostra.timelines import fan_out
from tests.posts.live import live_world
from tests.world import Person, World

AT_HOME = "select account_id from home_entries where status_id = $1 order by account_id"
FOLLOW = "insert into follows (id, account_id, target_id, created_at) values (make_id($3), $1, $2, $3)"


@pytest.fixture
async def live(fresh_dsn: str, clock: FixedClock, tmp_path: Path) -> AsyncIterator[World]:
    async with live_world(fresh_dsn, clock, tmp_path) as world:
        yield world


async def at_home(world: World, status_id: str) -> list[int]:
    """Whose home timelines have the status."""
    async with world.db.read() as conn:
        return [row["account_id"] for row in await conn.fetch(AT_HOME, int(status_id))]


async def follow(world: World, follower: Person, author: Person) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(FOLLOW, follower.account_id, author.account_id, world.clock.now())


async def test_every_follower_gets_a_post_however_many_batches_it_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await world.person("author")
    followers = [await world.person(f"follower{number}") for number in range(5)]
    for follower in followers:
        await follow(world, follower, author)
    for size in (1, 2, 5, 6):
        monkeypatch.setattr(fan_out, "BATCH", size)
        status = await author.post(f"in batches of {size}")
        await world.settle()
        assert await at_home(world, status["id"]) == [person.account_id for person in (author, *followers)]


async def test_a_usual_post_is_copied_out_with_one_statement(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follow(world, follower, author)
    status = await author.post("hello")
    ran = await world.statements(lambda: fan_out.fan_out(world.db, int(status["id"])))
    assert len(ran) == 1
    assert len(await at_home(world, status["id"])) == 2


async def test_a_new_post_is_not_looked_for_before_it_is_copied(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follow(world, follower, author)
    status = await author.post("hello")
    (ran,) = await world.statements(lambda: fan_out.fan_out(world.db, int(status["id"])))
    assert "on conflict" not in ran


async def test_a_post_that_some_have_already_reaches_the_others_too(world: World) -> None:
    author = await world.person("author")
    followers = [await world.person(f"follower{number}") for number in range(3)]
    for follower in followers:
        await follow(world, follower, author)
    status = await author.post("hello")
    await fan_out.fill_in(world.db, followers[1].account_id, author.account_id)
    assert await at_home(world, status["id"]) == [followers[1].account_id]
    await world.settle()
    assert await at_home(world, status["id"]) == [person.account_id for person in (author, *followers)]


async def test_what_its_author_has_already_is_copied_as_if_it_were_new(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follow(world, follower, author)
    status = await author.post("hello")
    await fan_out.show_to_author(world.db, int(status["id"]))
    ran = await world.statements(lambda: fan_out.fan_out(world.db, int(status["id"])))
    assert len(ran) == 1
    assert await at_home(world, status["id"]) == [author.account_id, follower.account_id]


async def test_a_boost_of_what_one_has_already_comes_to_the_others_only(world: World) -> None:
    author, fan = await world.person("author"), await world.person("fan")
    both, one = await world.person("both"), await world.person("one")
    await follow(world, both, author)
    for follower in (both, one):
        await follow(world, follower, fan)
    status = await author.post("hello")
    await world.settle()
    boost = (await fan.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    await world.settle()
    assert await at_home(world, boost["id"]) == [fan.account_id, one.account_id]


async def test_all_are_told_once_and_after_the_last_batch(live: World, monkeypatch: pytest.MonkeyPatch) -> None:
    author = await live.person("author")
    for number in range(5):
        await follow(live, await live.person(f"follower{number}"), author)
    heard: list[str] = []
    status = await author.post("hello")
    connection = live.db.connection

    def hear(*said: object) -> None:
        heard.append(str(said[-1]))

    await connection.add_listener("rostra_live", hear)
    monkeypatch.setattr(fan_out, "BATCH", 2)
    await fan_out.fan_out(live.db, int(status["id"]))
    await connection.execute("select 1")
    assert heard == [f'{{"kind":"status","status_id":{status["id"]}}}']
    assert len(await at_home(live, status["id"])) == 6


async def test_copying_twice_changes_nothing(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follow(world, follower, author)
    status = await author.post("hello")
    await world.settle()
    await fan_out.fan_out(world.db, int(status["id"]))
    assert len(await at_home(world, status["id"])) == 2


async def test_a_status_that_is_gone_is_copied_to_nobody(world: World) -> None:
    await fan_out.fan_out(world.db, 4711)
    assert await at_home(world, "4711") == []


async def test_a_direct_message_reaches_the_homes_of_those_it_mentions(world: World) -> None:
    author = await world.person("author")
    named, other = await world.person("named"), await world.person("other")
    for follower in (named, other):
        await follow(world, follower, author)
    status = await author.post("psst @named", visibility="direct")
    await world.settle()
    assert await at_home(world, status["id"]) == [author.account_id, named.account_id]


async def test_an_answer_reaches_only_those_who_follow_both(world: World) -> None:
    author, answered = await world.person("author"), await world.person("answered")
    both, one = await world.person("both"), await world.person("one")
    for follower in (both, one):
        await follow(world, follower, author)
    await follow(world, both, answered)
    first = await answered.post("what do you think?")
    status = await author.post("@answered a lot", in_reply_to_id=first["id"])
    await world.settle()
    assert await at_home(world, status["id"]) == [author.account_id, both.account_id]


async def test_posts_of_an_author_who_is_merged_on_read_are_not_copied_to_followers(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follow(world, follower, author)
    async with world.db.transaction() as tx:
        await tx.execute("update accounts set merged_on_read = true where id = $1", author.account_id)
    status = await author.post("to thousands")
    await world.settle()
    assert await at_home(world, status["id"]) == [author.account_id]


async def test_what_is_deleted_leaves_the_home_timelines(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follow(world, follower, author)
    status, kept = await author.post("a mistake"), await author.post("no mistake")
    await world.settle()
    async with world.db.transaction() as tx:
        await tx.execute("delete from statuses where id = $1", int(status["id"]))
    assert await at_home(world, status["id"]) == []
    async with world.db.transaction() as tx:
        await tx.execute("delete from accounts where id = $1", follower.account_id)
    assert await at_home(world, kept["id"]) == [author.account_id]
