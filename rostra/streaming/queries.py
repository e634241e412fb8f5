"""SQL of streaming: what a status is, and which of those connected it is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, find_record

SUBJECT: Final = """
select s.id, s.account_id, s.visibility, s.reblog_of_id is not null as is_boost,
  s.in_reply_to_id is not null and s.in_reply_to_account_id <> s.account_id as is_reply_to_other,
  a.domain is null as is_local, a.silenced_at is not null as is_silenced, a.merged_on_read,
  exists (select from media_attachments m where m.status_id = s.id) as has_media,
  array(select t.name from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id) as tags
from statuses s join accounts a on a.id = s.account_id where s.id = $1
"""

HOMES: Final = """
select e.account_id from home_entries e where e.status_id = $1 and e.account_id = any($2::bigint[])
union
select f.account_id from follows f join accounts a on a.id = f.target_id and a.merged_on_read
where f.target_id = $3 and f.account_id = any($2::bigint[])
"""

LISTS: Final = """
select l.id, l.account_id from list_accounts la join lists l on l.id = la.list_id
where la.account_id = $1 and l.id = any($2::bigint[])
"""

OWNS_LIST: Final = "select exists (select from lists where id = $1 and account_id = $2)"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A status as streaming sees it."""

    id: int
    account_id: int
    visibility: str
    is_boost: bool
    is_reply_to_other: bool
    is_local: bool
    is_silenced: bool
    merged_on_read: bool
    has_media: bool
    tags: list[str]


async def find_subject(db: Reader, status_id: int) -> Subject | None:
    """The status, or None where it is gone already."""
    return find_record(Subject, await db.fetchrow(SUBJECT, status_id))


async def find_homes(db: Reader, subject: Subject, account_ids: Sequence[int]) -> set[int]:
    """Those of these accounts in whose home timeline the status stands."""
    return {row["account_id"] for row in await db.fetch(HOMES, subject.id, account_ids, subject.account_id)}


async def find_lists(db: Reader, author_id: int, list_ids: Sequence[int]) -> dict[int, int]:
    """Those of these lists that have the author as a member, with their owners."""
    rows: Sequence[Any] = await db.fetch(LISTS, author_id, list_ids)
    return {row["id"]: row["account_id"] for row in rows}


async def owns_list(db: Reader, list_id: int, account_id: int) -> bool:
    """Whether the list is this account's."""
    return await db.fetchval(OWNS_LIST, list_id, account_id)
