"""Whom to follow, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.world import Person, World


async def suggest(person: Person, **query: Any) -> dict[str, list[str]]:
    """The names that are suggested, in their order, with what speaks for them."""
    found = (await person.api.get("/api/v2/suggestions", query)).json()
    return {each["account"]["username"]: [each["source"], *each["sources"]] for each in found}


async def make_people(world: World, *names: str) -> list[Person]:
    """People who have said something and wish to be found."""
    people = [await world.person(name) for name in names]
    for person in people:
        await person.post("Hello")
    await world.db.connection.execute("update accounts set discoverable = true")
    return people


async def test_those_whom_ones_friends_follow_come_first_then_those_with_most_followers(world: World) -> None:
    alice, ben, cleo, dora, emma, finn = await make_people(world, "alice", "ben", "cleo", "dora", "emma", "finn")
    await alice.follow(ben)
    await ben.follow(cleo)
    for person in (cleo, finn):
        await person.follow(dora)
    await world.settle()
    close, known = ["past_interactions", "friends_of_friends"], ["global", "most_followed"]
    assert list((await suggest(alice)).items()) == [("cleo", close), ("dora", known), ("finn", known), ("emma", known)]
    assert list(await suggest(alice, limit=1)) == ["cleo"]
    assert emma.username in await suggest(ben)


async def test_nobody_is_suggested_who_is_followed_asked_unwanted_hidden_silent_or_limited(world: World) -> None:
    alice, followed, asked, blocked, muted, hidden, limited, gone, fine = await make_people(
        world, "alice", "followed", "asked", "blocked", "muted", "hidden", "limited", "gone", "fine"
    )
    await world.person("silent")
    change = world.db.connection.execute
    await change("update accounts set discoverable = true")
    await change("update accounts set locked = true where id = $1", asked.account_id)
    await change("update accounts set discoverable = false where id = $1", hidden.account_id)
    await change("update accounts set silenced_at = now() where id = $1", limited.account_id)
    await change("update accounts set suspended_at = now() where id = $1", gone.account_id)
    for person in (followed, asked):
        await alice.follow(person)
    await alice.api.post(f"/api/v1/accounts/{blocked.id}/block")
    await alice.api.post(f"/api/v1/accounts/{muted.id}/mute")
    assert list(await suggest(alice)) == [fine.username]
