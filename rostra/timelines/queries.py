"""SQL of keeping home timelines: copying statuses in, and taking them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record

SUBJECT: Final = """
select s.id, s.account_id, s.visibility, s.language, s.in_reply_to_account_id,
  coalesce(o.id, s.id) as subject_id, coalesce(o.account_id, s.account_id) as subject_author_id,
  o.id is not null as is_boost, a.merged_on_read
from statuses s join accounts a on a.id = s.account_id left join statuses o on o.id = s.reblog_of_id
where s.id = $1
"""

OWN_ENTRY: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
select u.account_id, $2, $3, $1, $4 from users u where u.account_id = $1 on conflict do nothing
"""

# A batch of followers by the id of their follow; answers the last one that was looked at.
FOLLOWER_ENTRIES: Final = """
with batch as (
  select f.id, f.account_id, f.show_reblogs, f.languages from follows f
  where f.target_id = $1 and f.id > $5 order by f.id limit $6),
written as (
  insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
  select b.account_id, $2, $3, $1, $4 from batch b join users u on u.account_id = b.account_id
  where (b.show_reblogs or not $7)
    and (b.languages is null or $8::text is null or $8 = any(b.languages))
    and ($9::bigint is null or $9 = $1 or $9 = b.account_id
      or exists (select from follows r where r.account_id = b.account_id and r.target_id = $9))
    and ($10 <> 'direct' or exists (select from mentions m where m.status_id = $2 and m.account_id = b.account_id))
    and not exists (select from list_accounts la join lists l on l.id = la.list_id
      where la.account_id = $1 and l.account_id = b.account_id and l.exclusive)
  order by b.account_id
  on conflict do nothing)
select max(id) from batch
"""

# Not to those who turned the author's boosts, language or posts off: following a tag brings what is new, no more.
TAG_FOLLOWER_ENTRIES: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
select distinct tf.account_id, s.id, s.id, s.account_id, s.account_id
from statuses s join status_tags st on st.status_id = s.id join tag_follows tf on tf.tag_id = st.tag_id
where s.id = $1 and s.visibility = 'public' order by tf.account_id on conflict do nothing
"""

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


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A status as fan-out sees it; the subject is what it boosts, or itself."""

    id: int
    account_id: int
    visibility: str
    language: str | None
    in_reply_to_account_id: int | None
    subject_id: int
    subject_author_id: int
    is_boost: bool
    merged_on_read: bool


async def find_subject(db: Reader, status_id: int) -> Subject | None:
    """The status, or None where it was deleted meanwhile."""
    return find_record(Subject, await db.fetchrow(SUBJECT, status_id))


async def insert_own_entry(tx: Tx, subject: Subject) -> None:
    """Put a status into its author's own home timeline."""
    await tx.execute(OWN_ENTRY, subject.account_id, subject.id, subject.subject_id, subject.subject_author_id)


async def insert_follower_entries(tx: Tx, subject: Subject, *, after: int, limit: int) -> int | None:
    """Put a status into the home timelines of the next `limit` followers; where to go on, or None at the end."""
    return await tx.fetchval(
        FOLLOWER_ENTRIES, subject.account_id, subject.id, subject.subject_id, subject.subject_author_id, after, limit,
        subject.is_boost, subject.language, None if subject.is_boost else subject.in_reply_to_account_id,
        subject.visibility,
    )  # fmt: skip


async def insert_tag_follower_entries(tx: Tx, status_id: int) -> None:
    """Put a public status into the home timelines of those who follow one of its hashtags."""
    await tx.execute(TAG_FOLLOWER_ENTRIES, status_id)


async def insert_latest_of(tx: Tx, account_id: int, author_id: int, limit: int) -> None:
    """Put the latest statuses of an author whom `account_id` follows into its home timeline."""
    await tx.execute(BACKFILL, account_id, author_id, limit)


async def delete_entries_of(tx: Tx, account_id: int, author_id: int) -> None:
    """Take an author whom `account_id` does not follow out of its home timeline."""
    await tx.execute(REMOVE_AUTHOR, account_id, author_id)


async def merge_large_author(tx: Tx, account_id: int, threshold: int) -> None:
    """From `threshold` followers on, have an author's posts merged on read instead of copied."""
    await tx.execute(MERGE_LARGE, account_id, threshold)


async def find_grown(db: Reader, since_id: int, after: int, limit: int) -> Sequence[int]:
    """Accounts, by id from `after`, that got home entries since the status `since_id`."""
    return [row["account_id"] for row in await db.fetch(GROWN, since_id, after, limit)]


async def trim(tx: Tx, account_ids: Sequence[int], keep: int) -> None:
    """Keep the newest `keep` + 1 home entries of these accounts."""
    await tx.execute(TRIM, account_ids, keep)
