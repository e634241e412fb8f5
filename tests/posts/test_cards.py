"""Link previews, fetched from a web server of the test."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rostra.kit.clock import FixedClock
from rostra.posts.card import CardWanted, fetch_card, link_card
from tests.api.pictures import png, upload
from tests.posts.live import live_world
from tests.world import Person, World

PAGE = """<!doctype html><html lang="en"><head><title>{title}</title>
<meta property="og:description" content="About owls"><meta property="og:site_name" content="Owl News">
<meta name="author" content="Ada"><meta property="og:image" content="/owl.png">
<meta property="og:image:alt" content="An owl"></head><body>x</body></html>"""


class Site:
    """A small web server; `answers` maps a path to status, content type and body."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self.base = ""
        self.delay = 0.0
        self.answers: dict[str, tuple[int, str, bytes]] = {
            "/owls": (200, "text/html; charset=utf-8", PAGE.format(title="Owls").encode()),
            "/owl.png": (200, "image/png", png(120, 63)),
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        path = request.split(b" ", 2)[1].decode()
        self.hits[path] += 1
        await asyncio.sleep(self.delay)
        status, kind, body = self.answers.get(path, (404, "text/html", b"<title>Nothing</title>"))
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.base = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield site


async def card_of(person: Person, status: dict[str, Any]) -> dict[str, Any] | None:
    return (await person.api.get(f"/api/v1/statuses/{status['id']}")).json()["card"]


async def test_a_post_shows_what_its_first_link_says_of_itself(world: World, site: Site) -> None:
    alice = await world.person("alice")
    status = await alice.post(f"@alice #owl look: {site.base}/owls#top and {site.base}/other")
    assert status["card"] is None
    assert site.hits == {}
    await world.settle()
    card = await card_of(alice, status)
    assert card is not None
    assert (card["title"], card["description"], card["type"]) == ("Owls", "About owls", "link")
    assert (card["provider_name"], card["author_name"], card["language"]) == ("Owl News", "Ada", "en")
    assert card["url"] == f"{site.base}/owls"
    assert card["authors"] == [{"name": "Ada", "url": "", "account": None}]
    assert card["image"].startswith(world.res.settings.media_base_url + "/cards/")
    assert (card["width"], card["height"], card["image_description"]) == (120, 63, "An owl")
    assert card["blurhash"]
    assert site.hits == {"/owls": 1, "/owl.png": 1}


async def test_a_page_is_fetched_once_for_all_posts_until_two_weeks_have_gone(world: World, site: Site) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    first, second = await alice.post(f"{site.base}/owls"), await bob.post(f"again {site.base}/owls")
    await world.settle()
    third = await alice.post(f"once more {site.base}/owls")
    await world.settle()
    assert [(await card_of(alice, one) or {})["title"] for one in (first, second, third)] == ["Owls"] * 3
    assert site.hits["/owls"] == 1
    world.clock.tick(days=15)
    site.answers["/owls"] = (200, "text/html", PAGE.format(title="New owls").encode())
    old = (await card_of(alice, first) or {})["image"].removeprefix(world.res.settings.media_base_url + "/")
    await alice.post(f"and again {site.base}/owls")
    await world.settle()
    assert site.hits["/owls"] == 2
    # Those who linked to it before see the new card, and the old picture is gone.
    assert (await card_of(alice, first) or {})["title"] == "New owls"
    assert await world.res.store.find_head(old) is None


async def test_a_picture_that_cannot_be_used_is_left_out(world: World, site: Site) -> None:
    alice = await world.person("alice")
    site.answers["/owl.png"] = (200, "image/png", b"no picture")
    status = await alice.post(f"{site.base}/owls")
    await world.settle()
    card = await card_of(alice, status)
    assert card is not None
    assert (card["title"], card["image"], card["width"], card["blurhash"]) == ("Owls", None, 0, None)


@pytest.mark.parametrize(
    "answer",
    [
        (404, "text/html", b"<title>Not found</title>"),
        (200, "application/pdf", b"%PDF"),
        (200, "text/html", b"<p>no title"),
        (200, "text/html", b"<title>Big</title>" + b"x" * (5 << 20)),
    ],
    ids=["missing", "no page", "no title", "too large"],
)
async def test_a_page_without_a_preview_leaves_the_post_as_it_is(
    world: World, site: Site, answer: tuple[int, str, bytes]
) -> None:
    alice = await world.person("alice")
    site.answers["/owls"] = answer
    status = await alice.post(f"{site.base}/owls")
    await world.settle()
    assert await card_of(alice, status) is None
    assert site.hits["/owls"] == 1


async def test_a_server_that_fails_is_asked_again_a_few_times_and_then_left_alone(world: World, site: Site) -> None:
    alice = await world.person("alice")
    good = site.answers["/owls"]
    site.answers["/owls"] = (503, "text/html", b"later")
    status = await alice.post(f"{site.base}/owls")
    await world.settle()
    assert site.hits["/owls"] == 1
    for _ in range(5):
        world.clock.tick(minutes=10)
        await world.settle()
    assert site.hits["/owls"] == 3
    assert await card_of(alice, status) is None
    world.clock.tick(days=15)
    site.answers["/owls"] = good
    await alice.post(f"now {site.base}/owls")
    await world.settle()
    assert (await card_of(alice, status) or {})["title"] == "Owls"


async def test_no_card_for_links_to_this_server_mentions_tags_or_beside_pictures(world: World, site: Site) -> None:
    alice = await world.person("alice")
    picture = await upload(alice)
    await alice.post("http://localhost:3000/@alice #tag @alice")
    await alice.post(f"{site.base}/owls", media_ids=[picture["id"]])
    await alice.post("no link")
    await world.settle()
    assert site.hits == {}
    assert await world.db.connection.fetchval("select count(*) from preview_cards") == 0


async def test_an_edit_keeps_takes_away_or_exchanges_the_card(world: World, site: Site) -> None:
    alice = await world.person("alice")
    site.answers["/cats"] = (200, "text/html", b"<title>Cats</title>")
    status = await alice.post(f"{site.base}/owls")
    await world.settle()
    path = f"/api/v1/statuses/{status['id']}"

    async def edited(text: str) -> tuple[str | None, str | None]:
        at_once = (await alice.api.put(path, {"status": text})).json()["card"]
        await world.settle()
        later = await card_of(alice, status)
        return at_once and at_once["title"], later and later["title"]

    assert await edited(f"better words for {site.base}/owls") == ("Owls", "Owls")
    assert await edited(f"{site.base}/cats") == (None, "Cats")
    assert await edited("nothing") == (None, None)
    assert await edited(f"back to {site.base}/owls") == (None, "Owls")
    assert site.hits["/owls"] == 1


async def test_the_card_of_a_deleted_post_is_no_trouble(world: World, site: Site) -> None:
    alice = await world.person("alice")
    status = await alice.post(f"{site.base}/owls")
    await alice.api.delete(f"/api/v1/statuses/{status['id']}")
    await world.settle()
    assert site.hits == {}


async def test_a_post_that_links_to_a_page_while_it_is_fetched_shows_the_card_too(
    fresh_dsn: str, clock: FixedClock, tmp_path: Path, site: Site
) -> None:
    async with live_world(fresh_dsn, clock, tmp_path) as world:
        alice = await world.person("alice")
        res = world.res
        first = await alice.post(f"{site.base}/owls")
        await link_card(res.db, res.clock, res.urls, int(first["id"]))
        card_id = await world.db.connection.fetchval("select id from preview_cards")
        site.delay = 0.3
        fetching = asyncio.create_task(
            fetch_card(res.db, res.clock, res.http, res.store, res.images, res.screen, CardWanted(card_id))
        )
        while not site.hits:
            await asyncio.sleep(0.01)
        second = await alice.post(f"too {site.base}/owls")
        await link_card(res.db, res.clock, res.urls, int(second["id"]))
        await fetching
        assert [(await card_of(alice, one) or {})["title"] for one in (first, second)] == ["Owls", "Owls"]
        assert site.hits["/owls"] == 1
