"""The application behind a real server on a port of this machine, with a database that really commits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from rostra.asgi import Application
from rostra.kit.clock import FixedClock
from rostra.kit.db import PooledDatabase, connect, open_database
from tests.conftest import NOON
from tests.world import World, test_settings


class CommittingDatabase:
    """What `World` wants of a database, without the transaction around everything."""

    def __init__(self, pooled: PooledDatabase, connection: Any) -> None:
        self.read = pooled.read
        self.transaction = pooled.transaction
        self.autocommit = pooled.autocommit
        self.connection = connection
        self.statements: list[str] = []


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The test run's signals are its own."""
        yield


class Live:
    """A world that is also served: `world` for people and posts, `address` for clients."""

    def __init__(self, world: World, app: Application, port: int) -> None:
        self.world = world
        self.app = app
        self.address = f"127.0.0.1:{port}"


@asynccontextmanager
async def serving(dsn: str, data_dir: Path) -> AsyncIterator[Live]:
    """Serve on the database `dsn`; ends when everything that was open is closed."""
    connection = await connect(dsn)
    async with open_database(dsn, max_size=4) as pooled:
        database: Any = CommittingDatabase(pooled, connection)
        world = World(database, FixedClock(NOON), data_dir)
        app = Application(test_settings(data_dir), dsn, world.res)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=0, ws="websockets-sansio", lifespan="on", log_config=None, loop="none"
        )
        server = _Server(config)
        serve = asyncio.create_task(server.serve())
        try:
            await until(lambda: server.started)
            await asyncio.wait_for(app.listener.until_listening(), 60)
            async with world.http_client:
                yield Live(world, app, server.servers[0].sockets[0].getsockname()[1])
        finally:
            app.end_streams()
            server.should_exit = True
            await serve
            await world.aclose()
            await connection.close()


async def until(condition: Any) -> None:
    """Wait until something holds, at most ten seconds."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)
