"""The statuses of one account, and those that it has pinned, as far as the viewer may see them."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.entities.status import RawStatus
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts.access import visible, visible_while_present, wanted
from rostra.posts.hydrate import StatusReader, page_by_cursor, page_of

# $6 the account, $7 without replies to others, $8 without boosts, $9 a hashtag or null.
# What the viewer may not see is left out before the page is cut: else a page of it would look like the end.
_CHOSEN: Final = f"""
  where s.account_id = $6 and s.id < $3 and s.id > $4
    and (not $7 or s.in_reply_to_id is null or s.in_reply_to_account_id = s.account_id)
    and (not $8 or s.reblog_of_id is null)
    and ($9::text is null or exists (
      select from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id and t.name = $9))
    and (select x.suspended_at from accounts x where x.id = $6) is null and {visible_while_present("$1", "s")}
    and (s.reblog_of_id is null or (
      select true from statuses o join accounts ox on ox.id = o.account_id
      where o.id = s.reblog_of_id and {visible("$1", "o", "ox")} and {wanted("$1", "o.account_id", "ox", "$2")}))
  order by s.id desc /*page*/ limit $5
"""

STATUSES: Final = both_orders(page_of(f"select s.id from statuses s {_CHOSEN}"))

# By way of the media, so that a picture from years ago does not cost a walk through all that was written since.
WITH_MEDIA: Final = both_orders(
    page_of(f"""
      select s.id from (
        select distinct m.status_id from media_attachments m
        where m.account_id = $6 and m.status_id < $3 and m.status_id > $4 and m.removed_at is null
        order by m.status_id desc /*page*/) with_media
      join statuses s on s.id = with_media.status_id {_CHOSEN}
    """)
)

PINNED: Final = both_orders(
    page_by_cursor("""
      select p.status_id as id, p.id as cursor from status_pins p
      where p.account_id = $6 and p.id < $3 and p.id > $4 order by p.id desc /*page*/ limit $5
    """)
)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What of an account's statuses is wanted; `tag` is a normalised name."""

    only_media: bool = False
    exclude_replies: bool = False
    exclude_reblogs: bool = False
    tag: str | None = None


async def by_author(reader: StatusReader, window: Window, account_id: int, choice: Choice) -> Page[RawStatus]:
    """A page of an account's statuses and boosts, newest first."""
    return await reader.page(
        WITH_MEDIA if choice.only_media else STATUSES,
        window,
        account_id,
        choice.exclude_replies,
        choice.exclude_reblogs,
        choice.tag,
        context="account",
        whole=True,
    )


async def pinned(reader: StatusReader, window: Window, account_id: int) -> Page[RawStatus]:
    """What an account has pinned, the latest pinned first."""
    return await reader.page(PINNED, window, account_id, context="account")
