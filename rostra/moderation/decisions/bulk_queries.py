"""SQL of bulk decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from rostra.kit.db import Database, Reader, Tx, as_records, find_record
from rostra.moderation.records import SubjectKind

INSERT: Final = """
with made as (
  insert into bulk_decisions (id, actor_id, draft, policy, total, created_at, state, second_look)
  values (make_id($6), $1, $2, $3, 0, $6, case $7 when 'asked' then 'waiting' else 'running' end, $7) returning id),
items as (
  insert into bulk_items (bulk_id, position, subject_kind, subject_id, revision)
  select made.id, x.position, $4, x.id, coalesce(s.revision, 0)
  from made cross join unnest($5::bigint[]) with ordinality x(id, position)
    left join statuses s on $4 = 'status' and s.id = x.id
  where ($4 = 'status' and s.id is not null and s.reblog_of_id is null)
    or ($4 = 'account' and exists (select from accounts a where a.id = x.id))
  returning 1)
select made.id, (select count(*) from items) as total from made
"""

SET_TOTAL: Final = "update bulk_decisions set total = $2 where id = $1"

BULK: Final = """
select id, actor_id, draft, policy, total, done, skipped, state, created_at, finished_at, reversed, reversed_by,
  reversed_note, second_look, approved_by, approved_at, stopped_by
from bulk_decisions where id = $1
"""

STATE: Final = "select state from bulk_decisions where id = $1"

ITEMS: Final = """
select position, subject_kind, subject_id, revision from bulk_items
where bulk_id = $1 and decision_id is null and skipped is null order by position limit $2
"""

SKIPPED: Final = """
select position, subject_kind, subject_id, skipped from bulk_items
where bulk_id = $1 and skipped is not null order by position limit $2
"""

DECIDED: Final = """
select id from decisions where bulk_id = $1 and subject_kind = $2 and subject_id = $3 limit 1
"""

# What a worker that was killed had decided and not marked; and, this once, all of it is counted.
TAKE_OVER: Final = """
update bulk_items i set decision_id = d.id, skipped = null from decisions d
where i.bulk_id = $1 and i.decision_id is null
  and d.bulk_id = $1 and d.subject_kind = i.subject_kind and d.subject_id = i.subject_id
"""

COUNT: Final = """
update bulk_decisions b set done = n.done, skipped = n.skipped
from (select count(decision_id) as done, count(skipped) as skipped from bulk_items where bulk_id = $1) n where b.id = $1
"""

# A decision stands, whatever a second worker that came too late has to say.
MARK: Final = """
with said as (select * from unnest($2::integer[], $3::bigint[], $4::text[]) x(position, decision_id, skipped)),
was as (
  select i.position, i.skipped as before, said.decision_id, said.skipped from bulk_items i join said using (position)
  where i.bulk_id = $1 and i.decision_id is null order by i.position for update of i),
marked as (
  update bulk_items i set decision_id = was.decision_id, skipped = was.skipped from was
  where i.bulk_id = $1 and i.position = was.position)
update bulk_decisions b set done = b.done + n.done, skipped = b.skipped + n.skipped
from (select count(was.decision_id) as done, count(was.skipped) - count(was.before) as skipped from was) n
where b.id = $1
"""

FINISH: Final = "update bulk_decisions set state = 'finished', finished_at = $2 where id = $1 and state = 'running'"

STOP: Final = """
update bulk_decisions b set state = 'stopped', finished_at = $2, stopped_by = $3
from (select id, state from bulk_decisions where id = $1 and state in ('waiting', 'running') for update) was
where b.id = was.id returning was.state
"""

# Nothing is ordered twice, nor where nothing stands.
START_REVERSING: Final = """
update bulk_decisions set state = 'reversing', reversed_by = $2, reversed_role = $3, reversed_note = $4
where id = $1 and state in ('finished', 'stopped', 'reversed') and done > reversed returning id
"""

STANDING: Final = """
select subject_kind, subject_id, id from decisions
where bulk_id = $1 and (subject_kind, subject_id) > ($2, $3) and reversed_at is null
order by subject_kind, subject_id limit $4
"""

FINISH_REVERSING: Final = """
update bulk_decisions set state = case when $2 then 'reversed' else 'finished' end where id = $1 and state = 'reversing'
"""

PREVIEW_STATUSES: Final = """
select count(*) as items, count(distinct s.account_id) as accounts,
  count(*) filter (where a.domain is null) as local, coalesce(sum(v.views), 0)::bigint as views,
  count(*) filter (where s.withheld is not null) as withheld
from statuses s join accounts a on a.id = s.account_id
  left join lateral (select sum(x.views) as views from status_views x where x.status_id = s.id) v on true
where s.id = any($1::bigint[]) and s.reblog_of_id is null
"""

PREVIEW_ACCOUNTS: Final = """
select count(*) as items, count(*) as accounts, count(*) filter (where a.domain is null) as local, 0::bigint as views,
  count(*) filter (where a.suspended_at is not null) as withheld
