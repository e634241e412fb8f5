"""The home timeline, in one statement.

Entries are copied out by `fan_out` when a status is posted. Authors with very many followers are not copied but merged
in here, so that their posting costs what anybody's does.
"""

from __future__ import annotations

from typing import Final

from rostra.entities.status import RawStatus
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts.access import wanted
from rostra.posts.hydrate import StatusReader, page_of

HOME: Final = both_orders(
    page_of(f"""
      select e.status_id as id from home_entries e
      join accounts x on x.id = e.author_id
      where e.account_id = $1 and e.status_id < $3 and e.status_id > $4 and {wanted("$1", "e.author_id", "x", "$2")}
      order by e.status_id desc /*page*/ limit $5
    """)
)


async def home(reader: StatusReader, window: Window) -> Page[RawStatus]:
    """A page of the reader's home timeline, newest first."""
    return await reader.page(HOME, window, context="home")
