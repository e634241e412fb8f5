"""What somebody has favourited and bookmarked. The cursors are the ids of those rows, not of the statuses."""

from __future__ import annotations

from typing import Final

from rostra.entities.status import RawStatus
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts.access import VISIBLE_STATUS
from rostra.posts.hydrate import StatusReader, page_by_cursor

# What may not be seen any more is left out before the page is cut, so that a short page is the last.
# `id > 0` names the index that is for listing; see the schema.
FAVOURITES: Final = both_orders(
    page_by_cursor(f"""
      select x.status_id as id, x.id as cursor from favourites x
      join statuses s on s.id = x.status_id join accounts a on a.id = s.account_id
      where x.account_id = $1 and x.id > 0 and x.id < $3 and x.id > $4 and {VISIBLE_STATUS}
      order by x.id desc /*page*/ limit $5
    """)
)

BOOKMARKS: Final = both_orders(
    page_by_cursor(f"""
      select x.status_id as id, x.id as cursor from bookmarks x
      join statuses s on s.id = x.status_id join accounts a on a.id = s.account_id
      where x.account_id = $1 and x.id > 0 and x.id < $3 and x.id > $4 and {VISIBLE_STATUS}
      order by x.id desc /*page*/ limit $5
    """)
)


async def favourites(reader: StatusReader, window: Window) -> Page[RawStatus]:
    """A page of what the reader has favourited, the latest favourite first."""
    return await reader.page(FAVOURITES, window, context="", whole=True)


async def bookmarks(reader: StatusReader, window: Window) -> Page[RawStatus]:
    """A page of what the reader has bookmarked, the latest bookmark first."""
    return await reader.page(BOOKMARKS, window, context="", whole=True)
