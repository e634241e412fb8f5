"""SQL of streaming: what a status is, and who of those connected may stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.kit.db import Reader, find_record

SUBJECT: Final = """
select s.id, s.account_id, s.visibility, s.reblog_of_id is not null as is_boost,
  s.in_reply_to_id is not null and s.in_reply_to_account_id <> s.account_id as is_reply_to_other,
  a.domain is null as is_local, a.silenced_at is not null as is_silenced,
  exists (select from media_attachments m where m.status_id = s.id and m.removed_at is null) as has_media,
  array(select t.name from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id) as tags
from statuses s join accounts a on a.id = s.account_id where s.id = $1
"""

OWNS_LIST: Final = "select exists (select from lists where id = $1 and account_id = $2)"

_USABLE: Final = """
join users u on u.account_id = x.account_id join accounts a on a.id = x.account_id
where a.suspended_at is null and u.disabled_at is null and u.confirmed_at is not null and u.approved_at is not null
"""

# $1 ids of tokens, $2 ids of sessions.
WELCOME: Final = f"""
select x.id, u.filters_revision from access_tokens x {_USABLE} and x.id = any($1::bigint[])
union all
select x.id, u.filters_revision from sessions x {_USABLE} and x.id = any($2::bigint[])
"""

FILTERS_REVISION: Final = "select filters_revision from users where account_id = $1"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A status as streaming sees it."""

    id: int
    account_id: int
    visibility: str
    is_boost: bool
    is_reply_to_other: bool
    is_local: bool
    is_silenced: bool
    has_media: bool
    tags: list[str]


async def find_subject(db: Reader, status_id: int) -> Subject | None:
    """The status, or None where it is gone already."""
    return find_record(Subject, await db.fetchrow(SUBJECT, status_id))


async def owns_list(db: Reader, list_id: int, account_id: int) -> bool:
    """Whether the list is this account's."""
    return await db.fetchval(OWNS_LIST, list_id, account_id)


async def find_welcome(db: Reader, token_ids: Sequence[int], session_ids: Sequence[int]) -> dict[int, int]:
    """Those of these tokens and sessions whose people may still use them, with the revision of the person's filters."""
    rows = await db.fetch(WELCOME, token_ids, session_ids)
    return {row["id"]: row["filters_revision"] for row in rows}


async def find_filters_revision(db: Reader, account_id: int) -> int:
    """The revision of an account's filters; 0 where there are none, or no such account."""
    return await db.fetchval(FILTERS_REVISION, account_id) or 0
