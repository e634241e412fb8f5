"""SQL of what a lever would have touched in the last 24 hours. Asked before somebody pulls it, never on the way of a
post."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from asyncpg import Record

from rostra.kit.db import Reader, as_record
from rostra.kit.ids import first_id_at

_LATELY: Final = """
select s.account_id, s.created_at, s.text, s.visibility, a.created_at as since
from statuses s join accounts a on a.id = s.account_id join users u on u.account_id = a.id
where s.id > $1 and s.reblog_of_id is null and u.role not in ('owner', 'admin', 'moderator')
"""

NEW: Final = f"""
select count(*) as posts, count(distinct p.account_id) as people from ({_LATELY}) p
where p.created_at < p.since + $2::interval and ($3 or p.visibility in ('public', 'unlisted'))
"""

NEW_LINKS: Final = f"""
select count(*) as posts, count(distinct p.account_id) as people from ({_LATELY}) p
where p.created_at < p.since + $2::interval and p.text ~* 'https?://'
"""

# Each post that came sooner after the author's last than the slow mode lets it.
SLOW: Final = f"""
select count(*) as posts, count(distinct q.account_id) as people from (
  select p.*, lag(p.created_at) over (partition by p.account_id order by p.created_at) as before from ({_LATELY}) p
) q
where q.created_at < q.before + $2::interval and ($3 or q.created_at < q.since + $4::interval)
"""

BOOSTS: Final = """
select count(*) as posts, count(distinct b.account_id) as people
from statuses b join statuses s on s.id = b.reblog_of_id
where b.id > $1 and s.labels is not null
"""

SIGN_UPS: Final = """
select count(*) as posts, count(*) as people from users u join accounts a on a.id = u.account_id
where a.id > $1 and u.invite_id is null
"""

_DAY: Final = timedelta(hours=24)


class Touched(msgspec.Struct, frozen=True):
    """How many posts (or boosts, or sign-ups), of how many people."""

    posts: int
    people: int


async def count_new(conn: Reader, at: datetime, hours: int, *, private_too: bool) -> Touched:
    """Posts of accounts that were younger than that."""
    return _one(await conn.fetchrow(NEW, _since(at), timedelta(hours=hours), private_too))


async def count_new_links(conn: Reader, at: datetime, hours: int) -> Touched:
    """Posts with links of accounts that were younger than that."""
    return _one(await conn.fetchrow(NEW_LINKS, _since(at), timedelta(hours=hours)))


async def count_fast(conn: Reader, at: datetime, seconds: int, hours: int | None) -> Touched:
    """Posts that came sooner than that after the author's last; of accounts younger than `hours` (None: of all)."""
    limit = timedelta(hours=hours or 0)
    return _one(await conn.fetchrow(SLOW, _since(at), timedelta(seconds=seconds), hours is None, limit))


async def count_labelled_boosts(conn: Reader, at: datetime) -> Touched:
    """Boosts of posts that bear a label now."""
    return _one(await conn.fetchrow(BOOSTS, _since(at)))


async def count_sign_ups(conn: Reader, at: datetime) -> Touched:
    """Sign-ups without an invitation."""
    return _one(await conn.fetchrow(SIGN_UPS, _since(at)))


def _one(row: Record | None) -> Touched:
    assert row is not None
    return as_record(Touched, row)


def _since(at: datetime) -> int:
    return first_id_at(at - _DAY)
