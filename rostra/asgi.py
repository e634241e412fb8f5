"""The web process: one ASGI application with the API, the pages, streaming and media behind one table of paths."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import cache

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from rostra.api.answer import answer, error_response, not_found, say_limits
from rostra.api.openapi import describe
from rostra.api.route import Route
from rostra.api.routes import all_routes
from rostra.continuity import figures
from rostra.effects import emit
from rostra.http_edge import finish, new_request_id, preflight, refuse_to_write
from rostra.kit import metrics
from rostra.kit.db import DATABASE_ERRORS, Database
from rostra.kit.errors import Forbidden, NotFound, RostraError
from rostra.kit.router import Router
from rostra.kit.settings import Settings, load_settings
from rostra.media.gate import Gate
from rostra.resources import Resources, open_resources
from rostra.screening.detectors import load_detectors
from rostra.streaming import events, websocket
from rostra.streaming.hub import Hub
from rostra.streaming.listen import Listener
from rostra.web import respond as web
from rostra.web.assets import PLACES, serve_asset
from rostra.web.media_files import serve_file
from rostra.web.page import PageRoute
from rostra.web.pages import all_pages

log = structlog.get_logger()
HEALTH = "select 1"
_SLOW = 1.0
# Nobody looks at what stands behind these with a browser: there, even what is missing is JSON.
_MACHINES = ("/api/", "/.well-known/", "/nodeinfo/", "/media/")

Endpoint = Callable[["Application", Request, dict[str, str]], Awaitable[Response]]


class Application:
    """Owns what a web process holds open, from the lifespan's start to its end."""

    def __init__(self, settings: Settings, dsn: str | None = None, resources: Resources | None = None) -> None:
        self._settings = settings
        self._dsn = dsn or ""
        self._given = resources
        self._stack = AsyncExitStack()
        if resources is not None:
            self._open(resources)

    def _open(self, res: Resources) -> None:
        self.res = res
        self.hub = Hub(res)
        self.gate = Gate(res.db, res.clock)
        self.listener = Listener(self.hub, res.tokens, self._dsn)
        # Made before anybody asks.
        _endpoints()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        path: str = scope["path"]
        request_id = new_request_id()
        found = _endpoints().find(request.method, path)
        route = found[0][0] if found else ""
        if self.res.edge.refuses(_host(scope)):
            found, route, response = None, "", error_response(Forbidden())
        elif request.method == "OPTIONS":
            response = preflight(request)
        elif self.res.look is not None and request.method not in ("GET", "HEAD"):
            response = refuse_to_write(request, self.res.look.until)
        else:
            response = await self._respond(request, found, request_id)
            if path.startswith("/api/"):
                say_limits(response, request, self.res)
        https = self._settings.scheme == "https"
        finish(response, path, request_id, has_origin="origin" in request.headers, https=https)
        _observe(request.method, path, route, response.status_code, time.perf_counter() - started)
        await response(scope, receive, send)

    async def _respond(
        self, request: Request, found: tuple[tuple[str, Endpoint], dict[str, str]] | None, request_id: str
    ) -> Response:
        try:
            if found is None:
                machine = request.url.path.startswith(_MACHINES)
                return not_found() if machine else await web.missing(request, self.res)
            (_, endpoint), params = found
            return await endpoint(self, request, params)
        except RostraError as error:
            return error_response(error)
        except Exception:
            log.exception("a request failed", request_id=request_id, method=request.method, path=request.url.path)
            return error_response(RostraError(f"Something went wrong on our side (request {request_id})"))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        path: str = scope["path"].rstrip("/")
        if path not in ("/api/v1/streaming", "/web/stream") or self.res.edge.refuses(_host(scope)):
            await socket.close(1008)
            return
        await websocket.serve(socket, self.hub, self.res, page=path == "/web/stream")

    def end_streams(self) -> None:
        """Close the live connections, which would otherwise keep a process that ends waiting for them."""
        self.hub.end_all()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            if self._given is None:
                res = await self._stack.enter_async_context(open_resources(self._settings, self._dsn, emit))
                if res.look is None:
                    # In this thread: what another one makes lies apart, among holes that nothing fills any more.
                    warm()
                    await res.screen.get_ready(res.db)
                self._open(res)
            await self._stack.enter_async_context(self.res.edge.following(self.res.db))
            self.listener.start()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.listener.stop()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})


