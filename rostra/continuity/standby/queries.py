"""What a standby asks the primary and itself, and what the keeper of synchronous commits sets."""

from __future__ import annotations

from typing import cast

import asyncpg
import msgspec

from rostra.continuity import names

PRIMARY_STATE = """
select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint as lsn,
       (select system_identifier::text from pg_control_system()) as system,
       current_setting('synchronous_standby_names') as waits_for,
       (select coalesce(wal_status, 'lost') from pg_replication_slots where slot_name = $1) as slot
"""

OLDEST_SEGMENT = "select min(name) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'"

REPLICA_STATE = """
select pg_is_in_recovery() as follows,
       case when pg_is_in_recovery()
            then (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::bigint
            else (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint end as lsn,
       (coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0') - '0/0'::pg_lsn)::bigint
           as received,
       (select system_identifier::text from pg_control_system()) as system,
       (select timeline_id from pg_control_checkpoint()) as timeline,
       exists (select from pg_stat_wal_receiver where status = 'streaming') as streaming
"""

HAS_SLOT = "select exists (select from pg_replication_slots where slot_name = $1)"
# Keeps the log from this moment on.
CREATE_SLOT = "select pg_create_physical_replication_slot($1, true)"
DROP_SLOT = "select pg_drop_replication_slot($1)"

# Ends receiving, and returns when the server takes writes.
PROMOTE = "select pg_promote(true, $1)"

LIST_MIGRATIONS = "select name from schema_migrations order by name"

COUNT_MEDIA_AFTER = "select count(*) from stored_objects where id > $1 and gone_at is null and not starts_with(key, $2)"

LIST_STANDBYS = """
select application_name as name, state, coalesce(reply_time::text, '') as reply
from pg_stat_replication where application_name like 'standby\\_%'
"""

LIST_STANDBY_SLOTS = """
select slot_name as name from pg_replication_slots
where slot_name like 'standby\\_%' and wal_status is distinct from 'lost'
"""

COUNT_WAITING = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"

WAITS_FOR = "select current_setting('synchronous_standby_names')"

# PostgreSQL writes the statement itself, so the value is quoted as it wants it.
SET_WAITS_FOR = "select format('alter system set synchronous_standby_names = %L', $1::text)"
RESET_WAITS_FOR = "alter system reset synchronous_standby_names"
RELOAD = "select pg_reload_conf()"


# A replica that has less of these than the primary had stops.
LIST_LIMITS = """
select name, setting from pg_settings
where name in ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions',
               'max_locks_per_transaction')
order by name
"""

IS_REPLICA = "select pg_is_in_recovery()"


class PrimaryState(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where the primary has written, whose commits wait for whom, and our slot: None where there is none, `lost`
    where it is not worth anything any more."""

    lsn: int
    system: str
    waits_for: str
    slot: str | None


class ReplicaState(msgspec.Struct, frozen=True, kw_only=True):
    """Where this database stands. `follows` is False once it was promoted."""

    follows: bool
    lsn: int
    received: int
    system: str
    timeline: int
    streaming: bool


class Follower(msgspec.Struct, frozen=True):
    """A standby that is connected; `reply` changes with each sign of life."""

    name: str
    state: str
    reply: str


async def read_primary(connection: asyncpg.Connection, slot: str) -> PrimaryState:
    row = await connection.fetchrow(PRIMARY_STATE, slot)
    assert row is not None, "a statement without a table gives a row"
    return PrimaryState(**dict(row.items()))


async def read_replica(connection: asyncpg.Connection) -> ReplicaState:
    row = await connection.fetchrow(REPLICA_STATE)
    assert row is not None, "a statement without a table gives a row"
    return ReplicaState(**dict(row.items()))


async def find_oldest_segment(connection: asyncpg.Connection) -> str | None:
    """The oldest file of the log that the primary still has."""
    return cast("str | None", await connection.fetchval(OLDEST_SEGMENT))


async def ensure_slot(connection: asyncpg.Connection, name: str) -> None:
    """Have the primary keep its log for us from now on, or from where it does already."""
    if not await connection.fetchval(HAS_SLOT, name):
        await connection.execute(CREATE_SLOT, name)


async def renew_slot(connection: asyncpg.Connection, name: str) -> None:
    """The same, from now on in any case."""
    if await connection.fetchval(HAS_SLOT, name):
        await connection.execute(DROP_SLOT, name)
    await connection.execute(CREATE_SLOT, name)


async def promote(connection: asyncpg.Connection, patience: int) -> bool:
    """Let the replica take writes; False where it did not within `patience` seconds."""
    return bool(await connection.fetchval(PROMOTE, patience))


async def list_migrations(connection: asyncpg.Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch(LIST_MIGRATIONS)]


async def list_limits(connection: asyncpg.Connection) -> dict[str, str]:
    """The settings of which a replica may not have less, by name."""
    return {row["name"]: row["setting"] for row in await connection.fetch(LIST_LIMITS)}


async def is_replica(connection: asyncpg.Connection) -> bool:
    return cast("bool", await connection.fetchval(IS_REPLICA))


async def count_media_after(connection: asyncpg.Connection, number: int) -> int:
    """Files that came after `number` of their register."""
    return cast("int", await connection.fetchval(COUNT_MEDIA_AFTER, number, names.CACHE))


async def list_standbys(connection: asyncpg.Connection) -> list[Follower]:
    return [Follower(row["name"], row["state"], row["reply"]) for row in await connection.fetch(LIST_STANDBYS)]


async def list_standby_slots(connection: asyncpg.Connection) -> list[str]:
    """The standbys that the primary keeps its log for."""
    return [row["name"] for row in await connection.fetch(LIST_STANDBY_SLOTS)]


async def count_waiting(connection: asyncpg.Connection) -> int:
    """Commits that wait for a standby at this moment."""
    return cast("int", await connection.fetchval(COUNT_WAITING))


async def find_waits_for(connection: asyncpg.Connection) -> str:
    """What `synchronous_standby_names` is."""
    return str(await connection.fetchval(WAITS_FOR))


async def set_waits_for(connection: asyncpg.Connection, names: str) -> None:
    """Have commits wait for `names`, or for nobody where it is empty. What waits for nobody any more goes on."""
    if names:
        await connection.execute(cast("str", await connection.fetchval(SET_WAITS_FOR, names)))
    else:
        await connection.execute(RESET_WAITS_FOR)
    await connection.execute(RELOAD)
