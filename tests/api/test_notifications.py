"""Notifications over HTTP: who is told of what, paging, dismissing."""

from __future__ import annotations

from tests.world import Person, World


async def types_of(person: Person, query: str = "") -> list[str]:
    return [one["type"] for one in (await person.api.get(f"/api/v1/notifications{query}")).json()]


async def test_a_mention_tells_whom_it_names_once_however_often_the_job_runs(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    posted = await alice.post("hi @bob")
    await world.settle()
    one = (await bob.api.get("/api/v1/notifications")).json()
    assert [(n["type"], n["account"]["id"], n["status"]["id"]) for n in one] == [("mention", alice.id, posted["id"])]
    from rostra.events import StatusPublished

    async with world.db.transaction() as tx:
        await world.res.emit(
            tx,
            StatusPublished(
                status_id=int(posted["id"]), account_id=alice.account_id, visibility="public", has_mentions=True
            ),
        )
    await world.settle()
    assert await types_of(bob) == ["mention"]


async def test_nobody_is_told_by_someone_they_block(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.api.post(f"/api/v1/accounts/{alice.id}/block")
    await alice.post("hi @bob")
    await world.settle()
    assert await types_of(bob) == []


async def test_a_muted_account_tells_nothing_unless_only_its_posts_are_muted(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await bob.api.post(f"/api/v1/accounts/{alice.id}/mute")
    await bob.api.post(f"/api/v1/accounts/{carol.id}/mute", {"notifications": False})
    await alice.post("hi @bob")
    await carol.post("hi @bob")
    await world.settle()
    assert [n["account"]["id"] for n in (await bob.api.get("/api/v1/notifications")).json()] == [carol.id]


async def test_a_bell_rings_for_posts_and_not_for_replies_to_others(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await bob.api.post(f"/api/v1/accounts/{alice.id}/follow", {"notify": True})
    question = await carol.post("a question")
    answer = await alice.post("an answer", in_reply_to_id=question["id"])
    post = await alice.post("something new")
    await world.settle()
    told = (await bob.api.get("/api/v1/notifications")).json()
    assert [n["status"]["id"] for n in told if n["type"] == "status"] == [post["id"]]
    assert answer["id"] != post["id"]


async def test_types_can_be_chosen_and_left_out(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.post("hi @alice")
    await bob.follow(alice)
    await world.settle()
    assert sorted(await types_of(alice)) == ["follow", "mention"]
    assert await types_of(alice, "?types[]=follow") == ["follow"]
    assert await types_of(alice, "?exclude_types[]=follow") == ["mention"]
    assert await types_of(alice, f"?account_id={alice.id}") == []


async def test_a_list_takes_constant_statements(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    counts: list[int] = []
    for total in (1, 40):
        while len(await types_of(alice, "?limit=40")) < total:
            await bob.post("hi @alice")
            await world.settle()
        counts.append(len(await world.statements(lambda: alice.api.get("/api/v1/notifications?limit=40"))))
    assert counts[0] == counts[1] <= 4


async def test_dismissed_and_cleared_notifications_are_gone(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    for _ in range(3):
        await bob.post("hi @alice")
    await world.settle()
    newest = (await alice.api.get("/api/v1/notifications")).json()[0]
    assert (await alice.api.get("/api/v1/notifications/unread_count")).json() == {"count": 3}
    assert (await bob.api.get(f"/api/v1/notifications/{newest['id']}", expect=404)).json()[
        "error"
    ] == "Record not found"
    await bob.api.post(f"/api/v1/notifications/{newest['id']}/dismiss")
    assert len(await types_of(alice)) == 3
    await alice.api.post(f"/api/v1/notifications/{newest['id']}/dismiss")
    assert len(await types_of(alice)) == 2
    await alice.api.post("/api/v1/notifications/clear")
    assert await types_of(alice) == []
