"""SQL of taking an account apart: in pieces small enough that nobody waits for them, with all counts put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from rostra.kit.db import Reader, Tx

CLOSE_ACCOUNT: Final = """
update accounts set suspended_at = coalesce(suspended_at, $2), rendered_for = 0 where id = $1 and domain is null
"""

LEAVER: Final = "select id, username from accounts where id = $1 and domain is null and suspended_at is not null"

STATUSES: Final = """
select id, visibility, in_reply_to_id, reblog_of_id, conversation_id from statuses
where account_id = $1 order by id limit $2
"""

# Counts before statuses before accounts, each in the order of ids, as `posts.queries` explains.
LOCK_STATUSES: Final = "select from status_stats where status_id = any($1::bigint[]) order by status_id for update"

FEWER_REPLIES: Final = """
update status_stats set replies_count = greatest(replies_count - gone.replies, 0)
from (select id, count(*)::int as replies from unnest($1::bigint[]) as reply(id) group by id) as gone
where status_id = gone.id
"""

FEWER_REBLOGS: Final = """
update status_stats set reblogs_count = greatest(reblogs_count - 1, 0)
from unnest($1::bigint[]) as gone(id) where status_id = gone.id
"""

BOOSTS: Final = """
select id, account_id from statuses where reblog_of_id = any($1::bigint[]) and account_id <> $2 order by account_id
"""

# Locked in the order of ids, here and below, as everybody does who takes several.
FEWER_STATUSES: Final = """
with gone as materialized (select account_id, boosts from unnest($1::bigint[], $2::int[]) as g(account_id, boosts)),
locked as materialized (
  select account_id from account_stats where account_id in (select account_id from gone)
  order by account_id for update)
update account_stats set statuses_count = greatest(statuses_count - gone.boosts, 0)
from gone join locked on locked.account_id = gone.account_id where account_stats.account_id = gone.account_id
"""

# Replies by others stay, and no longer say to what or to whom.
ORPHAN_REPLIES: Final = """
with replies as materialized (
  select id from statuses where in_reply_to_id = any($1::bigint[]) and account_id <> $2 order by id for no key update)
update statuses s set in_reply_to_id = null, in_reply_to_account_id = null, rendered_for = 0
from replies where s.id = replies.id
"""

DELETE_STATUSES: Final = "delete from statuses where id = any($1::bigint[])"

DELETE_CONVERSATIONS: Final = """
delete from conversations c
where c.id = any($1::bigint[]) and not exists (select from statuses s where s.conversation_id = c.id)
"""

MENTIONS: Final = "select status_id from mentions where account_id = $1 order by status_id limit $2"

# What is written stays, with the name as plain words once it is rendered anew.
DELETE_MENTIONS: Final = """
with gone as (delete from mentions where account_id = $1 and status_id = any($2::bigint[]) returning status_id)
update statuses s set rendered_for = 0 from gone where s.id = gone.status_id
"""

FAVOURITES: Final = "select id, status_id from favourites where account_id = $1 order by status_id limit $2"

DELETE_FAVOURITES: Final = """
with gone as (delete from favourites where id = any($1::bigint[]) returning status_id)
update status_stats set favourites_count = greatest(favourites_count - 1, 0)
from gone where status_stats.status_id = gone.status_id
"""

FOLLOWS: Final = """
select id, account_id, target_id from follows where account_id = $1 or target_id = $1 order by id limit $2
"""

DELETE_FOLLOWS: Final = """
with gone as (delete from follows where id = any($1::bigint[]) returning account_id, target_id),
changed as (
  select account_id as id, 1 as following, 0 as followers from gone union all
  select target_id, 0, 1 from gone),
summed as (
  select id, sum(following)::int as following, sum(followers)::int as followers from changed group by id),
locked as materialized (
  select account_id from account_stats where account_id in (select id from summed) order by account_id for update)
update account_stats set following_count = greatest(following_count - summed.following, 0),
  followers_count = greatest(followers_count - summed.followers, 0)
