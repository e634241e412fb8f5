"""SQL of keeping home timelines: copying statuses in, and taking them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from rostra.kit.db import Reader, Tx

OWN_ENTRY: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
select u.account_id, s.id, coalesce(o.id, s.id), s.account_id, coalesce(o.account_id, s.account_id)
from statuses s join users u on u.account_id = s.account_id left join statuses o on o.id = s.reblog_of_id
where s.id = $1 on conflict do nothing
"""


def _copying(own: LiteralString, conflict: LiteralString) -> LiteralString:
    """SQL that copies a status to its author, to those who follow one of the hashtags, and to a batch of the author's
    followers by the ids of their follows; answers the last id if there may be more of them, and tells those who listen
    ($4 the channel, $5 what) if there are none. Following a hashtag brings what is new, whatever was turned off of the
    author. The status is locked, so that none goes into a home timeline after it was deleted."""
    return f"""
with subject as materialized (
  select s.id, s.account_id, s.visibility, s.language, o.id is not null as is_boost, a.merged_on_read,
    coalesce(o.id, s.id) as subject_id, coalesce(o.account_id, s.account_id) as subject_author_id,
    case when o.id is null then s.in_reply_to_account_id end as answered_id
  from statuses s join accounts a on a.id = s.account_id left join statuses o on o.id = s.reblog_of_id
  where s.id = $1 for key share of s),
batch as materialized (
  select f.id, f.account_id, f.show_reblogs, f.languages from subject s join follows f on f.target_id = s.account_id
  where not s.merged_on_read and f.id > $2 order by f.id limit $3),
audience as (
  select b.account_id from batch b cross join subject s
  where (b.show_reblogs or not s.is_boost)
    and (b.languages is null or s.language is null or s.language = any(b.languages))
    and (s.answered_id is null or s.answered_id in (s.account_id, b.account_id)
      or exists (select from follows r where r.account_id = b.account_id and r.target_id = s.answered_id))
    and (s.visibility <> 'direct'
      or exists (select from mentions m where m.status_id = s.id and m.account_id = b.account_id))
    and not exists (select from list_accounts la join lists l on l.id = la.list_id
      where la.account_id = s.account_id and l.account_id = b.account_id and l.exclusive)
  union
  select s.account_id from subject s {own}
  union
  select tf.account_id from subject s
  join status_tags st on st.status_id = s.id join tag_follows tf on tf.tag_id = st.tag_id
  where s.visibility = 'public' and not s.is_boost and $2 < 0),
written as (
  insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
  select u.account_id, s.id, s.subject_id, s.account_id, s.subject_author_id
  from audience x join users u on u.account_id = x.account_id cross join subject s
  order by u.account_id {conflict})
select case when count(*) = $3 then max(id) end, case when count(*) < $3 then pg_notify($4, $5) end::text from batch
"""


# Looking for what is there already costs a third of an entry, beside the entry itself: two more descents into indexes.
COPY_NEW: Final = _copying(
    """where not exists (
    select from home_entries e where e.account_id = s.account_id and e.status_id = s.id)""",
    "",
)

COPY: Final = _copying("", "on conflict do nothing")

BACKFILL: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
select $1, s.id, coalesce(o.id, s.id), s.account_id, coalesce(o.account_id, s.account_id)
from follows f
join lateral (
  select * from statuses s where s.account_id = $2 and s.visibility <> 'direct' order by s.id desc limit $3) s on true
join accounts a on a.id = s.account_id
left join statuses o on o.id = s.reblog_of_id
where f.account_id = $1 and f.target_id = $2 and not a.merged_on_read
  and (f.show_reblogs or o.id is null)
  and (f.languages is null or s.language is null or s.language = any(f.languages))
  and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in ($1, $2) or exists (
    select from follows r where r.account_id = $1 and r.target_id = s.in_reply_to_account_id))
  and not exists (select from list_accounts la join lists l on l.id = la.list_id
    where la.account_id = $2 and l.account_id = $1 and l.exclusive)
on conflict do nothing
"""

REMOVE_AUTHOR: Final = """
delete from home_entries e where e.account_id = $1 and e.author_id = $2
  and not exists (select from follows f where f.account_id = $1 and f.target_id = $2)
"""

# A batch of the statuses of somebody who is suspended, the newest first; the last id if there may be more of them. What
# others have boosted of them stays where it is, unseen, to be there again afterwards.
REMOVE_HIDDEN: Final = """
with batch as materialized (
  select s.id from statuses s join accounts a on a.id = s.account_id
  where s.account_id = $1 and s.id < $2 and a.suspended_at is not null order by s.id desc limit $3),
gone as (delete from home_entries e using batch b where e.status_id = b.id)
select min(id) from batch having count(*) = $3
"""

# The latest of somebody who is not suspended any more, for a batch of followers and for themselves.
FILL_FOLLOWERS: Final = """
with author as materialized (
  select a.id from accounts a where a.id = $1 and a.suspended_at is null),
