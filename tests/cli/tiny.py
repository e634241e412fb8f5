"""Stand-ins for the web application and the worker, so that the tests of `rostra up` test `rostra up`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import asyncpg

from rostra.kit.settings import Settings

Message = MutableMapping[str, Any]


def create_app() -> Callable[..., Awaitable[None]]:
    """Answers with its process id; /database asks the database first, /slow takes a second, /crash exits."""

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        text = str(os.getpid())
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        if scope["path"] == "/crash":
            os._exit(9)
        if scope["path"] == "/database":
            connection = await asyncpg.connect(os.environ["ROSTRA_DATABASE_URL"])
            text = str(await connection.fetchval("select pg_postmaster_start_time()"))
            await connection.close()
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    return app


def create_broken_app() -> None:
    """A web process that cannot start."""
    raise RuntimeError("the stand-in is broken")


async def run(settings: Settings, dsn: str, stop: asyncio.Event) -> None:
    """A worker that has nothing to do."""
    assert dsn == settings.database_url
    await stop.wait()
