"""The census: the rows and the hash of every table at one exact position in the log.

The position and a snapshot of it come from a logical replication slot that lives for a moment. It needs a session of
the replication protocol, which the driver does not speak; `psql` does. A copy whose recovery stopped before the first
record at that position has to give the same census, which is the proof that the copy is the original.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import asyncpg

from rostra.continuity import queries
from rostra.continuity.records import Census, TableCensus, parse_lsn
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT, ROLE

PATIENCE: Final = 60.0
"""Seconds that transactions which are under way may take to end before there is no census."""


class CensusFailed(Exception):
    """There is no census now; the text says why, and what can be done."""


async def take_census(
    admin_dsn: str, *, database: str = ROLE, bindir: Path | None = None, patience: float = PATIENCE
) -> Census:
    """Count and hash all tables of `database` at an exact position, while it is written to.

    `admin_dsn` is a superuser's, over the Unix socket. Raises CensusFailed where transactions that are open now do not
    end within `patience` seconds, and what the driver raises for a database that is not there.
    """
    async with _connected(admin_dsn, database) as connection:
        address = _replication_address(admin_dsn, database)
        async with _exporting(connection, address, bindir, patience) as (lsn, snapshot):
            made_at = datetime.now(UTC)
            await connection.transaction(isolation="repeatable_read", readonly=True).start()
            await connection.execute(queries.IMPORT_SNAPSHOT.format(snapshot))
        # The slot is gone already, and with it what it kept the log and old rows for.
        tables = await queries.count_all(connection)
    return Census(lsn=lsn, made_at=made_at, tables=tables)


async def count_tables(dsn: str, *, database: str | None = None) -> dict[str, TableCensus]:
    """Every table of the database of `dsn` as it is now, in one snapshot; a copy whose recovery is paused will do."""
    async with (
        _connected(dsn, database) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await queries.count_all(connection)


def differences(expected: dict[str, TableCensus], found: dict[str, TableCensus]) -> list[str]:
    """What is not the same, a line for each table; empty where nothing is."""
    lines = [f"{name}: the table is missing" for name in sorted(set(expected) - set(found))]
    lines += [f"{name}: nobody has counted this table" for name in sorted(set(found) - set(expected))]
    for name in sorted(set(expected) & set(found)):
        wanted, got = expected[name], found[name]
        if wanted.rows != got.rows:
            lines.append(f"{name}: {got.rows} rows, not {wanted.rows}")
        elif wanted.hash != got.hash:
            lines.append(f"{name}: {got.rows} rows as it should be, but not the same ones")
    return lines


@asynccontextmanager
async def _connected(dsn: str, database: str | None) -> AsyncGenerator[asyncpg.Connection]:
    connection: asyncpg.Connection = await asyncpg.connect(dsn, database=database, statement_cache_size=0)
    try:
        await connection.execute(queries.SAME_EVERYWHERE)
        yield connection
    finally:
        # Not a farewell that waits for an answer: what is cancelled may be in the middle of a long statement.
        connection.terminate()


@asynccontextmanager
async def _exporting(
    connection: asyncpg.Connection, address: str, bindir: Path | None, patience: float
) -> AsyncGenerator[tuple[int, str]]:
    """Yield a position and the name of the snapshot of it, which can be imported until the block ends."""
    session = await _Session.open(address, bindir)
    try:
        try:
            exported = await asyncio.wait_for(_export(session, patience), patience)
        except TimeoutError:
            raise CensusFailed(
                f"no census: transactions that were open then still are after {patience:g} seconds; "
                "look at pg_stat_activity for the one that does not end"
            ) from None
        yield exported
    finally:
        try:
            if session.pid is not None:
                # One that waits for transactions does not notice that its client has gone.
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await queries.end_session(connection, session.pid)
        finally:
            await session.close()


async def _export(session: _Session, patience: float) -> tuple[int, str]:
    session.pid = int(await session.ask("select pg_backend_pid()"))
    # Should this very process be killed meanwhile, the slot does not wait for ever.
    await session.ask(f"set lock_timeout = {int(patience * 1000)}; select 1")
    name = f"rostra_census_{session.pid}"
    row = await session.ask(f"CREATE_REPLICATION_SLOT {name} TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')")
    _, position, snapshot, _ = row.split("|")
    return parse_lsn(position), snapshot


class _Session:
    """Owns a `psql` that speaks the replication protocol: a question at a time, each with an answer of one line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid: int | None = None
        self._process = process

    @classmethod
    async def open(cls, address: str, bindir: Path | None) -> Self:
        """Its standard input is a pipe from us, so it ends when we do."""
        process = await asyncio.create_subprocess_exec(
            client_program(bindir, "psql"),
            *("-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-d", address),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
        )
        return cls(process)

    async def ask(self, question: str) -> str:
        """Raises CensusFailed with what PostgreSQL says where there is no answer."""
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        with suppress(ConnectionError):
            self._process.stdin.write(f"{question};\n".encode())
            await self._process.stdin.drain()
        if line := await self._process.stdout.readline():
            return line.decode().strip()
        said = " ".join((await self._process.stderr.read()).decode(errors="replace").split())
        raise CensusFailed(f"no census: PostgreSQL gives no snapshot: {said or 'without a word'}")

    async def close(self) -> None:
        """End the program, whatever it does."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def _replication_address(admin_dsn: str, database: str) -> str:
    """As `psql` wants it, for anybody on this machine to see: without a password, which a Unix socket does not need."""
    parts = urlsplit(admin_dsn)
    settings = parse_qsl(parts.query)
    query = urlencode([*settings, ("replication", "database")], quote_via=quote)
    return f"postgresql://{quote(parts.username or '')}@/{quote(database)}?{query}"
