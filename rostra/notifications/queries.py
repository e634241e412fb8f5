"""SQL of notifications: telling, listing, taking back. Who is to be told of what is in `audience_queries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import asyncpg
import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window, both_orders
from rostra.posts.page import ACCOUNT_COLUMNS

# $1 recipients, $2 type, $3 from whom, $4 status, $5 time, $6 report. Told are those who live here and want to know;
# somebody who is limited reaches nobody but followers.
NOTIFY: Final = """
insert into notifications (account_id, type, from_account_id, status_id, report_id, created_at)
select u.account_id, $2, $3, $4, $6, $5
from unnest($1::bigint[]) as c(id) join users u on u.account_id = c.id
join accounts f on f.id = $3
where u.account_id <> $3 and f.suspended_at is null
  and (f.silenced_at is null or starts_with($2, 'admin.')
    or exists (select from follows x where x.account_id = u.account_id and x.target_id = $3))
  and not exists (select from blocks b where b.account_id = u.account_id and b.target_id = $3)
  and not exists (select from blocks b where b.account_id = $3 and b.target_id = u.account_id)
  and not exists (select from mutes m where m.account_id = u.account_id and m.target_id = $3
    and m.hide_notifications and (m.expires_at is null or m.expires_at > $5))
  and (f.domain is null or not exists (
    select from account_domain_blocks d where d.account_id = u.account_id and d.domain = f.domain))
  and ($4::bigint is null or not exists (select from statuses s join conversation_mutes x
    on x.conversation_id = s.conversation_id where s.id = $4 and x.account_id = u.account_id))
order by u.account_id
on conflict do nothing
returning id, account_id
"""

# Of a legal notice, whose sender is nobody here: it comes from whoever is told.
NOTIFY_LEGAL: Final = """
insert into notifications (account_id, type, from_account_id, report_id, created_at)
select u.account_id, 'admin.report', u.account_id, $2, $3 from users u where u.account_id = any($1::bigint[])
order by u.account_id on conflict do nothing returning id, account_id
"""

NOTIFY_SELF: Final = """
insert into notifications (account_id, type, from_account_id, status_id, created_at)
select u.account_id, $2, u.account_id, $3, $4 from users u where u.account_id = $1
on conflict do nothing returning id, account_id
"""

# What moderators are told is theirs only as long as they are moderators.
_ONLY_STAFF: Final = """(not starts_with(n.type, 'admin.') or exists (
    select from users u where u.account_id = n.account_id and u.role in ('owner', 'admin', 'moderator')))"""

_COLUMNS: Final = "n.id, n.type, n.created_at, n.from_account_id, n.status_id, n.report_id, n.decision_id"

_PAGE: Final = f"""
where n.account_id = $1 and n.id < $2 and n.id > $3
  and (cardinality($5::text[]) = 0 or n.type = any($5)) and not n.type = any($6::text[])
  and ($7::bigint is null or n.from_account_id = $7)
  and x.suspended_at is null and {_ONLY_STAFF}
order by n.id desc /*page*/ limit $4
"""

# With all of whom they come from but the stored JSON.
PAGE: Final = both_orders(f"""
select {_COLUMNS}, {ACCOUNT_COLUMNS}
from notifications n join accounts x on x.id = n.from_account_id
join account_stats ast on ast.account_id = n.from_account_id {_PAGE}
""")

SOME: Final = f"""
select {_COLUMNS}, n.account_id from notifications n join accounts x on x.id = n.from_account_id
where n.id = any($1::bigint[]) and ($2::bigint is null or n.account_id = $2) and x.suspended_at is null
  and {_ONLY_STAFF}
"""

REPORTS: Final = """
select id, target_id, status_ids, rule_ids, category, comment, forward, action_taken_at, created_at
from reports where id = any($1::bigint[])
"""

DISMISS: Final = "delete from notifications where account_id = $1 and id = $2"

CLEAR: Final = "delete from notifications where account_id = $1"

# What no longer holds is taken back; what holds again meanwhile stays.
WITHDRAW_FAVOURITE: Final = """
delete from notifications n where n.type = 'favourite' and n.from_account_id = $1 and n.status_id = $2
  and not exists (select from favourites f where f.account_id = $1 and f.status_id = $2)
"""

WITHDRAW_BOOST: Final = """
delete from notifications n where n.type = 'reblog' and n.from_account_id = $1 and n.status_id = $2
  and not exists (select from statuses s where s.account_id = $1 and s.reblog_of_id = $2)
