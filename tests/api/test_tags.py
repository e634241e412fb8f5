"""Hashtags and following them, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.world import Person, World, link


async def test_an_unused_hashtag_has_a_week_without_use(world: World) -> None:
    shown = (await world.anyone.get("/api/v1/tags/Rostra")).json()
    assert set(shown) == {"id", "name", "url", "history"}
    assert (shown["name"], shown["url"]) == ("Rostra", "http://localhost:3000/tags/rostra")
    assert len(shown["history"]) == 7
    midnight = int(datetime(2026, 5, 4, tzinfo=UTC).timestamp())
    assert shown["history"][0] == {"day": str(midnight), "accounts": "0", "uses": "0"}
    assert [int(day["day"]) for day in shown["history"]] == [midnight - 86_400 * ago for ago in range(7)]


async def test_the_history_counts_people_and_uses_by_day(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    world.at(datetime(2026, 5, 2, 9, 0, tzinfo=UTC))
    await alice.post("#Größe")
    world.at(datetime(2026, 5, 4, 9, 0, tzinfo=UTC))
    for person, text in ((alice, "#größe"), (alice, "#GRÖSSE"), (bob, "#Größe")):
        await person.post(text)
    await bob.post("#größe", visibility="private")
    shown = (await alice.api.get("/api/v1/tags/grösse")).json()
    assert (shown["following"], shown["featuring"]) == (False, False)
    assert shown["name"] == "Größe"
    assert [(day["accounts"], day["uses"]) for day in shown["history"][:3]] == [("2", "3"), ("0", "0"), ("1", "1")]
    world.at(datetime(2026, 5, 10, 9, 0, tzinfo=UTC))
    shown = (await alice.api.get("/api/v1/tags/grösse")).json()
    assert [day["uses"] for day in shown["history"]] == ["0"] * 6 + ["3"]


async def test_what_could_never_be_a_hashtag_is_not_found(world: World) -> None:
    alice = await world.person("alice")
    for name in ("2026", "a b", "a%2Fb", "caf%C3%A9!", "%23", "x" * 101, "a.b", "%20", "a%23b"):
        await alice.api.get(f"/api/v1/tags/{name}", expect=404)
        await alice.api.post(f"/api/v1/tags/{name}/follow", expect=404)
        await alice.api.post(f"/api/v1/tags/{name}/unfollow", expect=404)
    assert await world.db.connection.fetchval("select count(*) from tags") == 0
    assert (await alice.api.get("/api/v1/tags/%23hash")).json()["name"] == "hash"


async def test_posts_with_a_followed_hashtag_come_home_until_it_is_unfollowed(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await alice.follow(carol)
    assert (await alice.api.post("/api/v1/tags/Rostra/follow")).json()["following"]
    assert (await alice.api.post("/api/v1/tags/rostra/follow")).json()["following"]
    await alice.api.post("/api/v1/tags/other/follow")
    for person, text in ((bob, "#rostra"), (bob, "#rostra #other"), (carol, "#rostra"), (alice, "#rostra")):
        await person.post(text)
    await world.settle()
    home = (await alice.api.get("/api/v1/timelines/home")).json()
    assert len(home) == 4
    assert not (await alice.api.post("/api/v1/tags/ROSTRA/unfollow")).json()["following"]
    await world.settle()
    left = (await alice.api.get("/api/v1/timelines/home")).json()
    assert [status["id"] for status in left] == [status["id"] for status in home[:3]]
    await alice.api.post("/api/v1/tags/rostra/unfollow")


async def test_followed_hashtags_page_by_row_ids_at_a_constant_cost(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.api.post("/api/v1/tags/bobs/follow")
    costs, followed = list[int](), 0
    for total in (1, 41):
        while followed < total:
            await alice.api.post(f"/api/v1/tags/tag{followed}/follow")
            followed += 1
        await alice.api.get("/api/v1/followed_tags")
        costs.append(len(await world.statements(lambda: alice.api.get("/api/v1/followed_tags"))))
    assert costs[0] == costs[1] <= 2
    first = await alice.api.get("/api/v1/followed_tags?limit=2")
    assert [(tag["name"], tag["following"]) for tag in first.json()] == [("tag40", True), ("tag39", True)]
    second = await alice.api.get(link(first, "next") or "")
    assert [tag["name"] for tag in second.json()] == ["tag38", "tag37"]
    back = await alice.api.get(link(second, "prev") or "")
    assert [tag["name"] for tag in back.json()] == ["tag40", "tag39"]
    assert len((await alice.api.get("/api/v1/followed_tags")).json()) == 41


async def test_following_hashtags_needs_a_person(world: World) -> None:
    await world.anyone.post("/api/v1/tags/rostra/follow", expect=401)
    await world.anyone.get("/api/v1/followed_tags", expect=401)
    await world.token_for(None, "app-token", "read write")
    app = Person(world, 0, "", "app-token")
    answer = await app.api.post("/api/v1/tags/rostra/follow", expect=422)
    assert answer.json()["error"] == "This method requires an authenticated user"


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_a_hashtag_of_a_closed_post_is_not_found(world: World, visibility: str) -> None:
    anna, ben = await world.person("anna"), await world.person("ben")
    unused = (await ben.api.get("/api/v1/tags/surprise")).json()
    await anna.post("It is a #surprise", visibility=visibility)
    assert (await ben.api.get("/api/v1/tags/surprise")).json() == unused
    query = {"q": "surp", "type": "hashtags"}
    assert (await ben.api.get("/api/v2/search", query)).json()["hashtags"] == []
    await ben.api.post("/api/v1/tags/surprise/follow")
    assert (await ben.api.get("/api/v1/tags/surprise")).json()["following"] is True
    assert (await ben.api.get("/api/v2/search", query)).json()["hashtags"] == []
    await anna.post("No #surprise any more")
    [found] = (await ben.api.get("/api/v2/search", query)).json()["hashtags"]
    assert found["history"][0]["uses"] == "1"
