"""Statements about whole databases: which tables they have, how many rows with which hash, how far a recovery is.

Those of the census name no column of ours, so that a copy of any version is counted by the same statements.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, LiteralString, cast

import asyncpg

from rostra.continuity.records import TableCensus, parse_lsn
from rostra.kit.postgres_setup import ROLE

DATABASE: Final = ROLE
"""The database of a cluster of ours."""

Question = LiteralString
"""A statement whose answer is yes or no."""

# What a row looks like as text depends on these.
SAME_EVERYWHERE: Final = (
    "set datestyle = 'ISO, YMD'; set timezone = 'UTC'; set intervalstyle = 'postgres'; set extra_float_digits = 1; "
    "set bytea_output = 'hex'; set xmlbinary = 'base64'; set statement_timeout = 0; set lock_timeout = 0; "
    "set idle_in_transaction_session_timeout = 0; set default_transaction_deferrable = off"
)

# PostgreSQL itself writes the statement that counts a table, so the name is quoted as it wants it.
LIST_TABLES = """
select relname as name,
       format('select count(*) as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as hash '
              'from only %I.%I as t', 'public', relname) as counting
from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r' and relpersistence = 'p'
order by relname
"""

# A snapshot's name is made by PostgreSQL and consists of hexadecimal digits and dashes.
IMPORT_SNAPSHOT = "set transaction snapshot '{}'"

END_SESSION = "select pg_terminate_backend($1, 5000)"


async def count_all(connection: asyncpg.Connection) -> dict[str, TableCensus]:
    """Every ordinary permanent table of the schema public by its name, as the transaction of `connection` sees it."""
    found: dict[str, TableCensus] = {}
    for table in await connection.fetch(LIST_TABLES):
        row = await connection.fetchrow(cast("str", table["counting"]))
        assert row is not None, "an aggregate gives a row"
        found[cast("str", table["name"])] = TableCensus(rows=row["rows"], hash=row["hash"])
    return found


async def end_session(connection: asyncpg.Connection, pid: int) -> None:
    """Have PostgreSQL end the session `pid`, and wait up to five seconds until it is gone."""
    await connection.fetchval(END_SESSION, pid)


IS_PAUSED: Final[Question] = "select pg_is_in_recovery() and pg_get_wal_replay_pause_state() = 'paused'"

HAS_REPLAYED: Final[Question] = "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn"

IS_PROMOTED: Final[Question] = "select not pg_is_in_recovery()"

REPLAYED = "select coalesce(pg_last_wal_replay_lsn(), '0/0')::text"

# The last position that was replayed, not that of what the promotion itself has written since.
END = "select pg_last_wal_replay_lsn()::text as position, pg_last_xact_replay_timestamp() as last_transaction"


async def find_replayed(connection: asyncpg.Connection) -> int:
    """How far a recovery is."""
    return parse_lsn(cast("str", await connection.fetchval(REPLAYED)))


async def find_end(connection: asyncpg.Connection) -> tuple[int, datetime | None]:
    """Where the recovery of a cluster ended, and when its last transaction was committed."""
    row = await connection.fetchrow(END)
    assert row is not None
    assert row["position"] is not None, "this server has recovered"
    return parse_lsn(row["position"]), row["last_transaction"]
