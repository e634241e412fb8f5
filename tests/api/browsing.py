"""A browser on the application in process: it has cookies, fills in forms and signs in."""

from __future__ import annotations

from typing import Any

import httpx

from tests.live.sign_in import hidden_fields
from tests.world import DOMAIN, World

PASSWORD = "correct horse battery"
SESSION = "rostra3000_session"


def browser_of(world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=f"http://{DOMAIN}")


async def csrf(browser: httpx.AsyncClient, path: str = "/auth/sign_in") -> str:
    """The CSRF token of a visitor's form."""
    return hidden_fields((await browser.get(path)).text, path)["csrf"]


async def sign_in(browser: httpx.AsyncClient, **more: str) -> httpx.Response:
    """Sign in as ana; returns the answer to the form."""
    form = {"csrf": await csrf(browser), "login": "ana", "password": PASSWORD, **more}
    return await browser.post("/auth/sign_in", data=form)


async def register(world: World, *redirects: str) -> dict[str, Any]:
    """Register an app."""
    body = {"client_name": "App", "redirect_uris": list(redirects), "scopes": "read write"}
    return (await world.anyone.post("/api/v1/apps", body)).json()
