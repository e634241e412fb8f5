"""Every page and every form of the pages, with what no browser sends: an error page at worst, never one of ours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
import msgspec
import pytest

from rostra.accounts.sessions import open_session
from rostra.web.page import PageRoute
from rostra.web.pages import all_pages
from tests.api.browsing import browser_of
from tests.api.stage import Populated
from tests.live.sign_in import hidden_fields

ODD = [
    "", "a", "-1", str(2**70), "a\0b", "\ud7ff\U0010ffff", "a" * 3000, "//evil.example", "a\r\nb: c", "[]",
]  # fmt: skip
ROUTES = {f"{route.method} {route.path}": route for route in all_pages()}
ACTS = {"accounts": "follow", "statuses": "favourite", "tags": "follow", "follow_requests": "authorize"}
# After one of these nobody is signed in any more.
LEAVING = {"POST /auth/sign_out", "POST /settings/delete"}


@asynccontextmanager
async def signed_in(stage: Populated) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A browser in which the owner of the place has signed in, and the token of its forms."""
    world, person = stage.world, stage.person
    await world.db.connection.execute("update users set role = 'owner' where account_id = $1", person.account_id)
    async with browser_of(world) as browser:
        token = await open_session(world.db, world.clock, person.account_id, ip=None, user_agent="test")
        browser.cookies.set(f"{world.res.settings.cookie_prefix}session", token)
        page = await browser.get("/settings/sessions")
        yield browser, hidden_fields(page.text, "/auth/sign_out")["csrf"]


def shaped(route: PageRoute, value: str, shape: int) -> list[tuple[str, str]]:
    """A value for every field of a form: plain, as an element of a list, or as a field of an object."""
    endings = ("", "[]", "[a]", "[0][a]")
    return [(field.encode_name + endings[shape % 4], value) for field in msgspec.structs.fields(route.form)]


def path_of(stage: Populated, route: PageRoute, value: str | None) -> str:
    """The path with `value` for each parameter, or (None) with what is there."""
    names = {"acct": "ana", "name": "cats", "hashtag": "cats", "side": "local", "shortcode": "none"}
    names["act"] = next((act for noun, act in ACTS.items() if noun in route.path), "approve")
    if route.path.startswith("/@"):
        names["id"] = stage.ids["status"]

    def chosen(found: re.Match[str]) -> str:
        name = found[1].partition(":")[0]
        known = names.get(name) or stage.path(route.path.replace("@", ""), {name: "1"})[name]
        return quote(known if value is None else value, safe="")

    return re.sub(r"\{([^}]+)\}", chosen, route.path)


async def send(browser: httpx.AsyncClient, route: PageRoute, path: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    content = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
    if route.method == "GET":
        return await browser.get(f"{path}?{content}")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await browser.request(route.method, path, content=content.encode(), headers=headers)


@pytest.mark.parametrize("label", ROUTES)
async def test_a_page_bears_anything(populated: Populated, label: str) -> None:
    route = ROUTES[label]
    async with signed_in(populated) as (browser, csrf):
        for place, odd in enumerate((None, *ODD)):
            path = path_of(populated, route, None if place % 2 == 0 else odd or "x")
            fields = [] if odd is None else shaped(route, odd, place // 2)
            answer = await send(browser, route, path, [("csrf", csrf), *fields])
            assert answer.status_code < 500, (label, path, odd)
            assert not answer.headers.get("location", "").startswith(("//", "http://evil", "https://evil")), label
            if label in LEAVING:
                break
