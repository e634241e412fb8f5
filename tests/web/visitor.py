"""A browser without script that stops at every answer, so that a test can look at cookies, codes and redirects."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from rostra.asgi import Application
from tests.world import Person, World

PASSWORD = "correct horse battery"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Visitor:
    """One browser on the application; `page` is the last answer."""

    def __init__(self, app: Application, base_url: str = "http://localhost:3000") -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)
        self.page: httpx.Response | None = None

    async def get(self, path: str, *, expect: int = 200, **more: Any) -> httpx.Response:
        """Open a page."""
        self.page = await self.http.get(path, **more)
        assert self.page.status_code == expect, f"GET {path}: {self.page.status_code} {self.text[:300]}"
        return self.page

    async def post(self, path: str, fields: Any = None, *, expect: int = 303, **more: Any) -> httpx.Response:
        """Send a form with the token that the last page carries."""
        given = {"csrf": self.csrf, **(fields or {})}
        self.page = await self.http.post(path, data=given, **more)
        assert self.page.status_code == expect, f"POST {path}: {self.page.status_code} {self.text[:300]}"
        return self.page

    async def follow(self) -> httpx.Response:
        """Go where the last answer sends the browser."""
        assert self.page is not None
        return await self.get(self.page.headers["location"])

    async def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Sign in; the answer is not followed."""
        await self.get("/auth/sign_in?again=1")
        await self.post("/auth/sign_in", {"login": name, "password": password})

    async def is_in(self) -> bool:
        """Whether this browser is signed in."""
        return (await self.http.get("/settings")).status_code == 200

    @property
    def text(self) -> str:
        return "" if self.page is None else unescape(self.page.text)

    @property
    def csrf(self) -> str:
        found = _CSRF.search(self.page.text) if self.page else None
        return found[1] if found else ""

    def hidden(self, action: str) -> dict[str, str]:
        """The hidden fields of the form on the last page that posts to `action`."""
        assert self.page is not None
        form = re.search(rf'<form[^>]* action="{re.escape(action)}".*?</form>', self.page.text, re.DOTALL)
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0] if form else "")
        return {unescape(name): unescape(value) for name, value in fields}

    async def aclose(self) -> None:
        await self.http.aclose()


async def with_password(world: World, username: str, **more: Any) -> Person:
    """A person of the world who can sign in."""
    person = await world.person(username, **more)
    password_hash = await world.res.passwords.hash(PASSWORD)
    await world.db.connection.execute(
        "update users set password_hash = $2 where account_id = $1", person.account_id, password_hash
    )
    return person
