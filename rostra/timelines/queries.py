"""SQL of copying statuses into home timelines."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record

SUBJECT: Final = """
select s.id, s.account_id, s.visibility, s.language, s.in_reply_to_account_id, coalesce(s.reblog_of_id, s.id) as subject_id,
  s.reblog_of_id is not null as is_boost, a.merged_on_read
from statuses s join accounts a on a.id = s.account_id where s.id = $1
"""

OWN_ENTRY: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id)
select u.account_id, $2, $3, $1 from users u where u.account_id = $1 on conflict do nothing
"""

# A batch of followers by the id of their follow; answers the last one that was looked at.
FOLLOWER_ENTRIES: Final = """
with batch as (
  select f.id, f.account_id, f.show_reblogs, f.languages from follows f
  where f.target_id = $1 and f.id > $4 order by f.id limit $5),
written as (
  insert into home_entries (account_id, status_id, subject_id, author_id)
  select b.account_id, $2, $3, $1 from batch b join users u on u.account_id = b.account_id
  where (b.show_reblogs or not $6)
    and (b.languages is null or $7::text is null or $7 = any(b.languages))
    and ($8::bigint is null or $8 = $1 or $8 = b.account_id
      or exists (select from follows r where r.account_id = b.account_id and r.target_id = $8))
    and ($9 <> 'direct' or exists (select from mentions m where m.status_id = $2 and m.account_id = b.account_id))
    and not exists (select from list_accounts la join lists l on l.id = la.list_id
      where la.account_id = $1 and l.account_id = b.account_id and l.exclusive)
  on conflict do nothing)
select max(id) from batch
"""

TAG_FOLLOWER_ENTRIES: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id)
select distinct tf.account_id, s.id, s.id, s.account_id
from statuses s join status_tags st on st.status_id = s.id join tag_follows tf on tf.tag_id = st.tag_id
where s.id = $1 and s.visibility = 'public' on conflict do nothing
"""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A status as fan-out sees it; `subject_id` is what it boosts, or itself."""

    id: int
    account_id: int
    visibility: str
    language: str | None
    in_reply_to_account_id: int | None
    subject_id: int
    is_boost: bool
    merged_on_read: bool


async def find_subject(db: Reader, status_id: int) -> Subject | None:
    """The status, or None where it was deleted meanwhile."""
    return find_record(Subject, await db.fetchrow(SUBJECT, status_id))


async def insert_own_entry(tx: Tx, subject: Subject) -> None:
    """Put a status into its author's own home timeline."""
    await tx.execute(OWN_ENTRY, subject.account_id, subject.id, subject.subject_id)


async def insert_follower_entries(tx: Tx, subject: Subject, *, after: int, limit: int) -> int | None:
    """Put a status into the home timelines of the next `limit` followers; where to go on, or None at the end."""
    return await tx.fetchval(
        FOLLOWER_ENTRIES, subject.account_id, subject.id, subject.subject_id, after, limit, subject.is_boost,
        subject.language, None if subject.is_boost else subject.in_reply_to_account_id, subject.visibility,
    )  # fmt: skip


async def insert_tag_follower_entries(tx: Tx, status_id: int) -> None:
    """Put a public status into the home timelines of those who follow one of its hashtags."""
    await tx.execute(TAG_FOLLOWER_ENTRIES, status_id)
