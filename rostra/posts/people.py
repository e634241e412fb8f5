"""Who has boosted or favourited a status."""

from __future__ import annotations

from typing import Final, LiteralString

from rostra.accounts.render import hydrate_accounts_by_id
from rostra.entities.account import RawAccount
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts import queries
from rostra.posts.access import visible, wanted
from rostra.text.urls import Urls

# $1 viewer, $2 time, $3 and $4 the window, $5 how many, $6 the status.
BOOSTED_BY: Final = both_orders(f"""
  select s.id as cursor, s.account_id from statuses s join accounts a on a.id = s.account_id
  where s.reblog_of_id = $6 and s.id < $3 and s.id > $4
    and {visible("$1", "s", "a")} and {wanted("$1", "s.account_id", "a", "$2")}
  order by s.id desc /*page*/ limit $5
""")

FAVOURITED_BY: Final = both_orders(f"""
  select f.id as cursor, f.account_id from favourites f join accounts a on a.id = f.account_id
  where f.status_id = $6 and f.id < $3 and f.id > $4
    and a.suspended_at is null and {wanted("$1", "f.account_id", "a", "$2")}
  order by f.id desc /*page*/ limit $5
""")


async def boosted_by(
    db: Database, urls: Urls, window: Window, *, viewer_id: int | None, at: object, status_id: int
) -> Page[RawAccount]:
    """A page of those who have boosted a status, the latest first. Raises NotFound."""
    return await _page(db, urls, window, BOOSTED_BY, viewer_id, at, status_id)


async def favourited_by(
    db: Database, urls: Urls, window: Window, *, viewer_id: int | None, at: object, status_id: int
) -> Page[RawAccount]:
    """A page of those who have favourited a status, the latest first. Raises NotFound."""
    return await _page(db, urls, window, FAVOURITED_BY, viewer_id, at, status_id)


async def _page(
    db: Database,
    urls: Urls,
    window: Window,
    both: tuple[LiteralString, LiteralString],
    viewer_id: int | None,
    at: object,
    status_id: int,
) -> Page[RawAccount]:
    async with db.read() as conn:
        subject = await queries.find_subject(conn, viewer_id, status_id)
        if subject is None:
            raise NotFound
        rows = await conn.fetch(
            window.choose(both), viewer_id, at, window.below, window.above, window.limit, subject.id
        )
    rows = sorted(rows, key=lambda row: row["cursor"], reverse=True)
    found = await hydrate_accounts_by_id(db, [row["account_id"] for row in rows], urls)
    return Page(
        [found[row["account_id"]] for row in rows if row["account_id"] in found],
        newest=rows[0]["cursor"] if rows else None,
        oldest=rows[-1]["cursor"] if rows else None,
        more=len(rows) >= window.limit,
    )
