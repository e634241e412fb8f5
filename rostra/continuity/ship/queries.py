"""What shipping asks the database, as its superuser."""

from __future__ import annotations

from typing import Final

import asyncpg
import msgspec

from rostra.continuity.records import parse_lsn

SLOT: Final = "rostra_ship"

POSITION = """
select pg_current_wal_flush_lsn()::text as written, slot.slot_name as slot, slot.wal_status, slot.active_pid,
       sender.flush_lsn::text as received
from (select) as one
left join pg_replication_slots as slot on slot.slot_name = $1
left join pg_stat_replication as sender on sender.pid = slot.active_pid
"""

MAKE_SLOT = "select pg_create_physical_replication_slot($1, true)"

DROP_SLOT = "select pg_drop_replication_slot($1)"

END_RECEIVER = "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1"

SWITCH = "select pg_switch_wal()::text"

IDENTITY = """
select control.system_identifier::text as system, checkpoint.timeline_id as timeline,
       current_setting('server_version') as version
from pg_control_system() as control, pg_control_checkpoint() as checkpoint
"""

SIZE = "select sum(pg_database_size(oid))::bigint from pg_database"

MIGRATIONS = "select name from schema_migrations order by name"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far the log is: `written` by the server, `received` by us (None while nobody receives)."""

    written: int
    received: int | None
    has_slot: bool
    is_lost: bool
    receiver: int | None


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Which cluster it is. `system` is the number that all copies of it share."""

    system: str
    timeline: int
    version: str


async def find_position(admin: asyncpg.Connection) -> Position:
    row = await admin.fetchrow(POSITION, SLOT)
    assert row is not None
    return Position(
        written=parse_lsn(row["written"]),
        received=parse_lsn(row["received"]) if row["received"] else None,
        has_slot=row["slot"] is not None,
        is_lost=row["wal_status"] == "lost",
        receiver=row["active_pid"],
    )


async def find_cluster(admin: asyncpg.Connection) -> Cluster:
    row = await admin.fetchrow(IDENTITY)
    assert row is not None
    return Cluster(system=row["system"], timeline=row["timeline"], version=row["version"].split()[0])


async def make_slot(admin: asyncpg.Connection) -> None:
    await admin.execute(MAKE_SLOT, SLOT)


async def drop_slot(admin: asyncpg.Connection) -> None:
    await admin.execute(DROP_SLOT, SLOT)


async def end_receiver(admin: asyncpg.Connection) -> None:
    """Cut the connection of whoever uses the slot."""
    await admin.execute(END_RECEIVER, SLOT)


async def switch_segment(admin: asyncpg.Connection) -> int:
    """Begin a new segment; where the old one ended."""
    return parse_lsn(str(await admin.fetchval(SWITCH)))


async def find_size(admin: asyncpg.Connection) -> int:
    """Bytes of all databases."""
    return int(await admin.fetchval(SIZE) or 0)


async def list_migrations(connection: asyncpg.Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch(MIGRATIONS)]
