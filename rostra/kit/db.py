"""The database: a pool of asyncpg connections, read scopes and transactions, rows as records.

Every statement is a literal (the `LiteralString` in each signature makes the type checker refuse anything that was
put together at run time), so no value can ever become SQL. Statements live in the slices' `queries.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, LiteralString, Protocol, TypeVar, cast

import asyncpg
import msgspec

from rostra.kit.errors import Unavailable
from rostra.kit.pool import ConnectionPool
from rostra.kit.servers import Servers

T = TypeVar("T")

# What a lost connection or a restarting server can raise: Unavailable from a pool of ours, the others from a connection
# of one's own. InternalClientError comes from a connection which the server has ended and whose socket is not yet
# closed, and where none of several servers takes writes.
DATABASE_ERRORS = (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# Seconds that a server has for its answer beyond a statement's time: one that is frozen, or gone without a word, does
# not end the statement itself.
_SILENCE = 5.0
# What asyncpg keeps prepared on a connection: as many statements as one meets in practice, as long as it lives.
_KEPT = {"statement_cache_size": 500, "max_cached_statement_lifetime": 0}
# What statements mean by a day, and how JSON writes a moment, whatever the database was set up with.
_MEANING = {"timezone": "UTC"}
_LIGHTLY = "select set_config('synchronous_commit', 'off', true)"


class Reader(Protocol):
    """A connection that may read. What takes a Reader promises not to write."""

    async def fetch(self, query: LiteralString, *args: object) -> list[asyncpg.Record]: ...
    async def fetchrow(self, query: LiteralString, *args: object) -> asyncpg.Record | None: ...
    async def fetchval(self, query: LiteralString, *args: object) -> Any: ...


class Tx(Reader, Protocol):
    """A connection inside a transaction: may read and write."""

    async def execute(self, query: LiteralString, *args: object) -> str: ...
    async def executemany(self, command: LiteralString, args: Sequence[Sequence[object]]) -> None: ...


class Database(Protocol):
    """Where connections come from. Scopes are short and never nested: take what is needed as an argument instead.

    Each raises Unavailable where the database is away, at its beginning or its end: then it is not known whether what
    was written has stayed.
    """

    def read(self) -> AbstractAsyncContextManager[Reader]: ...

    def autocommit(self) -> AbstractAsyncContextManager[Tx]:
        """For a write that is one statement, and as such a transaction: spares the round trips of BEGIN and COMMIT."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Tx]: ...


async def _prepare_connection(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_json, decoder=msgspec.json.decode, format="text"
    )


def _encode_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class PooledDatabase:
    """The real database."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def read(self) -> AbstractAsyncContextManager[Reader]:
        return cast("AbstractAsyncContextManager[Reader]", self._pool.loan())

    def autocommit(self) -> AbstractAsyncContextManager[Tx]:
        return cast("AbstractAsyncContextManager[Tx]", self._pool.loan())

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self._pool.loan() as connection, connection.transaction():
            try:
                yield cast("Tx", connection)
            except TimeoutError:
                # Nobody is there to be asked to roll back.
                connection.terminate()
                raise


@asynccontextmanager
async def open_database(
    dsn: str, *, max_size: int = 8, statement_timeout: float = 15.0, waits_for_disk: bool = True
) -> AsyncGenerator[PooledDatabase]:
    """Open a pool of up to `max_size` connections on `dsn` and close it in the end. `statement_timeout` is in seconds
    and holds for every statement. `dsn` may name several servers (`rostra.kit.servers`).

    Where it does not wait for the disk, a crash of the database may undo the last commits (never one before another
    that stays): for those who do it again then.
    """
    settings = {
        "application_name": "rostra",
        "jit": "off",
        # Our statements are made so that one plan suits all parameters; planning a long one takes longer than to
        # run it, and PostgreSQL would do so five times on each connection before it kept a plan.
        "plan_cache_mode": "force_generic_plan",
        # Pages come from memory or from flash, where a random read costs what a sequential one does.
        "random_page_cost": "1.1",
        "statement_timeout": str(int(statement_timeout * 1000)),
        "idle_in_transaction_session_timeout": "30000",
        **_MEANING,
        "synchronous_commit": "on" if waits_for_disk else "off",
    }

    servers = Servers(dsn)

    async def open_connection() -> asyncpg.Connection:
        connection = await servers.connect(
            server_settings=settings,
            **_KEPT,
            command_timeout=statement_timeout + _SILENCE,
        )
        await _prepare_connection(connection)
        return connection

    pool = ConnectionPool(open_connection, max_size)
    # A database that cannot be reached is to be known now, and as what it is, not at the first request.
    try:
        async with pool.loan():
            pass
    except Unavailable as error:
        raise error.__cause__ or error from None
    try:
        yield PooledDatabase(pool)
    finally:
        await pool.close()


async def commit_lightly(tx: Tx) -> None:
    """Have a transaction's commit wait for no disk and no standby. For what is noted or made anew while somebody reads,
    and again where it was lost: reading goes on where nothing can be written safely."""
    await tx.fetchval(_LIGHTLY)


async def connect(dsn: str) -> asyncpg.Connection:
    """One connection outside the pool, set up like the pooled ones (listeners, migrations, commands)."""
    connection = await Servers(dsn).connect(server_settings=_MEANING, **_KEPT)
    await _prepare_connection(connection)
    return connection


def as_record(kind: type[T], row: asyncpg.Record) -> T:
    """A row as the record `kind`, whose fields are named like the columns."""
    return kind(**dict(row.items()))


def as_records(kind: type[T], rows: Sequence[asyncpg.Record]) -> list[T]:
    """Rows as records, in their order."""
    return [kind(**dict(row.items())) for row in rows]


def find_record(kind: type[T], row: asyncpg.Record | None) -> T | None:
    """`as_record`, or None where there is no row."""
    return None if row is None else as_record(kind, row)
