"""Timelines that are chosen when they are read: public, by hashtag, by list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.entities.status import RawStatus
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts.access import wanted
from rostra.posts.hydrate import StatusReader, page_of
from rostra.relationships.wanted import unwanted_once, wanted_by_id

# $6 local, $7 remote, $8 only with media.
_CHOSEN: Final = f"""
  s.visibility = 'public' and s.reblog_of_id is null and s.withheld is null and not s.limited
  and s.id < $3 and s.id > $4
  and x.silenced_at is null and x.suspended_at is null
  and (not $6 or x.domain is null) and (not $7 or x.domain is not null)
  and (not $8 or exists (select from media_attachments m where m.status_id = s.id and m.removed_at is null))
  and {wanted("$1", "s.account_id", "x", "$2")}
"""

PUBLIC: Final = both_orders(
    page_of(f"""
      select s.id from statuses s join accounts x on x.id = s.account_id
      where {_CHOSEN} and (s.in_reply_to_id is null or s.in_reply_to_account_id = s.account_id)
      order by s.id desc /*page*/ limit $5
    """)
)

# $9 any of these tags, $10 all of these, $11 none of these.
TAGGED: Final = both_orders(
    page_of(f"""
      select distinct s.id from status_tags st
      join statuses s on s.id = st.status_id join accounts x on x.id = s.account_id
      where st.tag_id in (select t.id from tags t where t.name = any($9::text[]))
        and st.status_id < $3 and st.status_id > $4 and {_CHOSEN}
        and (cardinality($10::text[]) = 0 or cardinality($10) = (select count(*) from status_tags y
          join tags t on t.id = y.tag_id where y.status_id = s.id and t.name = any($10)))
        and not exists (select from status_tags y
          join tags t on t.id = y.tag_id where y.status_id = s.id and t.name = any($11::text[]))
      order by s.id desc /*page*/ limit $5
    """)
)

LIST: Final = both_orders(
    page_of(f"""
      with {unwanted_once("$1", "$2")}
      select latest.id from lists l
      join list_accounts la on la.list_id = l.id
      join accounts x on x.id = la.account_id
      join follows f on f.account_id = l.account_id and f.target_id = la.account_id
      cross join lateral (
        select s.id from statuses s left join statuses o on o.id = s.reblog_of_id
        where s.account_id = la.account_id and s.id < $3 and s.id > $4 and s.visibility <> 'direct'
          and (f.show_reblogs or o.id is null)
          and (o.id is null or {wanted_by_id("$1", "o.account_id")})
          and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in (s.account_id, $1)
            or (l.replies_policy = 'list' and exists (select from list_accounts r
              where r.list_id = l.id and r.account_id = s.in_reply_to_account_id))
            or (l.replies_policy = 'followed' and exists (select from follows r
              where r.account_id = $1 and r.target_id = s.in_reply_to_account_id)))
        order by s.id desc /*page*/ limit $5) latest
      where l.id = $6 and l.account_id = $1 and {wanted_by_id("$1", "x.id")}
      order by latest.id desc /*page*/ limit $5
    """)
)


OWN_LIST: Final = "select exists (select from lists where id = $1 and account_id = $2)"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What of a public or hashtag timeline is wanted."""

    local: bool = False
    remote: bool = False
    only_media: bool = False


async def public(reader: StatusReader, window: Window, choice: Choice) -> Page[RawStatus]:
    """Public posts, without boosts and without replies to others."""
    return await reader.page(PUBLIC, window, choice.local, choice.remote, choice.only_media, context="public")


async def tagged(
    reader: StatusReader,
    window: Window,
    choice: Choice,
    *,
    some: Sequence[str],
    every: Sequence[str],
    none: Sequence[str],
) -> Page[RawStatus]:
    """Public posts with one of the tags `some`, each of `every` and none of `none` (normalised names)."""
    return await reader.page(
        TAGGED, window, choice.local, choice.remote, choice.only_media, some, every, none, context="public"
    )


async def listed(
    db: Database, reader: StatusReader, window: Window, *, account_id: int, list_id: int
) -> Page[RawStatus]:
    """Posts of the members of the account's own list. Raises NotFound where it has no such list."""
    async with db.read() as conn:
        if not await conn.fetchval(OWN_LIST, list_id, account_id):
            raise NotFound
    return await reader.page(LIST, window, list_id, context="home")
