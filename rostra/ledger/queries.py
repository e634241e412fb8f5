"""SQL of the tree: events that wait for a leaf, leaves, tiles, checkpoints, salts, what is kept of erased people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.ledger.leaf import Event, owner_of
from rostra.ledger.merkle import Range, Tile

# One writer of the tree at a time; whoever appends events does not take it.
_LOCK_ID: Final = 0x6C6564676572

LOCK: Final = "select pg_advisory_xact_lock($1)"

# The worker's transactions need not wait for the disk; one whose outcome is signed and published must.
DURABLY: Final = "select set_config('synchronous_commit', 'on', true)"

PENDING: Final = "select event_id from ledger_pending order by event_id limit $1"

_EVENT: Final = """
e.id, e.type, e.subject_kind, e.subject_id, e.revision, e.account_id, e.actor_id, e.policy, e.detectors, e.clause,
e.details::text as details, e.created_at
"""

EVENTS: Final = f"select {_EVENT} from moderation_events e where e.id = any($1::bigint[]) order by e.id"

EVENTS_OF_ACCOUNT: Final = f"""
select {_EVENT} from moderation_events e
where e.id in (
  select id from moderation_events where account_id = $1
  union select id from moderation_events where subject_id = $1 and subject_kind = 'account'
  union select id from moderation_events where actor_id = $1
  order by id limit $2)
order by e.id
"""

LEAVES: Final = f"""
select l.leaf_index, l.leaf_hash, l.event_id, {_EVENT}
from ledger_leaves l left join moderation_events e on e.id = l.event_id
where l.leaf_index >= $1 and l.leaf_index < $2 order by l.leaf_index
"""

SALTS: Final = "select account_id, salt from ledger_salts where account_id = any($1::bigint[])"

KEPT: Final = "select event_id, part, commitment from ledger_erasures where event_id = any($1::bigint[])"

ADD_SALTS: Final = """
insert into ledger_salts (account_id, salt) select * from unnest($1::bigint[], $2::bytea[]) on conflict do nothing
"""

DELETE_SALT: Final = "delete from ledger_salts where account_id = $1"

ADD_LEAVES: Final = """
insert into ledger_leaves (leaf_index, event_id, leaf_hash)
select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])
"""

ADD_TILES: Final = """
insert into ledger_tiles (level, position, hash) select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
"""

DELETE_PENDING: Final = "delete from ledger_pending where event_id = any($1::bigint[])"

ADD_CHECKPOINT: Final = "insert into ledger_checkpoints (size, root, note, created_at) values ($1, $2, $3, $4)"

ADD_SIGNER: Final = """
insert into ledger_signers (verifier, since_size, created_at) values ($1, $2, $3) on conflict do nothing
returning verifier
"""

NEWEST_CHECKPOINT: Final = "select size, root, note, created_at from ledger_checkpoints order by size desc limit 1"

CHECKPOINTS: Final = """
select size, root, note, created_at from ledger_checkpoints where size > $1 and size <= $2 order by size
"""

SIGNERS: Final = "select verifier, since_size, created_at from ledger_signers order by since_size, created_at"

LEAF_HASHES: Final = """
select l.leaf_index as position, l.leaf_hash as hash
from unnest($1::bigint[], $2::bigint[]) as w(first, beyond)
cross join lateral (
  select leaf_index, leaf_hash from ledger_leaves
  where leaf_index >= w.first and leaf_index < w.beyond order by leaf_index) l
"""

TILES: Final = """
select w.level, t.position, t.hash
from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as w(level, first, beyond)
cross join lateral (
  select position, hash from ledger_tiles
  where level = w.level and position >= w.first and position < w.beyond order by position) t
"""

LEAF_OF_EVENT: Final = "select leaf_index from ledger_leaves where event_id = $1"

LEAF_WITH_HASH: Final = "select leaf_index from ledger_leaves where leaf_hash = $1 limit 1"

KEEP_COMMITMENTS: Final = """
insert into ledger_erasures (event_id, part, commitment, erased_at)
select *, $4 from unnest($1::bigint[], $2::text[], $3::bytea[]) on conflict do nothing
"""

EMPTY_ABOUT: Final = """
update moderation_events set account_id = null, subject_id = null, revision = 0, details = '{}'
where id = any($1::bigint[])
"""

EMPTY_BY: Final = "update moderation_events set actor_id = null where id = any($1::bigint[])"

# Whoever is named in the ledger has a salt: far fewer rows than there are events.
DEPARTED: Final = """
select s.account_id from ledger_salts s
where s.account_id <> 0 and not exists (select from accounts a where a.id = s.account_id) order by s.account_id limit $1
"""

UNACCOUNTED: Final = """
select e.id from moderation_events e
where not exists (select from ledger_leaves l where l.event_id = e.id)
  and not exists (select from ledger_pending p where p.event_id = e.id)
