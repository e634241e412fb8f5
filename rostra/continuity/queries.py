"""Statements of the census: which tables there are, and the number and the hash of a table's rows.

They name no column of ours, so that a copy of any version is counted by the same statements.
"""

from __future__ import annotations

from typing import Final, cast

import asyncpg

from rostra.continuity.records import TableCensus

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
