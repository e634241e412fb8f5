"""Looking through what trends: staff sees all of it, everybody else what was not refused."""

from __future__ import annotations

from typing import Any

import pytest

from rostra.search.trends import count_trends
from tests.world import Person, World, link

TRENDS = "/api/v1/admin/trends"


@pytest.fixture
async def busy(world: World, moderator: Person) -> dict[str, Any]:
    """Two people have posted with a hashtag, a link and hearts, and it was counted."""
    anna, bert, carl = [await world.person(name) for name in ("anna", "bert", "carl")]
    await world.db.connection.execute("update accounts set discoverable = true, rendered_for = 0")
    posts = [await person.post("Look #Cats https://news.example:8443/a") for person in (anna, bert)]
    for person in (bert, carl):
        await person.api.post(f"/api/v1/statuses/{posts[0]['id']}/favourite")
    card_id = await world.db.connection.fetchval(
        "insert into preview_cards (id, url, title, usable, fetched_at)"
        " values (make_id($1), 'https://news.example:8443/a', 'News', true, $1) returning id", world.clock.now(),
    )  # fmt: skip
    await world.db.connection.execute("update statuses set card_id = $1, rendered_for = 0", card_id)
    await count_trends(world.db, world.clock)
    return {"status": posts[0]["id"], "link": str(card_id), "anna": anna}


async def shown(world: World, kind: str) -> int:
    await count_trends(world.db, world.clock)
    return len((await world.anyone.get(f"/api/v1/trends/{kind}")).json())


@pytest.mark.parametrize("kind", ["tags", "statuses", "links"])
async def test_what_was_refused_leaves_the_trends_and_can_come_back(
    world: World, moderator: Person, busy: dict[str, Any], kind: str
) -> None:
    row = (await moderator.api.get(f"{TRENDS}/{kind}")).json()[0]
    assert row["requires_review"] is True
    assert await shown(world, kind) == 1
    refused = (await moderator.api.post(f"{TRENDS}/{kind}/{row['id']}/reject")).json()
    assert (refused["id"], refused["requires_review"]) == (row["id"], False)
    assert await shown(world, kind) == 0
    # Staff sees it still.
    assert (await moderator.api.get(f"{TRENDS}/{kind}")).json()[0]["requires_review"] is False
    await moderator.api.post(f"{TRENDS}/{kind}/{row['id']}/approve")
    assert await shown(world, kind) == 1
    for verb in ("approve", "reject"):
        await moderator.api.post(f"{TRENDS}/{kind}/1/{verb}", expect=404)


async def test_a_site_is_refused_with_all_its_pages_but_for_those_that_were_let(
    world: World, moderator: Person, busy: dict[str, Any]
) -> None:
    publisher = (await moderator.api.get(f"{TRENDS}/links/publishers")).json()[0]
    assert (publisher["domain"], publisher["trendable"], publisher["requires_review"]) == ("news.example", None, True)
    path = f"{TRENDS}/links/publishers/{publisher['id']}"
    refused = (await moderator.api.post(f"{path}/reject")).json()
    assert (refused["trendable"], refused["requires_review"]) == (False, False)
    assert await shown(world, "links") == 0
    await moderator.api.post(f"{TRENDS}/links/{busy['link']}/approve")
    assert await shown(world, "links") == 1
    assert (await moderator.api.post(f"{path}/approve")).json()["trendable"] is True
    await moderator.api.post(f"{TRENDS}/links/publishers/1/approve", expect=404)


async def test_a_hashtag_can_be_written_otherwise_hidden_and_taken_out_of_use(
    world: World, moderator: Person, busy: dict[str, Any]
) -> None:
    tag = (await moderator.api.get("/api/v1/admin/tags")).json()[0]
    assert (tag["name"], tag["usable"], tag["listable"], tag["trendable"]) == ("Cats", True, True, True)
    path = f"/api/v1/admin/tags/{tag['id']}"
    assert (await moderator.api.get(path)).json() == tag
    changed = (await moderator.api.put(path, {"display_name": "CATS", "usable": False, "listable": False})).json()
    assert (changed["name"], changed["usable"], changed["listable"], changed["requires_review"]) == (
        "CATS", False, False, False,
    )  # fmt: skip
    before = await world.db.connection.fetchval("select count(*) from statuses")
    answer = await busy["anna"].api.post("/api/v1/statuses", {"status": "My #cats and #dogs"}, expect=422)
    assert "disallowed hashtag: cats" in answer.json()["error"]
    assert await world.db.connection.fetchval("select count(*) from statuses") == before
    mine = await busy["anna"].post("My #dogs")
    await busy["anna"].api.put(f"/api/v1/statuses/{mine['id']}", {"status": "My #cats"}, expect=422)
    await moderator.api.put(path, {"display_name": "Dogs"}, expect=422)
    await moderator.api.put(path, {"usable": True})
    await busy["anna"].post("My #cats again")
    await moderator.api.get("/api/v1/admin/tags/1", expect=404)


async def test_hashtags_are_paged(moderator: Person) -> None:
    for number in range(5):
        await moderator.post(f"#tag{number}x")
    page = await moderator.api.get("/api/v1/admin/tags", {"limit": 2})
    names = [row["name"] for row in page.json()]
    while (onward := link(page, "next")) is not None:
        page = await moderator.api.get(onward)
        names += [row["name"] for row in page.json()]
    assert names == [f"tag{number}x" for number in reversed(range(5))]


async def test_a_scope_is_not_enough(world: World, member: Person, busy: dict[str, Any]) -> None:
    for path in ("trends/tags", "trends/statuses", "trends/links", "trends/links/publishers", "tags", "tags/1"):
        await member.api.get(f"/api/v1/admin/{path}", expect=403)
    for path in (f"links/{busy['link']}", f"statuses/{busy['status']}", "tags/1", "links/publishers/1"):
        for verb in ("approve", "reject"):
            await member.api.post(f"{TRENDS}/{path}/{verb}", expect=403)
    await member.api.put("/api/v1/admin/tags/1", {"usable": False}, expect=403)
