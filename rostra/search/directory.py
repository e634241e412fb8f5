"""People of this server who wish to be found: a list to find some in whom to follow."""

from __future__ import annotations

from typing import Final

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.paging import Page, Window, both_orders
from rostra.relationships.wanted import wanted

# $1 viewer, $2 time, $3 and $4 the window, $5 how many. Whoever has not said anything yet is nobody to follow yet.
PEOPLE: Final = both_orders(f"""
  select a.id from accounts a join account_stats st on st.account_id = a.id
  where a.domain is null and a.discoverable and a.suspended_at is null and a.silenced_at is null
    and st.statuses_count > 0 and a.id is distinct from $1 and a.id < $3 and a.id > $4
    and {wanted("$1::bigint", "a.id", "a", "$2::timestamptz")}
  order by a.id desc /*page*/ limit $5
""")


async def discoverable(db: Database, clock: Clock, viewer_id: int | None, window: Window) -> Page[int]:
    """A page of ids of accounts, the latest arrived first."""
    statement = window.choose(PEOPLE)
    async with db.read() as conn:
        rows = await conn.fetch(statement, viewer_id, clock.now(), window.below, window.above, window.limit)
    ids: list[int] = sorted((row["id"] for row in rows), reverse=True)
    return Page(ids, newest=ids[0] if ids else None, oldest=ids[-1] if ids else None, more=len(ids) >= window.limit)
