"""The web process: one ASGI application with the API, the pages, streaming and media behind one table of paths."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rostra.api.answer import answer, not_found
from rostra.api.route import Route
from rostra.api.routes import all_routes
from rostra.effects import emit
from rostra.kit.router import Router
from rostra.kit.settings import Settings, load_settings
from rostra.resources import Resources, open_resources


class Application:
    """Owns what a web process holds open, from the lifespan's start to its end."""

    def __init__(self, settings: Settings, dsn: str | None = None, resources: Resources | None = None) -> None:
        self._settings = settings
        self._dsn = dsn
        self._res = resources
        self._stack = AsyncExitStack()
        self._router: Router[Route] = Router()
        for route in all_routes():
            self._router.add(route.method, route.path, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            response = await self._respond(Request(scope, receive))
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        assert self._res is not None
        found = self._router.find(request.method, request.scope["path"])
        if found is None:
            return not_found()
        route, params = found
        return await answer(request, route, params, self._res)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            if self._res is None:
                self._res = await self._stack.enter_async_context(open_resources(self._settings, self._dsn or "", emit))
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(environ: Any = os.environ) -> Application:
    """The application by the settings in the environment, on the database that ROSTRA_DATABASE_URL names."""
    settings = load_settings(environ)
    return Application(settings, settings.database_url)
