"""The context of a status over HTTP."""

from __future__ import annotations

from typing import Any

from tests.world import Api, Person, World


async def reply(person: Person, parent: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    person.world.clock.tick(milliseconds=1)
    return await person.post(text, in_reply_to_id=parent["id"], **more)


async def context(api: Api, status: dict[str, Any], expect: int = 200) -> tuple[list[str], list[str]]:
    found = (await api.get(f"/api/v1/statuses/{status['id']}/context", expect=expect)).json()
    return tuple(
        [part["content"].removeprefix("<p>").removesuffix("</p>") for part in found[side]]
        for side in ("ancestors", "descendants")
    )  # type: ignore[return-value]


async def test_a_thread_reads_depth_first_with_the_authors_own_replies_first(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    root = await alice.post("root")
    b1 = await reply(bob, root, "b1")
    a1 = await reply(alice, root, "a1")
    await reply(alice, b1, "b1-a")
    await reply(bob, b1, "b1-b")
    a2 = await reply(alice, a1, "a2")
    await reply(bob, a1, "a1-b")
    await reply(bob, root, "b2")
    assert await context(bob.api, root) == ([], ["a1", "a2", "a1-b", "b1", "b1-b", "b1-a", "b2"])
    assert await context(world.anyone, a2) == (["root", "a1"], [])
    assert await context(world.anyone, b1) == (["root"], ["b1-b", "b1-a"])
    boost = (await bob.api.post(f"/api/v1/statuses/{a1['id']}/reblog")).json()
    assert await context(world.anyone, boost) == (["root"], ["a2", "a1-b"])


async def test_what_the_viewer_may_not_or_does_not_want_to_see_is_left_out(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    root = await alice.post("root")
    hidden = await reply(bob, root, "for followers", visibility="private")
    below = await reply(bob, hidden, "below")
    await reply(carol, root, "from carol")
    direct = await reply(alice, root, "direct", visibility="direct")
    assert await context(world.anyone, root) == ([], ["below", "from carol"])
    assert await context(alice.api, root) == ([], ["direct", "below", "from carol"])
    assert await context(world.anyone, below) == (["root"], [])
    await alice.api.post(f"/api/v1/accounts/{carol.id}/mute")
    assert await context(alice.api, root) == ([], ["direct", "below"])
    await world.anyone.get(f"/api/v1/statuses/{direct['id']}/context", expect=404)
    await alice.api.get("/api/v1/statuses/12345/context", expect=404)


async def test_visitors_get_a_bounded_part_of_a_long_thread(world: World) -> None:
    alice = await world.person("alice")
    chain = [await alice.post("0")]
    for number in range(1, 65):
        chain.append(await reply(alice, chain[-1], str(number)))
    above, below = await context(world.anyone, chain[0])
    assert (above, below) == ([], [str(number) for number in range(1, 21)])
    above, below = await context(world.anyone, chain[64])
    assert (above, below) == ([str(number) for number in range(24, 64)], [])
    assert len((await context(alice.api, chain[0]))[1]) == 64
    assert len((await context(alice.api, chain[64]))[0]) == 64
    wide = await alice.post("wide")
    for number in range(70):
        await reply(alice, wide, f"w{number}")
    assert len((await context(world.anyone, wide))[1]) == 60
    assert len((await context(alice.api, wide))[1]) == 70


async def test_a_thread_takes_as_many_statements_for_one_reply_as_for_forty(world: World) -> None:
    alice = await world.person("alice")
    root = await alice.post("root")
    costs: list[int] = []
    last = root
    for number in range(40):
        last = await reply(alice, last if number % 2 else root, str(number))
        if number in (0, 39):
            await context(alice.api, root)
            costs.append(len(await world.statements(lambda: context(alice.api, root))))
    assert costs[0] == costs[1] <= 3


async def test_a_filter_that_hides_in_threads_leaves_out_what_others_say(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    root = await alice.post("root")
    await reply(bob, root, "a spoiler")
    await reply(alice, root, "my own spoiler")
    wanted = {
        "title": "f", "context": ["thread"], "filter_action": "hide", "keywords_attributes": [{"keyword": "spoiler"}],
    }  # fmt: skip
    await alice.api.post("/api/v2/filters", wanted)
    assert await context(alice.api, root) == ([], ["my own spoiler"])
