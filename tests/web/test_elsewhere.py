"""Addresses that are known by heart elsewhere lead to our pages."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.web.browser import Browser
from tests.world import World


@pytest.mark.parametrize(
    ("shared", "text"),
    [
        ({"text": "Look at this", "url": "https://example.org/a?b=1&c"}, "Look at this\n\nhttps://example.org/a?b=1&c"),
        ({"text": "Look https://example.org/a", "url": "https://example.org/a"}, "Look https://example.org/a"),
        ({"title": "News", "url": "https://example.org"}, "News\n\nhttps://example.org"),
        ({"text": "à <b>“c”</b> %0A\r\n#d"}, "à <b>“c”</b> %0A\r\n#d"),
        ({}, ""),
    ],
)
async def test_what_is_shared_stands_in_the_composer(world: World, shared: dict[str, str], text: str) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get(f"/share?{urlencode(shared)}")
    assert browser.path.startswith("/compose?text=")
    found = re.search(r'<textarea id="status"[^>]*>\n(.*?)</textarea>', browser.page, re.DOTALL)
    assert found
    assert unescape(found[1]) == text


async def test_who_is_not_signed_in_shares_after_signing_in(world: World) -> None:
    browser = Browser(world)
    await browser.get("/share?text=Look%20at%20this")
    assert browser.path.startswith("/auth/sign_in?")
    assert unescape(browser.value("return_to")) == "/compose?text=Look+at+this"


async def test_an_address_or_a_handle_is_looked_for_here(world: World) -> None:
    bob = await world.person("bob")
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get(f"/authorize_interaction?{urlencode({'uri': f'acct:bob@{world.res.urls.domain}'})}")
    assert "@bob" in browser.page
    assert bob.username in browser.page


async def test_apps_of_moderators_find_the_account(world: World) -> None:
    newcomer, moderator = await world.person("newcomer"), await world.person("olga", role="moderator")
    browser = await Browser.of(world, moderator)
    await browser.get(f"/admin/accounts/{newcomer.id}")
    assert browser.path == f"/admin/people/{newcomer.id}"
    assert "newcomer" in browser.page
    stranger = await Browser.of(world, newcomer)
    await stranger.get(f"/admin/accounts/{moderator.id}", expect=403)


@pytest.mark.parametrize(("path", "ours"), [("/about/more", "/about"), ("/filters", "/settings/filters")])
async def test_older_addresses_lead_on(world: World, path: str, ours: str) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get(path)
    assert browser.path == ours
