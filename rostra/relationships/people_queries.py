"""SQL of lists of accounts: followers, requests, blocks, mutes, familiar followers; and of blocked domains.

The cursor of each list is the id of the row that puts somebody into it. $1 is whose list it is, $2, $3, $4 the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import asyncpg
import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.kit.paging import Window, both_orders
from rostra.relationships.wanted import wanted


def _newest_first(page: LiteralString) -> tuple[LiteralString, LiteralString]:
    return both_orders(f"select * from ({page} desc /*page*/ limit $4) page order by cursor desc")


# $5 is the viewer, who does not see whom they do not want to see, unless the list is their own; $6 the time.
FOLLOWERS: Final = _newest_first(f"""
  select f.id as cursor, f.account_id as id from follows f join accounts a on a.id = f.account_id
  where f.target_id = $1 and f.id < $2 and f.id > $3 and a.suspended_at is null
    and ($1 = $5 or {wanted("$5", "a.id", "a", "$6")})
  order by f.id""")

FOLLOWING: Final = _newest_first(f"""
  select f.id as cursor, f.target_id as id from follows f join accounts a on a.id = f.target_id
  where f.account_id = $1 and f.id < $2 and f.id > $3 and a.suspended_at is null
    and ($1 = $5 or {wanted("$5", "a.id", "a", "$6")})
  order by f.id""")

REQUESTS: Final = _newest_first("""
  select r.id as cursor, r.account_id as id from follow_requests r join accounts a on a.id = r.account_id
  where r.target_id = $1 and r.id < $2 and r.id > $3 and a.suspended_at is null order by r.id""")

BLOCKS: Final = _newest_first("""
  select b.id as cursor, b.target_id as id from blocks b join accounts a on a.id = b.target_id
  where b.account_id = $1 and b.id < $2 and b.id > $3 and a.suspended_at is null order by b.id""")

MUTES: Final = _newest_first("""
  select m.id as cursor, m.target_id as id, m.expires_at from mutes m join accounts a on a.id = m.target_id
  where m.account_id = $1 and m.id < $2 and m.id > $3 and a.suspended_at is null
    and (m.expires_at is null or m.expires_at > $5) order by m.id""")

DOMAIN_BLOCKS: Final = _newest_first("""
  select d.id as cursor, d.domain from account_domain_blocks d
  where d.account_id = $1 and d.id < $2 and d.id > $3 order by d.id""")

FAMILIAR: Final = """
select w.id, array(
  select theirs.account_id from follows mine
  join follows theirs on theirs.account_id = mine.target_id and theirs.target_id = w.id
  join accounts a on a.id = theirs.account_id
  where mine.account_id = $1 and a.suspended_at is null and not a.hide_collections
    and not t.hide_collections and t.suspended_at is null
    and not exists (select from blocks b where b.account_id = w.id and b.target_id = $1)
  order by theirs.id desc limit $3) as followers
from unnest($2::bigint[]) with ordinality as w(id, place) join accounts t on t.id = w.id order by w.place
"""

KNOWN: Final = """
select w.id from unnest($1::bigint[]) with ordinality as w(id, place) join accounts a on a.id = w.id
where not exists (
  select from users u where u.account_id = a.id and (u.confirmed_at is null or u.approved_at is null))
order by w.place
"""

WAITING: Final = """
select r.account_id from follow_requests r
join accounts t on t.id = r.target_id join accounts a on a.id = r.account_id
where r.target_id = $1 and not t.locked and a.silenced_at is null and a.suspended_at is null order by r.id limit $2
"""

INSERT_DOMAIN_BLOCK: Final = """
insert into account_domain_blocks (id, account_id, domain, created_at) values (make_id($3), $1, $2, $3)
on conflict (account_id, domain) do nothing
"""

DELETE_DOMAIN_BLOCK: Final = "delete from account_domain_blocks where account_id = $1 and domain = $2"

TIED_TO_DOMAIN: Final = """
select a.id from accounts a
where a.domain = $2 and a.id in (
  select f.target_id from follows f where f.account_id = $1
  union all select f.account_id from follows f where f.target_id = $1
  union all select r.target_id from follow_requests r where r.account_id = $1
  union all select r.account_id from follow_requests r where r.target_id = $1)
