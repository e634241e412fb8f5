"""SQL of scheduled statuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from rostra.entities.status import ScheduledProblem
from rostra.kit.db import Reader, Tx, find_record
from rostra.kit.paging import Window, both_orders
from rostra.posts.records import Draft, MediaPart

INSERT: Final = """
insert into scheduled_statuses (id, account_id, scheduled_at, draft, app_id, created_at)
values (make_id($1), $2, $3, $4, $5, $1) returning id
"""

KEEP_MEDIA: Final = """
update media_attachments m set scheduled_status_id = $1, position = given.place
from unnest($2::bigint[]) with ordinality as given(id, place)
where m.id = given.id and m.account_id = $3 and m.status_id is null and m.scheduled_status_id is null
"""

NUMBERS: Final = """
select count(*) as total, count(*) filter (where scheduled_at >= $2 and scheduled_at < $2 + interval '1 day') as on_day
from scheduled_statuses where account_id = $1 and ($3::bigint is null or id <> $3)
"""

_COLUMNS: Final = """
select s.id, s.scheduled_at, s.draft, s.problem,
  coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'type', m.type, 'description', m.description,
      'focus_x', m.focus_x, 'focus_y', m.focus_y, 'blurhash', m.blurhash, 'original_key', m.original_key,
      'preview_key', m.preview_key, 'meta', m.meta) order by m.position, m.id)
    from media_attachments m where m.scheduled_status_id = s.id), '[]') as media
from scheduled_statuses s
"""

PAGE: Final = both_orders(
    f"{_COLUMNS} where s.account_id = $1 and s.id < $2 and s.id > $3 order by s.id desc /*page*/ limit $4"
)

ONE: Final = f"{_COLUMNS} where s.id = $2 and s.account_id = $1"

MOVE: Final = "update scheduled_statuses set scheduled_at = $3, problem = null where id = $2 and account_id = $1"

# Unless it was given another time meanwhile.
NOTE_PROBLEM: Final = "update scheduled_statuses set problem = $3 where id = $1 and scheduled_at = $2"

# An upload's day begins anew when it is let go.
CANCEL: Final = """
with gone as (delete from scheduled_statuses where id = $2 and account_id = $1 returning id),
media as (update media_attachments set scheduled_status_id = null, created_at = $3
  where scheduled_status_id in (select id from gone))
select id from gone
"""

DUE: Final = """
select s.id, s.account_id, s.scheduled_at, s.draft, a.username,
  a.suspended_at is not null or a.frozen_at is not null or u.disabled_at is not null as is_barred
from scheduled_statuses s join accounts a on a.id = s.account_id join users u on u.account_id = s.account_id
where s.id = $1
"""

LOCK: Final = "select scheduled_at from scheduled_statuses where id = $1 for update"

# Whoever sends the request again that scheduled the status is answered with the status.
PUBLISHED: Final = """
with keys as (update idempotency_keys set status_id = $2, scheduled_status_id = null where scheduled_status_id = $1)
delete from scheduled_statuses where id = $1
"""


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """A status that waits for its time, or had it and was not published."""

    id: int
    scheduled_at: datetime
    draft: Draft
    media: list[MediaPart]
    problem: ScheduledProblem | None


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A scheduled status with its author, as the publisher needs them; `is_barred`: must not post any more."""

    id: int
    account_id: int
    username: str
    scheduled_at: datetime
    draft: Draft
    is_barred: bool


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """How many statuses an account has scheduled: in all, and for one day."""

    total: int
    on_day: int


def _scheduled(row: asyncpg.Record) -> Scheduled:
    return msgspec.convert(dict(row.items()), Scheduled)


async def insert_scheduled(
    tx: Tx, *, account_id: int, scheduled_at: datetime, draft: Draft, app_id: int | None, at: datetime
) -> int:
    """Write a scheduled status and return its id."""
    return await tx.fetchval(INSERT, at, account_id, scheduled_at, msgspec.to_builtins(draft), app_id)


async def keep_media(tx: Tx, scheduled_id: int, media_ids: Sequence[int], account_id: int) -> int:
    """Keep free uploads for a scheduled status; how many could be."""
    answer = await tx.execute(KEEP_MEDIA, scheduled_id, media_ids, account_id)
    return int(answer.rpartition(" ")[2])


async def count_scheduled(db: Reader, account_id: int, day: datetime, *, beside: int | None = None) -> Numbers:
    """What the account has scheduled in all and for the 24 hours from `day`, not counting `beside`."""
    numbers = find_record(Numbers, await db.fetchrow(NUMBERS, account_id, day, beside))
    assert numbers is not None
    return numbers


async def list_scheduled(db: Reader, account_id: int, window: Window) -> list[Scheduled]:
    """A page of what the account has scheduled, in the window's order."""
    rows = await db.fetch(window.choose(PAGE), account_id, window.below, window.above, window.limit)
    return [_scheduled(row) for row in rows]


async def find_scheduled(db: Reader, account_id: int, scheduled_id: int) -> Scheduled | None:
    """One of the account's own."""
    row = await db.fetchrow(ONE, account_id, scheduled_id)
    return None if row is None else _scheduled(row)


async def move_scheduled(tx: Tx, account_id: int, scheduled_id: int, scheduled_at: datetime) -> None:
    """Give one of the account's own another time."""
    await tx.execute(MOVE, account_id, scheduled_id, scheduled_at)


async def note_problem(tx: Tx, scheduled_id: int, scheduled_at: datetime, problem: ScheduledProblem) -> None:
    """Note why a status was not published at that time."""
    await tx.execute(NOTE_PROBLEM, scheduled_id, scheduled_at, problem)


async def cancel_scheduled(tx: Tx, account_id: int, scheduled_id: int, at: datetime) -> bool:
    """Delete one of the account's own and let its media go; False where there is none."""
    return await tx.fetchval(CANCEL, account_id, scheduled_id, at) is not None


async def find_due(db: Reader, scheduled_id: int) -> Due | None:
    """A scheduled status as the publisher needs it."""
    row = await db.fetchrow(DUE, scheduled_id)
    return None if row is None else msgspec.convert(dict(row.items()), Due)


async def lock_scheduled(tx: Tx, scheduled_id: int) -> datetime | None:
    """For when it is planned, None where it is gone; nobody else can publish it until the transaction ends."""
    return await tx.fetchval(LOCK, scheduled_id)


async def delete_published(tx: Tx, scheduled_id: int, status_id: int) -> None:
    """Delete what has become the status."""
    await tx.execute(PUBLISHED, scheduled_id, status_id)
