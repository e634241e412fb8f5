"""The application with one more address, `/floor`: one `select 1` and a static body. What nothing can be faster than.
And with posts that nobody judges, for what judging costs.

It runs as in production, not as in development mode: rate limits count, with limits that nobody reaches.
"""

from __future__ import annotations

import os

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from benchmarks import unscreened
from rostra import asgi
from rostra.kit.settings import load_settings


class WithFloor:
    """The real application, but for one path."""

    def __init__(self, app: asgi.Application) -> None:
        self._app = app
        self._bodies: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/floor":
            unscreened.wanted.set(scope.get("query_string") == b"unscreened=1")
            await self._app(scope, receive, send)
            return
        size = Request(scope).query_params.get("size", "1000")
        body = self._bodies.setdefault(size, b"x" * int(size))
        async with self._app.res.db.read() as conn:
            await conn.fetchval(asgi.HEALTH)
        await Response(body, media_type="application/json")(scope, receive, send)


def create_app() -> WithFloor:
    """What ROSTRA_APP_FACTORY names."""
    settings = load_settings(os.environ)
    as_in_production = msgspec.structs.replace(settings, dev=False, rate_limit_scale=1_000_000.0)
    unscreened.install()
    return WithFloor(asgi.Application(as_in_production, settings.database_url))