limit 1
"""

BEYOND: Final = """
select leaf_index from ledger_leaves
where leaf_index >= coalesce((select max(size) from ledger_checkpoints), 0) order by leaf_index limit 1
"""


class StoredCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as it was signed: `note` is the text that goes out."""

    size: int
    root: bytes
    note: str
    created_at: datetime


class StoredSigner(msgspec.Struct, frozen=True, kw_only=True):
    """A key that has signed, as the text of its verifier key, and the size of the first checkpoint."""

    verifier: str
    since_size: int
    created_at: datetime


class StoredLeaf(msgspec.Struct, frozen=True, kw_only=True):
    """A leaf and its event; None where the event's row is gone."""

    leaf_index: int
    leaf_hash: bytes
    event_id: int
    event: Event | None


async def lock(tx: Tx) -> None:
    """Be the only one who writes the tree or takes people out of it, until the transaction ends."""
    await tx.fetchval(LOCK, _LOCK_ID)


async def be_durable(tx: Tx) -> None:
    """Have this transaction's commit wait for the disk."""
    await tx.fetchval(DURABLY)


async def list_pending(db: Reader, limit: int) -> list[int]:
    """Events without a leaf, in the order of their ids."""
    return [row["event_id"] for row in await db.fetch(PENDING, limit)]


async def list_events(db: Reader, ids: Sequence[int]) -> list[Event]:
    """Events with their salts, in the order of their ids."""
    return await _with_salts(db, await db.fetch(EVENTS, ids))


async def list_events_of(db: Reader, account_id: int, limit: int) -> list[Event]:
    """Events that name an account as theirs, as their subject or as their actor."""
    return await _with_salts(db, await db.fetch(EVENTS_OF_ACCOUNT, account_id, limit))


async def _with_salts(db: Reader, rows: Sequence[asyncpg.Record]) -> list[Event]:
    """Events with their salts and with what is kept of them, read in this order: whoever is erased meanwhile has lost
    the salt, or not yet, but then what is kept is there."""
    ids = [row["id"] for row in rows]
    named = {owner_of(row["account_id"], row["subject_kind"], row["subject_id"]) for row in rows}
    named |= {row["actor_id"] for row in rows if row["actor_id"] is not None}
    salts: dict[int, bytes] = {row["account_id"]: row["salt"] for row in await db.fetch(SALTS, sorted(named))}
    kept = {(row["event_id"], row["part"]): row["commitment"] for row in await db.fetch(KEPT, ids)}
    return [_event(row, salts, kept) for row in rows]


