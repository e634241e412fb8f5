"""SQL of the filling in: what is there already, to go on from where it was interrupted, and never over others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records

PEOPLE: Final = """
select a.id, a.username, u.email from accounts a join users u on u.account_id = a.id
where a.domain is null and lower(a.username) = any($1::text[])
"""

ANYBODY_ELSE: Final = """
select exists (
  select from users u join accounts a on a.id = u.account_id where not (lower(a.username) = any($1::text[])))
"""

POSTS: Final = """
select id, account_id, text from statuses where account_id = any($1::bigint[]) and reblog_of_id is null
"""

REPORTED: Final = "select exists (select from reports where account_id = $1 and $2::bigint = any(status_ids))"

# The audit log remembers it: what the visitor changes or deletes afterwards must not come back.
FILLED_IN: Final = "select exists (select from audit_events where action = 'demo.filled_in')"

INSERT_FILLED_IN: Final = """
insert into audit_events (id, actor_id, action, created_at) values (make_id($1), null, 'demo.filled_in', $1)
"""

# Whoever posts is there on that day: an empty figure on the front page would say that nobody is.
RECORD_ACTIVITY: Final = """
with days as (
  select distinct account_id, (created_at at time zone 'utc')::date as day
  from statuses where account_id = any($1::bigint[])
), noted as (
  insert into activity_days (account_id, day) select account_id, day from days on conflict do nothing
)
update users u set last_active_on = latest.day
from (select account_id, max(day) as day from days group by account_id) latest
where u.account_id = latest.account_id and (u.last_active_on is null or u.last_active_on < latest.day)
"""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """An account that has one of our names."""

    id: int
    username: str
    email: str


class KnownPost(msgspec.Struct, frozen=True, kw_only=True):
    """A post of one of our people."""

    id: int
    account_id: int
    text: str


async def find_people(db: Reader, usernames: Sequence[str]) -> list[Known]:
    """The accounts with these (lower-case) names."""
    return as_records(Known, await db.fetch(PEOPLE, usernames))


async def has_others(db: Reader, usernames: Sequence[str]) -> bool:
    """Whether anybody lives here under another name."""
    return await db.fetchval(ANYBODY_ELSE, usernames)


async def find_posts(db: Reader, account_ids: Sequence[int]) -> list[KnownPost]:
    """All posts of these accounts, without boosts."""
    return as_records(KnownPost, await db.fetch(POSTS, account_ids))


async def has_reported(db: Reader, account_id: int, status_id: int) -> bool:
    """Whether somebody has told the moderators of a post."""
    return await db.fetchval(REPORTED, account_id, status_id)


async def is_filled_in(db: Reader) -> bool:
    """Whether the community was filled in to its end."""
    return await db.fetchval(FILLED_IN)


async def record_activity(tx: Tx, account_ids: Sequence[int]) -> None:
    """Count these people as active on the days on which they posted."""
    await tx.execute(RECORD_ACTIVITY, account_ids)


async def mark_filled_in(tx: Tx, at: datetime) -> None:
    """Remember that the community is complete."""
    await tx.execute(INSERT_FILLED_IN, at)
