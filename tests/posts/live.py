"""The application on a database of its own, where requests that run at once really do: each takes a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg

from rostra.kit.clock import FixedClock
from rostra.kit.db import PooledDatabase, connect, open_database
from tests.conftest import TransactionDatabase
from tests.world import World


class LiveDatabase:
    """A pooled database that can also do what the tests' world asks of its own."""

    def __init__(self, pooled: PooledDatabase, connection: asyncpg.Connection) -> None:
        self.read = pooled.read
        self.transaction = pooled.transaction
        self.autocommit = pooled.autocommit
        self.connection = connection
        self.statements: list[str] = []


@asynccontextmanager
async def live_world(dsn: str, clock: FixedClock, home: Path) -> AsyncIterator[World]:
    """A world whose transactions commit."""
    connection = await connect(dsn)
    async with open_database(dsn, max_size=12) as pooled:
        world = World(cast("TransactionDatabase", LiveDatabase(pooled, connection)), clock, home)
        async with world.http_client, world.images:
            yield world
            await world.aclose()
    await connection.close()


async def fetchval(world: World, query: Any, *args: object) -> Any:
    """One value out of what was committed."""
    return await world.db.connection.fetchval(query, *args)
