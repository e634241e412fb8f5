"""Favouriting, boosting, keeping, pinning, muting and voting from the pages."""

from __future__ import annotations

import pytest

from tests.web.browser import Browser
from tests.world import World

POLL = {"options": ["Bread", "Cake"], "expires_in": 3600}


@pytest.mark.parametrize(
    ("act", "back", "flag"),
    [
        ("favourite", "unfavourite", "favourited"),
        ("reblog", "unreblog", "reblogged"),
        ("bookmark", "unbookmark", "bookmarked"),
        ("mute", "unmute", "muted"),
    ],
)
async def test_a_press_is_done_and_taken_back_without_script(world: World, act: str, back: str, flag: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Hello")
    browser = await Browser.of(world, bob)
    await browser.get("/@alice")
    for step, expected in ((act, True), (act, True), (back, False), (back, False)):
        await browser.post(f"/web/statuses/{status['id']}/{step}", return_to="/@alice#status-1")
        assert browser.path == "/@alice"
        assert (await bob.api.get(f"/api/v1/statuses/{status['id']}")).json()[flag] is expected


async def test_script_gets_the_row_of_buttons_with_the_same_name(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Hello")
    browser = await Browser.of(world, bob)
    await browser.get("/@alice")
    row = await browser.press(f"/web/statuses/{status['id']}/favourite", uid="pinned-1")
    assert 'id="star-pinned-1"' in row
    assert f"/web/statuses/{status['id']}/unfavourite" in row
    assert "<html" not in row


async def test_a_boost_of_the_post_answers_with_the_post(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Hello")
    await bob.follow(alice)
    browser = await Browser.of(world, bob)
    await browser.get("/@alice")
    await browser.press(f"/web/statuses/{status['id']}/reblog")
    boost = (await bob.api.get(f"/api/v1/accounts/{bob.id}/statuses")).json()[0]
    row = await browser.press(f"/web/statuses/{boost['id']}/unreblog")
    assert f"/web/statuses/{status['id']}/reblog" in row


async def test_what_cannot_be_pinned_is_said(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    theirs = await bob.post("Not mine")
    browser = await Browser.of(world, alice)
    for number in range(6):
        mine = await alice.post(f"Post {number}")
        await browser.get("/@alice")
        await browser.post(f"/web/statuses/{mine['id']}/pin", return_to="/@alice")
    assert "You can pin up to 5 posts" in browser.page
    assert browser.page.count("Pinned") == 5
    row = await browser.press(f"/web/statuses/{theirs['id']}/pin")
    assert "hx-swap-oob" in row
    assert "You can pin up to 5 posts" in row


async def test_what_one_may_not_see_cannot_be_touched(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("For followers", visibility="private", poll=POLL)
    browser = await Browser.of(world, bob)
    await browser.get("/@alice")
    for act in ("favourite", "reblog", "bookmark", "pin", "mute"):
        await browser.press(f"/web/statuses/{status['id']}/{act}", expect=404)
    await browser.press(f"/web/polls/{status['id']}/votes", expect=404, **{"choices[]": "0"})
    await browser.press(f"/web/statuses/{status['id']}/explode", expect=404)


async def test_a_vote_counts_once(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("What?", poll=POLL)
    browser = await Browser.of(world, bob)
    await browser.get("/@alice")
    assert 'type="radio"' in browser.page
    await browser.post(f"/web/polls/{status['id']}/votes", return_to="/@alice")
    assert "The vote was not counted" in browser.page
    await browser.post(f"/web/polls/{status['id']}/votes", return_to="/@alice", **{"choices[]": "1"})
    assert 'type="radio"' not in browser.page
    poll = await browser.press(f"/web/polls/{status['id']}/votes", uid="x1", **{"choices[]": "0"})
    assert 'id="poll-x1"' in poll
    assert "The vote was not counted" in poll
    counted = (await alice.api.get(f"/api/v1/statuses/{status['id']}")).json()["poll"]
    assert [option["votes_count"] for option in counted["options"]] == [0, 1]


async def test_a_visitor_is_sent_to_sign_in(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("Hello")
    browser = Browser(world)
    await browser.get("/@alice")
    await browser.post(f"/web/statuses/{status['id']}/favourite", expect=401)