order by a.id
"""

COUNT_TIED: Final = """
select
  (select count(*) from follows f join accounts a on a.id = f.target_id where f.account_id = $1 and a.domain = $2)
    as following,
  (select count(*) from follows f join accounts a on a.id = f.account_id where f.target_id = $1 and a.domain = $2)
    as followers
"""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a list, with the id of the row that put them there."""

    cursor: int
    id: int
    expires_at: datetime | None = None


class Familiar(msgspec.Struct, frozen=True, kw_only=True):
    """An account and those of its followers whom the viewer follows."""

    id: int
    followers: list[int]


async def _page(
    db: Reader, statements: tuple[LiteralString, LiteralString], owner_id: int, window: Window, *more: object
) -> list[asyncpg.Record]:
    return await db.fetch(window.choose(statements), owner_id, window.below, window.above, window.limit, *more)


async def find_followers(
    db: Reader, account_id: int, window: Window, viewer_id: int | None, at: datetime
) -> list[Listed]:
    """Who follows the account, the latest first."""
    return as_records(Listed, await _page(db, FOLLOWERS, account_id, window, viewer_id, at))


async def find_following(
    db: Reader, account_id: int, window: Window, viewer_id: int | None, at: datetime
) -> list[Listed]:
    """Whom the account follows, the latest first."""
    return as_records(Listed, await _page(db, FOLLOWING, account_id, window, viewer_id, at))


async def find_requests(db: Reader, account_id: int, window: Window) -> list[Listed]:
    """Who asks to follow the account."""
    return as_records(Listed, await _page(db, REQUESTS, account_id, window))


async def find_blocks(db: Reader, account_id: int, window: Window) -> list[Listed]:
    """Whom the account blocks."""
    return as_records(Listed, await _page(db, BLOCKS, account_id, window))


async def find_mutes(db: Reader, account_id: int, window: Window, at: datetime) -> list[Listed]:
    """Whom the account mutes at the time `at`, and until when."""
    return as_records(Listed, await _page(db, MUTES, account_id, window, at))


async def find_domain_blocks(db: Reader, account_id: int, window: Window) -> list[tuple[int, str]]:
    """The domains that the account blocks, as (row id, domain)."""
    return [(row["cursor"], row["domain"]) for row in await _page(db, DOMAIN_BLOCKS, account_id, window)]


async def find_familiar(db: Reader, viewer_id: int, ids: Sequence[int], limit: int) -> list[Familiar]:
    """For each known account, at most `limit` of its followers whom the viewer follows."""
    return as_records(Familiar, await db.fetch(FAMILIAR, viewer_id, ids, limit))


async def find_known(db: Reader, ids: Sequence[int]) -> list[int]:
    """Those of `ids` that are accounts, and confirmed and approved if they are local, in that order."""
    return [row["id"] for row in await db.fetch(KNOWN, ids)]


async def find_waiting(db: Reader, account_id: int, limit: int) -> list[int]:
    """Who waits to follow an account that is not locked, but for those who are limited or suspended."""
    return [row["account_id"] for row in await db.fetch(WAITING, account_id, limit)]


async def insert_domain_block(tx: Tx, account_id: int, domain: str, at: datetime) -> None:
    """Write the block of a domain; one that is there stays."""
    await tx.execute(INSERT_DOMAIN_BLOCK, account_id, domain, at)


async def delete_domain_block(tx: Tx, account_id: int, domain: str) -> None:
    """Lift the block of a domain."""
    await tx.execute(DELETE_DOMAIN_BLOCK, account_id, domain)


async def find_tied_to_domain(db: Reader, account_id: int, domain: str) -> list[int]:
    """Who on the domain follows the account or is followed by it, or has asked or been asked for that."""
    return [row["id"] for row in await db.fetch(TIED_TO_DOMAIN, account_id, domain)]


async def count_tied_to_domain(db: Reader, account_id: int, domain: str) -> tuple[int, int]:
    """How many on the domain the account follows, and how many there follow it."""
    row = await db.fetchrow(COUNT_TIED, account_id, domain)
    return (row["following"], row["followers"]) if row else (0, 0)
