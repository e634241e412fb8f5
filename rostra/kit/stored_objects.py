"""The register of what is in the store of files: every object's size and hash, what came, and what has gone since.

`ObjectStore` writes it, and whoever copies the store elsewhere follows it by its numbers. It knows keys only; that it
and the store agree is for `stored_objects_check.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx, as_records

# An advisory lock, "RosObjs". Writers share it until they commit, and a follower has it for a moment alone: so nothing
# appears later with a smaller number than what the follower has seen.
_LOCK: Final = 0x526F734F626A73

REGISTER = """
with turn as materialized (select pg_advisory_xact_lock_shared($6))
insert into stored_objects (key, size, sha256, put_at)
select found.key, found.size, found.sha256, $4
from turn, unnest($1::text[], $2::bigint[], $3::bytea[]) as found (key, size, sha256)
on conflict (key) do update
set id = default, size = excluded.size, sha256 = excluded.sha256, put_at = excluded.put_at, gone_at = null
where $5 or stored_objects.gone_at is not null
"""

# In the order of their keys, so that two who do it at once wait for each other and never in a circle.
MARK_GONE = """
with turn as materialized (select pg_advisory_xact_lock_shared($3)),
     found as materialized (
         select key from turn, stored_objects where key = any($1) and gone_at is null
         order by key for update of stored_objects
     )
update stored_objects as object set id = default, gone_at = $2 from found where object.key = found.key
"""

TAKE_TURN = "select pg_advisory_xact_lock($1)"

HAS_AFTER = "select exists (select from stored_objects where id > $1)"

LIST_AFTER = """
select id, key, size, sha256, put_at, gone_at from stored_objects
where id > $1 and gone_at is null order by id limit $2
"""

LIST_GONE = """
select id, key, size, sha256, put_at, gone_at from stored_objects
where id > $1 and gone_at is not null order by id limit $2
"""

COUNT_LIVE = "select count(*) from stored_objects where gone_at is null"

COUNT_AFTER = "select count(*) from stored_objects where id > $1 and gone_at is null"

LIVE_AMONG = "select key from stored_objects where key = any($1) and gone_at is null"


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object as it was when it was put, or was deleted (`gone_at`). `size` in bytes, `sha256` 32 bytes.

    `id` is the number of its last change.
    """

    id: int
    key: str
    size: int
    sha256: bytes
    put_at: datetime
    gone_at: datetime | None


class Measured(msgspec.Struct, frozen=True):
    """An object's key, size in bytes and SHA-256."""

    key: str
    size: int
    sha256: bytes


class ObjectRegister:
    """Writes down what happens to a store's objects. Never called within a transaction of the same database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def note_put(self, found: Measured) -> None:
        """An object is in the store, new or with other bytes than before."""
        async with self._db.autocommit() as tx:
            await _register(tx, [found], self._clock.now(), again=True)

    async def note_found(self, found: Sequence[Measured]) -> None:
        """Objects were found in the store: those that are not known, or known as gone, are from now on."""
        async with self._db.autocommit() as tx:
            await _register(tx, found, self._clock.now(), again=False)

    async def note_gone(self, keys: Sequence[str]) -> None:
        """Objects are not in the store any more; what is not known stays unknown."""
        async with self._db.autocommit() as tx:
            await tx.execute(MARK_GONE, keys, self._clock.now(), _LOCK)


async def list_after(db: Database, after: int, limit: int) -> list[StoredObject]:
    """Objects that are in the store, by the number of their last change: the first ones above `after`.

    Nothing appears later below the last of them, so a follower goes on from its number, and misses nothing.
    """
    return await _follow(db, LIST_AFTER, after, limit)


async def list_gone(db: Database, after: int, limit: int) -> list[StoredObject]:
    """Objects that were deleted, by the number of the deletion, as `list_after`."""
    return await _follow(db, LIST_GONE, after, limit)


async def count_live(db: Database) -> int:
    """How many objects are in the store."""
    async with db.read() as conn:
        return int(await conn.fetchval(COUNT_LIVE))


async def count_after(db: Database, after: int) -> int:
    """How many objects `list_after` still has."""
    async with db.read() as conn:
        return int(await conn.fetchval(COUNT_AFTER, after))


async def find_live_among(db: Database, keys: Sequence[str]) -> set[str]:
    """Those of `keys` that are known to be in the store."""
    async with db.read() as conn:
        return {row["key"] for row in await conn.fetch(LIVE_AMONG, keys)}


async def _follow(db: Database, query: LiteralString, after: int, limit: int) -> list[StoredObject]:
    async with db.read() as conn:
        if not await conn.fetchval(HAS_AFTER, after):
            return []
    async with db.transaction() as tx:
        await tx.execute(TAKE_TURN, _LOCK)
        # A statement of its own, which sees what was committed while it waited.
        return as_records(StoredObject, await tx.fetch(query, after, limit))


async def _register(tx: Tx, found: Sequence[Measured], at: datetime, *, again: bool) -> None:
    keys = [each.key for each in found]
    await tx.execute(REGISTER, keys, [each.size for each in found], [each.sha256 for each in found], at, again, _LOCK)