from summed join locked on locked.account_id = summed.id where account_stats.account_id = summed.id
"""

KEYS: Final = """
select original_key as key from media_attachments where account_id = $1
union select preview_key from media_attachments where account_id = $1
union select avatar_key from accounts where id = $1
union select avatar_static_key from accounts where id = $1
union select header_key from accounts where id = $1
union select header_static_key from accounts where id = $1
union select file_key from exports where account_id = $1
"""

DELETE_ACCOUNT: Final = "delete from accounts where id = $1"


async def close_account(tx: Tx, account_id: int, at: datetime) -> None:
    """Hide an account, as a first step that takes no time."""
    await tx.execute(CLOSE_ACCOUNT, account_id, at)


async def find_leaver(db: Reader, account_id: int) -> asyncpg.Record | None:
    """The id and the name of a local account that is closed."""
    return await db.fetchrow(LEAVER, account_id)


async def list_statuses(db: Reader, account_id: int, limit: int) -> list[asyncpg.Record]:
    """Some of the statuses of an account: id, visibility, in_reply_to_id, reblog_of_id, conversation_id."""
    return await db.fetch(STATUSES, account_id, limit)


async def lock_statuses(tx: Tx, ids: Sequence[int]) -> None:
    """Hold the counts of statuses."""
    await tx.execute(LOCK_STATUSES, ids)


async def count_fewer_replies(tx: Tx, parent_ids: Sequence[int]) -> None:
    """Replies to these are about to go; one that loses several is named as often."""
    await tx.execute(FEWER_REPLIES, parent_ids)


async def count_fewer_reblogs(tx: Tx, boosted_ids: Sequence[int]) -> None:
    """A boost of each of these is about to go."""
    await tx.execute(FEWER_REBLOGS, boosted_ids)


async def count_fewer_boosts(tx: Tx, ids: Sequence[int], account_id: int) -> list[int]:
    """Boosts by others go with what they boost: take them off their authors' counts. Returns their ids."""
    rows = await tx.fetch(BOOSTS, ids, account_id)
    if rows:
        counts = Counter(row["account_id"] for row in rows)
        await tx.execute(FEWER_STATUSES, list(counts), list(counts.values()))
    return [row["id"] for row in rows]


async def orphan_replies(tx: Tx, ids: Sequence[int], account_id: int) -> None:
    """Replies by others to these are about to be without what they reply to."""
    await tx.execute(ORPHAN_REPLIES, ids, account_id)


async def delete_statuses(tx: Tx, ids: Sequence[int], conversation_ids: Sequence[int]) -> None:
    """Delete statuses with all that hangs on them, and those of their conversations of which nothing is left."""
    await tx.execute(DELETE_STATUSES, ids)
    await tx.execute(DELETE_CONVERSATIONS, conversation_ids)


async def list_mentions(db: Reader, account_id: int, limit: int) -> list[int]:
    """Some of the statuses that mention an account."""
    return [row["status_id"] for row in await db.fetch(MENTIONS, account_id, limit)]


async def delete_mentions(tx: Tx, account_id: int, status_ids: Sequence[int]) -> None:
    """Have statuses mention an account no more."""
    await tx.execute(DELETE_MENTIONS, account_id, status_ids)


async def list_favourites(db: Reader, account_id: int, limit: int) -> list[asyncpg.Record]:
    """Some of the favourites of an account: id, status_id."""
    return await db.fetch(FAVOURITES, account_id, limit)


async def delete_favourites(tx: Tx, ids: Sequence[int]) -> None:
    """Delete favourites and count them no more."""
    await tx.execute(DELETE_FAVOURITES, ids)


async def list_follows(db: Reader, account_id: int, limit: int) -> list[asyncpg.Record]:
    """Some of the follows of and by an account: id."""
    return await db.fetch(FOLLOWS, account_id, limit)


async def delete_follows(tx: Tx, ids: Sequence[int]) -> None:
    """Delete follows and count them no more."""
    await tx.execute(DELETE_FOLLOWS, ids)


async def list_keys(db: Reader, account_id: int) -> list[str]:
    """The keys of all files of an account."""
    return [row["key"] for row in await db.fetch(KEYS, account_id) if row["key"]]


async def delete_account(tx: Tx, account_id: int) -> None:
    """Delete an account with all that still hangs on it."""
    await tx.execute(DELETE_ACCOUNT, account_id)
