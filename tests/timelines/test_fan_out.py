"""Copying statuses into home timelines: to whom, in which batches, and what is left when something is deleted."""

from __future__ import annotations

import pytest

from rostra.timelines import fan_out
from tests.world import Person, World

AT_HOME = "select account_id from home_entries where status_id = $1 order by account_id"
FOLLOW = "insert into follows (id, account_id, target_id, created_at) values (make_id($3), $1, $2, $3)"


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