def _event(row: asyncpg.Record, salts: Mapping[int, bytes], kept: Mapping[tuple[int, str], bytes]) -> Event:
    owner_id = owner_of(row["account_id"], row["subject_kind"], row["subject_id"])
    return Event(
        id=row["id"],
        type=row["type"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        revision=row["revision"],
        account_id=row["account_id"],
        actor_id=row["actor_id"],
        policy=row["policy"],
        detectors=row["detectors"],
        clause=row["clause"],
        details=row["details"],
        created_at=row["created_at"],
        owner_salt=salts.get(owner_id),
        actor_salt=salts.get(row["actor_id"]),
        about_kept=kept.get((row["id"], "about")),
        by_kept=kept.get((row["id"], "by")),
    )


async def list_leaves(db: Reader, start: int, end: int) -> list[StoredLeaf]:
    """The leaves from `start` up to, not including, `end`."""
    rows = await db.fetch(LEAVES, start, end)
    events = {event.id: event for event in await _with_salts(db, [row for row in rows if row["id"] is not None])}
    return [
        StoredLeaf(
            leaf_index=row["leaf_index"],
            leaf_hash=row["leaf_hash"],
            event_id=row["event_id"],
            event=events.get(row["event_id"]),
        )
        for row in rows
    ]


async def add_salts(tx: Tx, salts: Mapping[int, bytes]) -> None:
    """Keep salts of people who have none yet."""
    await tx.execute(ADD_SALTS, list(salts), list(salts.values()))


async def delete_salt(tx: Tx, account_id: int) -> None:
    """Forget a person's salt; the database refuses while an event names the person."""
    await tx.execute(DELETE_SALT, account_id)


async def add_leaves(tx: Tx, first_index: int, event_ids: Sequence[int], hashes: Sequence[bytes]) -> None:
    """Write leaves from `first_index` on; their events wait no more."""
    await tx.execute(ADD_LEAVES, range(first_index, first_index + len(event_ids)), event_ids, hashes)
    await tx.execute(DELETE_PENDING, event_ids)


async def add_tiles(tx: Tx, tiles: Sequence[Tile]) -> None:
    """Write the hashes of subtrees that are complete."""
    columns = zip(*((tile.level, tile.position, tile.hash) for tile in tiles), strict=True)
    await tx.execute(ADD_TILES, *(list(column) for column in columns))


async def add_checkpoint(tx: Tx, checkpoint: StoredCheckpoint, verifier: str) -> bool:
    """Write a checkpoint and who has signed it; whether that is a key that never has before."""
    at = checkpoint.created_at
    await tx.execute(ADD_CHECKPOINT, checkpoint.size, checkpoint.root, checkpoint.note, at)
    return await tx.fetchval(ADD_SIGNER, verifier, checkpoint.size, at) is not None


async def find_newest(db: Reader) -> StoredCheckpoint | None:
    """The checkpoint over all leaves; None before the first."""
    return find_record(StoredCheckpoint, await db.fetchrow(NEWEST_CHECKPOINT))


async def list_checkpoints(db: Reader, above: int, to: int) -> list[StoredCheckpoint]:
    """The checkpoints of the sizes from `above` + 1 to `to`."""
    return as_records(StoredCheckpoint, await db.fetch(CHECKPOINTS, above, to))


async def list_signers(db: Reader) -> list[StoredSigner]:
    """All keys that have ever signed, the first one first."""
    return as_records(StoredSigner, await db.fetch(SIGNERS))


async def leaf_hashes(db: Reader, ranges: Sequence[Range]) -> dict[int, bytes]:
    """The hashes of the leaves in these ranges, by index."""
    rows = await db.fetch(LEAF_HASHES, [each.start for each in ranges], [each.end for each in ranges])
    return {row["position"]: row["hash"] for row in rows}


async def tile_hashes(db: Reader, wanted: Sequence[tuple[int, Range]]) -> dict[tuple[int, int], bytes]:
    """The hashes of tiles: of each (level, range of positions), by (level, position)."""
    levels = [level for level, _ in wanted]
    starts, ends = [each.start for _, each in wanted], [each.end for _, each in wanted]
    rows = await db.fetch(TILES, levels, starts, ends)
    return {(row["level"], row["position"]): row["hash"] for row in rows}


async def find_leaf_of(db: Reader, event_id: int) -> int | None:
    """The index of the leaf of an event; None while it waits."""
    return await db.fetchval(LEAF_OF_EVENT, event_id)


async def find_leaf_with(db: Reader, leaf_hash: bytes) -> int | None:
    """The index of the leaf with this hash."""
    return await db.fetchval(LEAF_WITH_HASH, leaf_hash)


async def keep_commitments(tx: Tx, kept: Sequence[tuple[int, str, bytes]], at: datetime) -> None:
    """Keep what stays of erased people, as (event, part, commitment)."""
    columns = zip(*kept, strict=True)
    await tx.execute(KEEP_COMMITMENTS, *(list(column) for column in columns), at)


async def empty_about(tx: Tx, event_ids: Sequence[int]) -> None:
    """Take out of events whom and what they are about."""
    await tx.execute(EMPTY_ABOUT, event_ids)


async def empty_by(tx: Tx, event_ids: Sequence[int]) -> None:
    """Take out of events who did it."""
    await tx.execute(EMPTY_BY, event_ids)


async def list_departed(db: Reader, limit: int) -> list[int]:
    """People with a salt whose account is gone."""
    return [row["account_id"] for row in await db.fetch(DEPARTED, limit)]


async def find_unaccounted(db: Reader) -> int | None:
    """An event that has no leaf and does not wait for one: there is none unless somebody has meddled."""
    return await db.fetchval(UNACCOUNTED)


async def find_leaf_beyond(db: Reader) -> int | None:
    """A leaf that the newest checkpoint does not cover: there is none unless somebody has meddled."""
    return await db.fetchval(BEYOND)
