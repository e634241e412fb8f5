"""A database that is looked at and not written: for a copy of a server beside the server itself.

PostgreSQL refuses writes there anyway (default_transaction_read_only). What a reader writes in passing, such as when a
session was last used, is passed over in silence; what is merely derived from other rows may be made anew.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, LiteralString

import asyncpg

from rostra.kit.db import Database, Reader, Tx

_MAY_WRITE: Final = "set transaction read write"


class ReadingDatabase:
    """`db` for reading. `derived` are the statements with which derived texts are locked and stored."""

    def __init__(self, db: Database, derived: Collection[LiteralString]) -> None:
        self._db = db
        self._derived = derived

    def read(self) -> AbstractAsyncContextManager[Reader]:
        return self._db.read()

    @asynccontextmanager
    async def autocommit(self) -> AsyncGenerator[Tx]:
        async with self._db.autocommit() as tx:
            yield _Passing(tx, ())

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self._db.transaction() as tx:
            yield _Passing(tx, self._derived)


class _Passing:
    """A transaction that executes nothing but what is derived."""

    def __init__(self, tx: Tx, derived: Collection[LiteralString]) -> None:
        self._tx = tx
        self._derived = derived
        self._is_first = True

    async def fetch(self, query: LiteralString, *args: object) -> list[asyncpg.Record]:
        await self._admit(query)
        return await self._tx.fetch(query, *args)

    async def fetchrow(self, query: LiteralString, *args: object) -> asyncpg.Record | None:
        await self._admit(query)
        return await self._tx.fetchrow(query, *args)

    async def fetchval(self, query: LiteralString, *args: object) -> Any:
        await self._admit(query)
        return await self._tx.fetchval(query, *args)

    async def execute(self, query: LiteralString, *args: object) -> str:
        if query not in self._derived:
            return "UPDATE 0"
        await self._admit(query)
        return await self._tx.execute(query, *args)

    async def executemany(self, command: LiteralString, args: Sequence[Sequence[object]]) -> None:  # noqa: ARG002
        return None

    async def _admit(self, query: LiteralString) -> None:
        """A transaction that begins with locking what is derived may write; PostgreSQL asks at its beginning only."""
        if self._is_first and query in self._derived:
            await self._tx.execute(_MAY_WRITE)
        self._is_first = False
