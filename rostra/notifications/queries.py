"""SQL of notifications."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.kit.paging import Window, both_orders

# $1 recipients, $2 type, $3 from whom, $4 status, $5 time, $6 report. Told are those who live here and want to know.
NOTIFY: Final = """
insert into notifications (id, account_id, type, from_account_id, status_id, report_id, created_at)
select make_id($5), u.account_id, $2, $3, $4, $6, $5
from unnest($1::bigint[]) as c(id) join users u on u.account_id = c.id
join accounts f on f.id = $3
where u.account_id <> $3
  and not exists (select from blocks b where b.account_id = u.account_id and b.target_id = $3)
  and not exists (select from blocks b where b.account_id = $3 and b.target_id = u.account_id)
  and not exists (select from mutes m where m.account_id = u.account_id and m.target_id = $3
    and m.hide_notifications and (m.expires_at is null or m.expires_at > $5))
  and (f.domain is null or not exists (
    select from account_domain_blocks d where d.account_id = u.account_id and d.domain = f.domain))
  and ($4::bigint is null or not exists (select from statuses s join conversation_mutes x
    on x.conversation_id = s.conversation_id where s.id = $4 and x.account_id = u.account_id))
on conflict do nothing
returning id, account_id
"""

NOTIFY_SELF: Final = """
insert into notifications (id, account_id, type, from_account_id, status_id, created_at)
select make_id($4), u.account_id, $2, u.account_id, $3, $4 from users u where u.account_id = $1
on conflict do nothing returning id, account_id
"""

MENTIONED: Final = """
select m.account_id from mentions m join users u on u.account_id = m.account_id where m.status_id = $1
"""

# Those who asked to be told of each post; not of replies to others, and not of what they may not see.
BELL_RINGERS: Final = """
select f.account_id from statuses s join follows f on f.target_id = s.account_id and f.notify
where s.id = $1 and s.visibility <> 'direct'
  and (s.in_reply_to_account_id is null or s.in_reply_to_account_id = s.account_id)
  and not exists (select from mentions m where m.status_id = s.id and m.account_id = f.account_id)
"""

AUTHOR: Final = "select account_id from statuses where id = $1"

BOOSTERS: Final = """
select s.account_id from statuses s join users u on u.account_id = s.account_id where s.reblog_of_id = $1
"""

POLL_AUDIENCE: Final = """
select p.status_id, p.account_id as author_id,
  array(select v.account_id from poll_votes v join users u on u.account_id = v.account_id
    where v.poll_id = p.id) as voters
from polls p where p.id = $1
"""

MODERATORS: Final = """
select account_id from users where role in ('owner', 'admin', 'moderator') and disabled_at is null
"""

PAGE: Final = both_orders("""
select n.id, n.type, n.created_at, n.from_account_id, n.status_id, n.report_id
from notifications n join accounts x on x.id = n.from_account_id
where n.account_id = $1 and n.id < $2 and n.id > $3
  and (cardinality($5::text[]) = 0 or n.type = any($5)) and not n.type = any($6::text[])
  and ($7::bigint is null or n.from_account_id = $7)
  and x.suspended_at is null
order by n.id desc /*page*/ limit $4
""")

ONE: Final = """
select n.id, n.type, n.created_at, n.from_account_id, n.status_id, n.report_id
from notifications n where n.account_id = $1 and n.id = $2
"""

DISMISS: Final = "delete from notifications where account_id = $1 and id = $2"

CLEAR: Final = "delete from notifications where account_id = $1"

WITHDRAW: Final = """
delete from notifications where type = $1 and from_account_id = $2 and status_id is not distinct from $3
  and ($4::bigint is null or account_id = $4)
"""

UNREAD: Final = """
select count(*) from (
  select from notifications n where n.account_id = $1
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


def _ids(rows: Sequence[Any]) -> list[int]:
    return [row[0] for row in rows]


async def find_mentioned(db: Reader, status_id: int) -> list[int]:
    """Local accounts that a status mentions."""
    return _ids(await db.fetch(MENTIONED, status_id))


async def find_bell_ringers(db: Reader, status_id: int) -> list[int]:
    """Followers who want to be told of each post of the author, where this status is one for them."""
    return _ids(await db.fetch(BELL_RINGERS, status_id))


async def find_author(db: Reader, status_id: int) -> int | None:
    """Who wrote a status."""
    return await db.fetchval(AUTHOR, status_id)


async def find_boosters(db: Reader, status_id: int) -> list[int]:
    """Local accounts that have boosted a status."""
    return _ids(await db.fetch(BOOSTERS, status_id))


async def find_poll_audience(db: Reader, poll_id: int) -> tuple[int, int, list[int]] | None:
    """Status, author and local voters of a poll."""
    row = await db.fetchrow(POLL_AUDIENCE, poll_id)
    return None if row is None else (row["status_id"], row["author_id"], row["voters"])


async def find_moderators(db: Reader) -> list[int]:
    """Everybody who looks after reports and sign-ups."""
    return _ids(await db.fetch(MODERATORS))


async def list_page(
    db: Reader, account_id: int, window: Window, *, types: Sequence[str], without: Sequence[str], from_id: int | None
) -> list[NotificationRow]:
    """A page of an account's notifications, in the window's order."""
    rows = await db.fetch(
        window.choose(PAGE), account_id, window.below, window.above, window.limit, types, without, from_id
    )
    return as_records(NotificationRow, rows)


async def find_one(db: Reader, account_id: int, notification_id: int) -> NotificationRow | None:
    """One of an account's notifications."""
    row = await db.fetchrow(ONE, account_id, notification_id)
    return None if row is None else NotificationRow(**dict(row.items()))


async def delete_one(tx: Tx, account_id: int, notification_id: int) -> None:
    await tx.execute(DISMISS, account_id, notification_id)


async def delete_all(tx: Tx, account_id: int) -> None:
    await tx.execute(CLEAR, account_id)


async def withdraw(tx: Tx, kind: str, *, from_id: int, status_id: int | None, account_id: int | None = None) -> None:
    """Take back what no longer holds (an unfavourite, an unfollow)."""
    await tx.execute(WITHDRAW, kind, from_id, status_id, account_id)


async def count_unread(db: Reader, account_id: int, most: int) -> int:
    """Notifications after the marker, counted up to `most`."""
    return await db.fetchval(UNREAD, account_id, most)