from accounts a where a.id = any($1::bigint[])
"""


BulkState = Literal["waiting", "running", "finished", "stopped", "reversing", "reversed"]
SecondLook = Literal["none", "asked", "alone"]


class BulkRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far a bulk decision is. `reversed` are the decisions of it that were turned round since. `second_look` says
    whether somebody else was to look first, or, 'alone', would have been, had there been anybody."""

    id: int
    actor_id: int | None
    draft: dict[str, Any]
    policy: str
    total: int
    done: int
    skipped: int
    state: BulkState
    created_at: datetime
    finished_at: datetime | None
    reversed: int
    reversed_by: int | None
    reversed_note: str
    second_look: SecondLook
    approved_by: int | None
    approved_at: datetime | None
    stopped_by: int | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A subject that waits to be decided, as it was when it was chosen."""

    position: int
    subject_kind: SubjectKind
    subject_id: int
    revision: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a bulk decision would reach. `withheld`: out of sight already."""

    items: int
    accounts: int
    local: int
    views: int
    withheld: int


async def insert_bulk(
    tx: Tx,
    actor_id: int,
    draft: dict[str, Any],
    policy: str,
    kind: SubjectKind,
    ids: Sequence[int],
    second_look: SecondLook,
    at: datetime,
) -> tuple[int, int]:
    """Keep the order with its items as they are now; its id and how many items are still there."""
    row = await tx.fetchrow(INSERT, actor_id, draft, policy, kind, ids, at, second_look)
    assert row is not None
    await tx.execute(SET_TOTAL, row["id"], row["total"])
    return row["id"], row["total"]


async def find_bulk(conn: Reader, bulk_id: int) -> BulkRow | None:
    return find_record(BulkRow, await conn.fetchrow(BULK, bulk_id))


async def find_state(conn: Reader, bulk_id: int) -> str | None:
    return await conn.fetchval(STATE, bulk_id)


async def list_items(conn: Reader, bulk_id: int, limit: int) -> list[Item]:
    """What waits, in its order."""
    return as_records(Item, await conn.fetch(ITEMS, bulk_id, limit))


async def list_skipped(conn: Reader, bulk_id: int, limit: int = 100) -> list[tuple[SubjectKind, int, str]]:
    """What was skipped, and why."""
    return [
        (row["subject_kind"], row["subject_id"], row["skipped"]) for row in await conn.fetch(SKIPPED, bulk_id, limit)
    ]


async def find_decided(db: Database, bulk_id: int, item: Item) -> int | None:
    """The decision on an item that another worker was quicker to make."""
    async with db.read() as conn:
        return await conn.fetchval(DECIDED, bulk_id, item.subject_kind, item.subject_id)


async def take_over(tx: Tx, bulk_id: int) -> None:
    """Mark what was decided before its worker was killed, and count all items."""
    await tx.execute(TAKE_OVER, bulk_id)
    await tx.execute(COUNT, bulk_id)


async def mark(tx: Tx, bulk_id: int, said: Sequence[tuple[int, int | None, str | None]]) -> None:
    """Keep what became of items, and count them: (place, decision, why it was skipped) of each."""
    positions, decisions, skipped = zip(*said, strict=True)
    await tx.execute(MARK, bulk_id, positions, decisions, skipped)


async def finish(tx: Tx, bulk_id: int, at: datetime) -> None:
    await tx.execute(FINISH, bulk_id, at)


async def stop(tx: Tx, bulk_id: int, actor_id: int | None, at: datetime) -> str | None:
    """Stop it where it is carried out or waits: the state before, or None."""
    return await tx.fetchval(STOP, bulk_id, at, actor_id)


async def start_reversing(tx: Tx, bulk_id: int, actor_id: int, role: str, note: str) -> bool:
    """Whether it is to be turned round from now on: not while it runs, nor where nothing of it stands."""
    return await tx.fetchval(START_REVERSING, bulk_id, actor_id, role, note) is not None


async def list_standing(
    conn: Reader, bulk_id: int, after: tuple[str, int], limit: int
) -> list[tuple[tuple[str, int], int]]:
    """Subject and id of the decisions of it that stand, behind a subject, in the subjects' order."""
    rows = await conn.fetch(STANDING, bulk_id, *after, limit)
    return [((row["subject_kind"], row["subject_id"]), row["id"]) for row in rows]


async def finish_reversing(tx: Tx, bulk_id: int, *, complete: bool) -> None:
    """End the turning round; where it is not `complete`, somebody else may order it for the rest."""
    await tx.execute(FINISH_REVERSING, bulk_id, complete)


async def preview(conn: Reader, kind: SubjectKind, ids: Sequence[int]) -> Preview:
    row = await conn.fetchrow(PREVIEW_STATUSES if kind == "status" else PREVIEW_ACCOUNTS, ids)
    assert row is not None
    return Preview(**dict(row.items()))
