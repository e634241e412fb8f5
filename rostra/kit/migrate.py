"""Forward-only migrations: numbered SQL files, each applied once, in one transaction, under an advisory lock.

A file is remembered with its hash: one that changed after it was applied is refused, for then the database is not
what the code believes. A database that knows files which this version does not have is newer, and is refused too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import LiteralString, cast

import asyncpg

from rostra.kit.db import connect

OLDEST = 16
"""The oldest PostgreSQL whose SQL this speaks, by its major version."""

_LOCK = 0x526F73747261
_LOCK_TIMEOUT = "set lock_timeout = '60s'"
_STATEMENT_TIMEOUT = "set statement_timeout = '30min'"

AfterStep = Callable[["asyncpg.Connection"], Awaitable[None]]


class MigrationRefused(Exception):
    """The database and the code do not fit; the text names the file and the next step."""


def migration_files(directory: Path) -> list[Path]:
    """The SQL files of `directory`, in the order in which they apply."""
    return sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))


async def migrate(dsn: str, directory: Path, after: AfterStep | None = None) -> list[str]:
    """Bring the database up to date and return the names of the files applied now.

    `after` runs on the same connection under the same lock; the queue library's own schema is kept current there. A
    database that we cannot work with (`find_unfit`) is left as it is. Raises MigrationRefused.
    """
    connection = await connect(dsn)
    try:
        if unfit := find_unfit(connection):
            raise MigrationRefused(unfit)
        await connection.execute(_LOCK_TIMEOUT)
        await connection.execute(_STATEMENT_TIMEOUT)
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        applied = await _apply_all(connection, migration_files(directory))
        if after is not None:
            await after(connection)
        return applied
    finally:
        await connection.close()


def find_unfit(connection: asyncpg.Connection) -> str | None:
    """Why a database is none for us, and what to do, or None."""
    version, encoding = connection.get_server_version(), connection.get_settings().server_encoding
    if version.major < OLDEST:
        return f"the database is PostgreSQL {version.major}.{version.micro}; use PostgreSQL {OLDEST} or newer"
    if encoding != "UTF8":
        return (
            f"the database keeps texts as {encoding}, which has not all letters; "
            "make one with: create database … encoding 'UTF8' template template0"
        )
    return None


async def pending(dsn: str, directory: Path) -> list[str]:
    """The names of the files that `migrate` would apply."""
    connection = await connect(dsn)
    try:
        known = await _known(connection)
        return [path.name for path in migration_files(directory) if path.name not in known]
    finally:
        await connection.close()


async def _known(connection: asyncpg.Connection) -> dict[str, str]:
    if await connection.fetchval("select to_regclass('public.schema_migrations')") is None:
        return {}
    return {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from schema_migrations")}


async def _apply_all(connection: asyncpg.Connection, files: list[Path]) -> list[str]:
    await connection.execute(
        "create table if not exists schema_migrations ("
        "name text primary key, sha256 text not null, applied_at timestamptz not null default clock_timestamp())"
    )
    known = await _known(connection)
    if unknown := sorted(set(known) - {path.name for path in files}):
        raise MigrationRefused(
            f"the database was migrated by a newer version (it knows {', '.join(unknown)}); start that version instead"
        )
    applied: list[str] = []
    for path in files:
        text = path.read_text()
        digest = hashlib.sha256(text.encode()).hexdigest()
        if path.name in known:
            if known[path.name] != digest:
                raise MigrationRefused(f"{path.name} was changed after it had been applied; restore its text")
            continue
        async with connection.transaction():
            # The text is a file of this package, never anything that came over a wire.
            await connection.execute(cast("LiteralString", text))
            await connection.execute("insert into schema_migrations (name, sha256) values ($1, $2)", path.name, digest)
        applied.append(path.name)
    return applied