@cache
def _endpoints() -> Router[tuple[str, Endpoint]]:
    """Everything that this program answers, by method and path, with the path as it was registered."""
    router: Router[tuple[str, Endpoint]] = Router()
    for route in all_routes():
        router.add(route.method, route.path, (route.path, _api(route)))
    for page in all_pages():
        router.add(page.method, page.path, (page.path, _page(page)))
    own: dict[str, Endpoint] = {
        "/health": _health,
        "/metrics": _metrics,
        "/api/openapi.json": _openapi,
        "/media/{key:path}": _media,
        "/static/{name:path}": _static(None),
        "/api/v1/streaming/{stream:path}": _events,
    }
    own |= {path: _static(name) for path, name in PLACES.items()}
    for path, endpoint in own.items():
        router.add("GET", path, (path, endpoint))
    return router


def _api(route: Route) -> Endpoint:
    async def endpoint(app: Application, request: Request, params: dict[str, str]) -> Response:
        return await answer(request, route, params, app.res)

    return endpoint


def _page(route: PageRoute) -> Endpoint:
    async def endpoint(app: Application, request: Request, params: dict[str, str]) -> Response:
        try:
            return await web.respond(request, route, params, app.res)
        finally:
            if request.method not in ("GET", "HEAD"):
                app.res.tokens.forget()

    return endpoint


async def _health(app: Application, _request: Request, _params: dict[str, str]) -> Response:
    try:
        await asyncio.wait_for(_ask(app.res.db), 2.0)
    except DATABASE_ERRORS as error:
        log.warning("the database does not answer", reason=str(error))
        return Response("the database does not answer", 503, media_type="text/plain")
    # The word that Mastodon says, for clients compare it.
    return Response("OK", media_type="text/plain")


async def _metrics(app: Application, request: Request, _params: dict[str, str]) -> Response:
    # What a scraper on this machine may know is nobody else's business; a proxy must not pass it on.
    passed_on = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via"))
    if passed_on or not request.client or not request.client.host.startswith(("127.", "::1")):
        raise NotFound
    copies = await asyncio.to_thread(figures.exposition, app.res.settings, app.res.clock.now())
    return Response(metrics.exposition() + copies, media_type=metrics.CONTENT_TYPE)


async def _openapi(app: Application, _request: Request, _params: dict[str, str]) -> Response:
    return Response(describe(app.res.urls.base), media_type="application/json")


async def _media(app: Application, request: Request, params: dict[str, str]) -> Response:
    return await serve_file(request, app.res, app.gate, params["key"])


async def _events(app: Application, request: Request, params: dict[str, str]) -> Response:
    return await events.serve(request, params["stream"], app.hub, app.res)


def _static(name: str | None) -> Endpoint:
    """Serves one file, or the one that the path names."""

    async def endpoint(_app: Application, request: Request, params: dict[str, str]) -> Response:
        return serve_asset(request, name or params["name"])

    return endpoint


def _host(scope: Scope) -> str:
    """Where a connection comes from."""
    client = scope.get("client")
    return client[0] if client else ""


async def _ask(db: Database) -> None:
    async with db.read() as conn:
        await conn.fetchval(HEALTH)


def _observe(method: str, path: str, route: str, status: int, seconds: float) -> None:
    metrics.observe_request(route, method, status, seconds)
    if seconds > _SLOW:
        log.warning("a request was slow", method=method, route=route, status=status, seconds=round(seconds, 3))
    else:
        log.debug("request", method=method, path=path, status=status, seconds=round(seconds, 4))


def warm() -> None:
    """Load what takes a process seconds and needs no database, so that `create_app` may come at any moment."""
    load_detectors().cascade.read(["Good morning"], written_on=None)


def create_app(environ: Mapping[str, str] = os.environ) -> Application:
    """The application by the settings in the environment, on the database that ROSTRA_DATABASE_URL names."""
    settings = load_settings(environ)
    return Application(settings, settings.database_url)