batch as materialized (
  select f.id, f.account_id, f.show_reblogs, f.languages from author a join follows f on f.target_id = a.id
  join accounts x on x.id = a.id and not x.merged_on_read
  where f.id > $2 order by f.id limit $3),
latest as materialized (
  select s.id, s.account_id, s.language, s.in_reply_to_account_id, coalesce(o.id, s.id) as subject_id,
    coalesce(o.account_id, s.account_id) as subject_author_id, o.id is not null as is_boost
  from author a join statuses s on s.account_id = a.id left join statuses o on o.id = s.reblog_of_id
  where s.visibility <> 'direct' order by s.id desc limit $4),
audience as (
  select b.account_id, s.id as status_id, s.subject_id, s.account_id as author_id, s.subject_author_id
  from batch b cross join latest s
  where (b.show_reblogs or not s.is_boost)
    and (b.languages is null or s.language is null or s.language = any(b.languages))
    and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in (s.account_id, b.account_id)
      or exists (select from follows r where r.account_id = b.account_id and r.target_id = s.in_reply_to_account_id))
    and not exists (select from list_accounts la join lists l on l.id = la.list_id
      where la.account_id = s.account_id and l.account_id = b.account_id and l.exclusive)
  union all
  select s.account_id, s.id, s.subject_id, s.account_id, s.subject_author_id from latest s where $2 < 0),
written as (
  insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
  select u.account_id, x.status_id, x.subject_id, x.author_id, x.subject_author_id
  from audience x join users u on u.account_id = x.account_id
  order by u.account_id, x.status_id desc on conflict do nothing)
select max(id) from batch having count(*) = $3
"""

MERGE_LARGE: Final = """
update accounts a set merged_on_read = true from account_stats st
where a.id = $1 and st.account_id = a.id and st.followers_count >= $2 and not a.merged_on_read
"""

# The accounts that got entries lately, a page at a time; only they can have grown too long.
GROWN: Final = """
select distinct account_id from home_entries where status_id >= $1 and account_id > $2 order by account_id limit $3
"""

TRIM: Final = """
delete from home_entries e using unnest($1::bigint[]) as wanted(account_id)
where e.account_id = wanted.account_id and e.status_id < (
  select k.status_id from home_entries k where k.account_id = wanted.account_id
  order by k.status_id desc offset $2 limit 1)
"""


async def insert_own_entry(tx: Tx, status_id: int) -> None:
    """Put a status into its author's own home timeline."""
    await tx.execute(OWN_ENTRY, status_id)


async def copy_out(
    tx: Tx, status_id: int, *, after: int, limit: int, is_new: bool, channel: str, said: str
) -> int | None:
    """Put a status into the home timelines of the next `limit` followers, and of all others whom it is for; where to go
    on, or None at the end, when `said` is announced. The first call has `after=-1`. One that was deleted meanwhile is
    no error. With `is_new`, it is in nobody's yet but perhaps its author's: else raises asyncpg's UniqueViolationError.
    """
    return await tx.fetchval(COPY_NEW if is_new else COPY, status_id, after, limit, channel, said)


async def insert_latest_of(tx: Tx, account_id: int, author_id: int, limit: int) -> None:
    """Put the latest statuses of an author whom `account_id` follows into its home timeline."""
    await tx.execute(BACKFILL, account_id, author_id, limit)


async def delete_entries_of(tx: Tx, account_id: int, author_id: int) -> None:
    """Take an author whom `account_id` does not follow out of its home timeline."""
    await tx.execute(REMOVE_AUTHOR, account_id, author_id)


async def delete_hidden(tx: Tx, author_id: int, *, below: int, limit: int) -> int | None:
    """Take the next `limit` statuses of a suspended author out of all home timelines; where to go on, or None at the
    end."""
    return await tx.fetchval(REMOVE_HIDDEN, author_id, below, limit)


async def fill_followers(tx: Tx, author_id: int, *, after: int, limit: int, latest: int) -> int | None:
    """Put the `latest` statuses of an author into the home timelines of the next `limit` followers; where to go on, or
    None at the end. The first call has `after=-1`, and does the author's own."""
    return await tx.fetchval(FILL_FOLLOWERS, author_id, after, limit, latest)


async def merge_large_author(tx: Tx, account_id: int, threshold: int) -> None:
    """From `threshold` followers on, have an author's posts merged on read instead of copied."""
    await tx.execute(MERGE_LARGE, account_id, threshold)


async def find_grown(db: Reader, since_id: int, after: int, limit: int) -> Sequence[int]:
    """Accounts, by id from `after`, that got home entries since the status `since_id`."""
    return [row["account_id"] for row in await db.fetch(GROWN, since_id, after, limit)]


async def trim(tx: Tx, account_ids: Sequence[int], keep: int) -> None:
    """Keep the newest `keep` + 1 home entries of these accounts."""
    await tx.execute(TRIM, account_ids, keep)
