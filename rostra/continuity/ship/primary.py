"""The database that is shipped from: one connection as its superuser, made again whenever it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import asyncpg

from rostra.continuity.ship import queries
from rostra.continuity.ship.lane import said_by
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.postgres import PostgresRefused, dsn_of
from rostra.kit.postgres_setup import ADMIN

T = TypeVar("T")

_PATIENCE: Final = 10


class DatabaseAway(Exception):
    """The database does not answer, or refuses; the text is what it says."""


class Primary:
    """Owns the connection, from the first question to `close`. Questions wait for one another."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def ask(self, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """The answer. Raises DatabaseAway, also where the database does not do what it is asked to."""
        async with self._turn:
            try:
                connection = self._connection
                if connection is None or connection.is_closed():
                    self._connection = connection = await asyncpg.connect(
                        dsn_of(self._data_dir, role=ADMIN, database="postgres"),
                        timeout=_PATIENCE,
                        command_timeout=_PATIENCE,
                    )
                return await question(connection)
            except (*DATABASE_ERRORS, PostgresRefused) as error:
                await self._drop()
                raise DatabaseAway(said_by(error)) from error

    async def list_migrations(self) -> list[str]:
        """The migrations that were applied to the application's database."""
        try:
            connection = await asyncpg.connect(dsn_of(self._data_dir), timeout=_PATIENCE)
            try:
                return await queries.list_migrations(connection)
            finally:
                await connection.close()
        except (*DATABASE_ERRORS, PostgresRefused) as error:
            raise DatabaseAway(said_by(error)) from error

    async def close(self) -> None:
        async with self._turn:
            await self._drop()

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*DATABASE_ERRORS):
                connection.terminate()
