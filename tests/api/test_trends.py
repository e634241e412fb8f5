"""Trends over HTTP: what many different people use, like and share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.search.trends import count_trends
from tests.world import Person, World, link


async def people_of(world: World, count: int) -> list[Person]:
    people = [await world.person(f"person{number}") for number in range(count)]
    await world.db.connection.execute("update accounts set discoverable = true, indexable = true, rendered_for = 0")
    return people


async def set_account(person: Person, column: str, value: object) -> None:
    await person.world.db.connection.execute(
        f"update accounts set {column} = $2, rendered_for = 0 where id = $1", person.account_id, value
    )


async def names(world: World, query: str = "") -> list[str]:
    await count_trends(world.db, world.clock)
    return [tag["name"] for tag in (await world.anyone.get(f"/api/v1/trends/tags{query}")).json()]


async def ids(api: Any, query: str = "") -> list[str]:
    return [status["id"] for status in (await api.get(f"/api/v1/trends/statuses{query}")).json()]


async def like(world: World, status_id: str, *people: Person) -> None:
    """Favourites that nobody is told of."""
    await world.db.connection.executemany(
        "insert into favourites (id, account_id, status_id, created_at) values (make_id($3), $1, $2, $3)",
        [(person.account_id, int(status_id), world.clock.now()) for person in people],
    )


async def test_a_hashtag_trends_by_people_and_not_by_posts(world: World) -> None:
    anna, bea, carl = await people_of(world, 3)
    for _ in range(9):
        await anna.post("#loud")
    for person in (anna, bea):
        await person.post("#two")
    for person in (anna, bea, carl):
        await person.post("#Three")
    assert await names(world) == ["Three", "two"]
    tag = (await bea.api.get("/api/v1/trends")).json()[0]
    assert (tag["name"], tag["following"], tag["history"][0]["accounts"]) == ("Three", False, "3")
    assert tag["url"] == "http://localhost:3000/tags/three"


async def test_what_is_older_weighs_less_and_is_forgotten(world: World) -> None:
    anna, bea, carl = await people_of(world, 3)
    for person in (anna, bea, carl):
        await person.post("#before")
    world.at(world.clock.now() + timedelta(days=2))
    for person in (anna, bea):
        await person.post("#now")
    assert await names(world) == ["now", "before"]
    world.at(world.clock.now() + timedelta(days=2))
    assert await names(world) == ["now"]
    world.at(world.clock.now() + timedelta(days=2))
    assert await names(world) == []


@pytest.mark.parametrize(
    ("column", "value"), [("discoverable", False), ("silenced_at", "now"), ("suspended_at", "now")]
)
async def test_posts_of_some_authors_do_not_count(world: World, column: str, value: object) -> None:
    anna, bea = await people_of(world, 2)
    for person in (anna, bea):
        await person.post("#quiet")
    post = await anna.post("like me")
    await like(world, post["id"], bea, await world.person("fan"))
    assert await names(world) == ["quiet"]
    assert await ids(world.anyone) == [post["id"]]
    await set_account(anna, column, world.clock.now() if value == "now" else value)
    # What was counted before is not shown either.
    assert await ids(world.anyone) == []
    assert await names(world) == []


@pytest.mark.parametrize("more", [{"sensitive": True}, {"spoiler_text": "careful"}, {"visibility": "unlisted"}])
async def test_sensitive_and_unlisted_posts_do_not_count(world: World, more: dict[str, Any]) -> None:
    anna, bea, carl = await people_of(world, 3)
    post = await anna.post("#quiet", **more)
    await bea.post("#quiet", **more)
    await like(world, post["id"], bea, carl)
    assert await names(world) == []
    assert await ids(world.anyone) == []


async def test_a_hashtag_that_may_not_trend_does_not(world: World) -> None:
    anna, bea = await people_of(world, 2)
    for person in (anna, bea):
        await person.post("#quiet")
    assert await names(world) == ["quiet"]
    await world.db.connection.execute("update tags set trendable = false")
    assert (await world.anyone.get("/api/v1/trends/tags")).json() == []
    assert await names(world) == []


async def test_a_post_trends_by_those_who_like_boost_and_answer_it(world: World) -> None:
    anna, bea, carl, dora = await people_of(world, 4)
    liked, answered, own, lonely = [(await anna.post(f"post {number}"))["id"] for number in range(4)]
    await like(world, liked, bea, carl, dora)
    await bea.post("yes", in_reply_to_id=answered)
    await bea.post("no", in_reply_to_id=answered)
    await like(world, answered, carl)
    await like(world, own, anna, bea)
    await like(world, lonely, bea)
    await count_trends(world.db, world.clock)
    assert await ids(world.anyone) == [liked, answered]
    await world.db.connection.execute(
        "update accounts set silenced_at = $1 where username = 'person2'", world.clock.now()
    )
    await count_trends(world.db, world.clock)
    assert await ids(world.anyone) == [liked]


async def test_one_author_does_not_fill_the_trends(world: World) -> None:
    anna, bea, carl, dora = await people_of(world, 4)
    posts = [(await anna.post(f"post {number}"))["id"] for number in range(5)]
    other = (await bea.post("another"))["id"]
    for post in posts:
        await like(world, post, bea, carl, dora)
    await like(world, other, carl, dora)
    await count_trends(world.db, world.clock)
    trending = await ids(world.anyone)
    assert len(trending) == 4
    assert other in trending


async def test_a_viewer_is_spared_whom_they_block_mute_or_filter(world: World) -> None:
    anna, bea, carl, dora = await people_of(world, 4)
    post = (await anna.post("a lighthouse"))["id"]
    await like(world, post, bea, dora)
    await count_trends(world.db, world.clock)
    assert await ids(bea.api) == [post]
    await bea.api.post(f"/api/v1/accounts/{anna.id}/mute")
    await anna.api.post(f"/api/v1/accounts/{carl.id}/block")
    await dora.api.post(
        "/api/v2/filters",
        {"title": "x", "context": ["public"], "filter_action": "hide",
         "keywords_attributes": [{"keyword": "lighthouse", "whole_word": True}]},
    )  # fmt: skip
    for viewer in (bea, carl, dora):
        assert await ids(viewer.api) == []


async def test_links_trend_with_their_previews_and_days(world: World) -> None:
    anna, bea, carl = await people_of(world, 3)
    at = world.clock.now()
    card_id = await world.db.connection.fetchval(
        "insert into preview_cards (id, url, title, fetched_at, usable) values (make_id($1),"
        " 'https://news.example/1', 'News', $1, true) returning id",
        at,
    )
    for person in (anna, bea, bea):
        post = await person.post("https://news.example/1")
        await world.db.connection.execute("update statuses set card_id = $1 where id = $2", card_id, int(post["id"]))
    await count_trends(world.db, world.clock)
    links = (await carl.api.get("/api/v1/trends/links")).json()
    assert [(one["url"], one["title"], one["type"]) for one in links] == [("https://news.example/1", "News", "link")]
    assert len(links[0]["history"]) == 7
    assert (links[0]["history"][0]["accounts"], links[0]["history"][0]["uses"]) == ("2", "3")
    assert links[0]["history"][1] == {
        "day": str(int(at.timestamp()) // 86400 * 86400 - 86400),
        "accounts": "0",
        "uses": "0",
    }


async def test_pages_follow_by_offset(world: World) -> None:
    anna, bea = await people_of(world, 2)
    for person in (anna, bea):
        await person.post("#one #two #three")
    await count_trends(world.db, world.clock)
    first = await world.anyone.get("/api/v1/trends/tags?limit=2")
    assert link(first, "next") == "http://localhost:3000/api/v1/trends/tags?limit=2&offset=2"
    assert link(first, "prev") is None
    second = await world.anyone.get(link(first, "next") or "")
    assert len(first.json() + second.json()) == 3
    assert link(second, "next") is None
    assert link(second, "prev") == "http://localhost:3000/api/v1/trends/tags?limit=2&offset=0"
    assert "link" not in (await world.anyone.get("/api/v1/trends/links")).headers
    await world.anyone.get("/api/v1/trends/tags?limit=-1", expect=400)
    await world.anyone.get("/api/v1/trends/statuses?offset=999999999999999999999", expect=422)


async def test_the_old_name_says_that_it_is_old(world: World) -> None:
    answer = await world.anyone.get("/api/v1/trends")
    assert answer.headers["deprecation"] == "@1648598400"
    assert answer.json() == []


async def test_lists_take_constant_statements(world: World) -> None:
    people = await people_of(world, 3)
    counts: dict[str, list[int]] = {"tags": [], "statuses": []}
    for total in (1, 20):
        for number in range(total):
            post = await people[number % 3].post(f"#tag{total}x{number}")
            await people[(number + 1) % 3].post(f"#tag{total}x{number}")
            await like(world, post["id"], *(person for person in people if person is not people[number % 3]))
        await count_trends(world.db, world.clock)
        for kind, known in counts.items():
            await people[0].api.get(f"/api/v1/trends/{kind}")
            known.append(len(await world.statements(lambda kind=kind: people[0].api.get(f"/api/v1/trends/{kind}"))))
    assert counts == {"tags": [3, 3], "statuses": [3, 3]}


async def test_counting_comes_round_by_itself(world: World) -> None:
    from rostra.effects import HANDLERS

    assert [item.expression for item in HANDLERS.periodic if item.job.name == "search.trends"] == ["*/10 * * * *"]