"""

# An edit makes room for being told of it: what was told before it goes.
WITHDRAW_UPDATES: Final = """
delete from notifications n using statuses s
where s.id = $1 and n.status_id = s.id and n.type = 'update' and n.created_at < s.edited_at
"""

UNREAD: Final = f"""
select count(*) from (
  select from notifications n where n.account_id = $1 and {_ONLY_STAFF}
    and n.id > coalesce((
      select m.last_read_id from markers m where m.account_id = $1 and m.timeline = 'notifications'), 0)
  limit $2) unread
"""


class NotificationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A notification as it is kept."""

    id: int
    type: str
    created_at: datetime
    from_account_id: int
    status_id: int | None
    report_id: int | None
    decision_id: int | None
    # Whose it is, where that was not given.
    account_id: int = 0


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a notification tells of."""

    id: int
    # None: a legal notice of which nothing was found.
    target_id: int | None
    status_ids: list[int]
    rule_ids: list[int]
    category: Literal["spam", "legal", "violation", "other"]
    comment: str
    forward: bool
    action_taken_at: datetime | None
    created_at: datetime


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that has just been made, and whose it is."""

    id: int
    account_id: int


async def insert_notifications(
    tx: Tx, recipients: Sequence[int], kind: str, *, from_id: int, at: datetime, status_id: int | None = None,
    report_id: int | None = None,
) -> list[Told]:  # fmt: skip
    """Tell those of `recipients` who live here and want to know, once each; who was told now."""
    if not recipients:
        return []
    return as_records(Told, await tx.fetch(NOTIFY, recipients, kind, from_id, status_id, at, report_id))


async def insert_own_notification(tx: Tx, account_id: int, kind: str, *, status_id: int, at: datetime) -> list[Told]:
    """Tell somebody who lives here of their own doing, once."""
    return as_records(Told, await tx.fetch(NOTIFY_SELF, account_id, kind, status_id, at))


async def list_page(
    db: Reader, account_id: int, window: Window, *, types: Sequence[str], without: Sequence[str], from_id: int | None
) -> list[asyncpg.Record]:
    """A page of an account's notifications, in the window's order: a NotificationRow each, with the columns of which a
    StatusReader makes the account that it comes from."""
    return await db.fetch(
        window.choose(PAGE), account_id, window.below, window.above, window.limit, types, without, from_id
    )


async def find_one(db: Reader, account_id: int, notification_id: int) -> NotificationRow | None:
    """One of an account's notifications."""
    return find_record(NotificationRow, await db.fetchrow(SOME, [notification_id], account_id))


async def find_some(db: Reader, ids: Sequence[int]) -> list[NotificationRow]:
    """Notifications of anybody, in no order; those that are gone are left out."""
    return as_records(NotificationRow, await db.fetch(SOME, ids, None))


async def insert_legal(tx: Tx, recipients: Sequence[int], report_id: int, at: datetime) -> list[Told]:
    """Tell people that a legal notice has come in, once."""
    return as_records(Told, await tx.fetch(NOTIFY_LEGAL, recipients, report_id, at))


async def find_reports(db: Reader, ids: Sequence[int]) -> list[ReportRow]:
    """Reports by their ids, in no order."""
    return as_records(ReportRow, await db.fetch(REPORTS, ids))


async def delete_one(tx: Tx, account_id: int, notification_id: int) -> None:
    """Delete one of an account's notifications, if it is there."""
    await tx.execute(DISMISS, account_id, notification_id)


async def delete_all(tx: Tx, account_id: int) -> None:
    """Delete all of an account's notifications."""
    await tx.execute(CLEAR, account_id)


async def withdraw_favourite(tx: Tx, account_id: int, status_id: int) -> None:
    """Take back what was told of a favourite, unless it was given again."""
    await tx.execute(WITHDRAW_FAVOURITE, account_id, status_id)


async def withdraw_boost(tx: Tx, account_id: int, status_id: int) -> None:
    """Take back what was told of a boost of this status, unless it was boosted again."""
    await tx.execute(WITHDRAW_BOOST, account_id, status_id)


async def withdraw_updates(tx: Tx, status_id: int) -> None:
    """Take back what was told of edits before the last one."""
    await tx.execute(WITHDRAW_UPDATES, status_id)


async def count_unread(db: Reader, account_id: int, most: int) -> int:
    """Notifications after the marker, counted up to `most`."""
    return await db.fetchval(UNREAD, account_id, most)
