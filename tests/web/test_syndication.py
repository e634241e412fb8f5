"""Feeds: what everybody may see, for programs that ask again and again."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from tests.api.pictures import upload
from tests.web.browser import Browser
from tests.web.visitor import Visitor
from tests.world import World

_MEDIA = "{http://search.yahoo.com/mrss/}"


async def _feed(world: World, path: str) -> ElementTree.Element:
    answer = await Visitor(world.app).get(path)
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    channel = ElementTree.fromstring(answer.content).find("channel")
    assert channel is not None
    return channel


async def _texts(world: World, path: str) -> list[str]:
    return [item.findtext("description") or "" for item in (await _feed(world, path)).iter("item")]


async def test_a_feed_has_what_a_visitor_sees_of_a_person(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.post("only for followers", visibility="private")
    await alice.post("only for @bob", visibility="direct")
    answered = await bob.post("a question")
    await alice.post("an answer", in_reply_to_id=answered["id"])
    await alice.api.post(f"/api/v1/statuses/{answered['id']}/reblog")
    first = await alice.post("first #news")
    await alice.post("second", visibility="unlisted")
    assert await _texts(world, "/@alice.rss") == ["<p>second</p>", first["content"]]


async def test_an_item_names_the_post_its_time_and_its_hashtags(world: World) -> None:
    alice = await world.person("alice")
    post = await alice.post("first #News")
    item = (await _feed(world, "/@alice.rss")).find("item")
    assert item is not None
    assert item.findtext("link") == item.findtext("guid") == post["url"]
    assert parsedate_to_datetime(item.findtext("pubDate") or "").isoformat()[:19] == post["created_at"][:19]
    assert [category.text for category in item.iter("category")] == ["news"]


async def test_a_warning_stands_before_the_words_and_choices_behind(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("Q & A?", spoiler_text="a < b", poll={"options": ["<yes>", "no"], "expires_in": 600})
    assert await _texts(world, "/@alice.rss") == [
        "<p><strong>a &lt; b</strong></p><hr><p>Q &amp; A?</p><ul><li>&lt;yes&gt;</li><li>no</li></ul>"
    ]


async def test_pictures_come_with_their_descriptions(world: World) -> None:
    alice = await world.person("alice")
    picture = await upload(alice, description="a cat & a hat")
    await alice.post("look", media_ids=[picture["id"]], sensitive=True)
    file = next((await _feed(world, "/@alice.rss")).iter(f"{_MEDIA}content"))
    assert file.get("url") == picture["url"]
    assert file.findtext(f"{_MEDIA}rating") == "adult"
    assert file.findtext(f"{_MEDIA}description") == "a cat & a hat"


async def test_letters_that_xml_has_no_words_for_do_not_break_it(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("bell\x07 and \ufffe nothing")
    assert len(await _texts(world, "/@alice.rss")) == 1


async def test_a_hashtag_has_a_feed(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.post("one #news")
    await bob.post("two #News")
    await bob.post("three")
    await bob.post("four #news", visibility="unlisted")
    channel = await _feed(world, "/tags/News.rss")
    assert channel.findtext("title") == "#news"
    assert [(item.findtext("description") or "")[3:6] for item in channel.iter("item")] == ["two", "one"]


async def test_a_feed_is_the_same_for_whoever_asks(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("for followers", visibility="private")
    browser = await Browser.of(world, alice)
    await browser.get("/@alice.rss")
    assert "<rss" in browser.page
    assert "for followers" not in browser.page


async def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("one")
    visitor = Visitor(world.app)
    etag = (await visitor.get("/@alice.rss")).headers["etag"]
    assert not (await visitor.get("/@alice.rss", expect=304, headers={"if-none-match": etag})).content
    await alice.post("two")
    await visitor.get("/@alice.rss", headers={"if-none-match": etag})


@pytest.mark.parametrize("path", ["/@nobody.rss", "/@.rss", "/@alice.rss.rss"])
async def test_nobody_has_no_feed(world: World, path: str) -> None:
    await Visitor(world.app).get(path, expect=404)


async def test_who_is_suspended_has_no_feed(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("one")
    # Its stored JSON is made anew, as after a decision.
    statement = "update accounts set suspended_at = $2, rendered_for = 0 where id = $1"
    await world.db.connection.execute(statement, alice.account_id, world.clock.now())
    await Visitor(world.app).get("/@alice.rss", expect=404)


@pytest.mark.parametrize(("page", "feed"), [("/@alice", "/@alice.rss"), ("/tags/news", "/tags/news.rss")])
async def test_pages_name_their_feeds(world: World, page: str, feed: str) -> None:
    alice = await world.person("alice")
    await alice.post("one #news")
    answer = await Visitor(world.app).get(page)
    assert (
        f'<link rel="alternate" type="application/rss+xml" title="{page[1:].replace("tags/", "#")}" href="{feed}">'
        in answer.text
    )


async def test_crawlers_are_told_where_nothing_is_to_be_found(world: World) -> None:
    answer = await Visitor(world.app).get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /settings\n" in answer.text
