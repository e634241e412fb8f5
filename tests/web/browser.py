"""A browser without script for tests over HTTP: keeps cookies, follows redirects, sends forms with the page's token."""

from __future__ import annotations

import re
from typing import Any

import httpx

from rostra.accounts.sessions import open_session
from tests.world import Person, World


class Browser:
    """`page` is the last answer's text, `path` where it was found."""

    def __init__(self, world: World) -> None:
        self.http = httpx.AsyncClient(
            transport=world.http._transport, base_url=world.http.base_url, follow_redirects=True
        )
        self.page = ""
        self.path = ""
        self._csrf = ""

    @classmethod
    async def of(cls, world: World, person: Person) -> Browser:
        """A browser in which somebody has signed in."""
        browser = cls(world)
        token = await open_session(world.db, world.clock, person.account_id, ip=None, user_agent="test")
        browser.http.cookies.set(f"{world.res.settings.cookie_prefix}session", token)
        return browser

    async def get(self, path: str, expect: int = 200) -> str:
        """Open a page."""
        return self._take(await self.http.get(path), expect)

    async def post(self, path: str, expect: int = 200, *, files: Any = None, **fields: Any) -> str:
        """Send a form; the page that comes in the end. A field's value may be a list."""
        filled = {"csrf": self._csrf, **fields}
        return self._take(await self.http.post(path, data=filled, files=files), expect)

    async def press(self, path: str, expect: int = 200, **fields: Any) -> str:
        """Send a form as htmx does; the fragment that comes back. `page` stays."""
        headers = {"hx-request": "true"}
        answer = await self.http.post(path, data={"csrf": self._csrf, **fields}, headers=headers)
        assert answer.status_code == expect, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.text

    def _take(self, answer: httpx.Response, expect: int) -> str:
        where = f"{answer.request.method} {answer.request.url.raw_path.decode()}"
        assert answer.status_code == expect, f"{where}: {answer.status_code} {answer.text[:300]}"
        self.page, self.path = answer.text, answer.request.url.raw_path.decode()
        found = re.search(r'name="csrf" value="([^"]+)"', self.page)
        self._csrf = found[1] if found else ""
        return self.page

    def value(self, name: str) -> str:
        """What a field of the page's forms holds."""
        found = re.search(rf'name="{re.escape(name)}"[^>]* value="([^"]*)"', self.page)
        assert found, f"{self.path} has no field {name}"
        return found[1]
