"""One status for many viewers at once, as streaming needs it: two statements, however many they are.

What is the same for all is read once; what differs, who may and wants to see it, their flags and votes, is read with
the viewer as a column. Most viewers have no flags on what is new, and share one rendering.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import asyncpg
import msgspec

from rostra.entities.status import RawStatus
from rostra.filters.match import Filters
from rostra.kit.db import Database
from rostra.posts.access import visible, wanted
from rostra.posts.hydrate import StatusReader
from rostra.posts.page import BOOKMARKED, COLUMNS, FAVOURITED, MUTED, PINNED, REBLOGGED
from rostra.screening.record_queries import SHOWN_LABELS
from rostra.text.urls import Urls

# $1 the status. It comes with what it boosts, as a row without a cursor: what `hydrate` makes entities of.
SHARED: Final = f"""
select case when s.id = $1 then s.id end as cursor, s.id, s.account_id, s.reblog_of_id, s.rendered, s.rendered_for,
  s.withheld, ({SHOWN_LABELS})::text as labels,
  a.rendered as account_rendered, a.rendered_for as account_rendered_for,
  ast.followers_count, ast.following_count, ast.statuses_count, ast.last_status_at::date as last_status_on,
  coalesce(st.replies_count, 0) as replies_count, coalesce(st.reblogs_count, 0) as reblogs_count,
  coalesce(st.favourites_count, 0) as favourites_count
from statuses s
join accounts a on a.id = s.account_id
join account_stats ast on ast.account_id = s.account_id
left join status_stats st on st.status_id = s.id
where s.id = $1 or s.id = (select o.reblog_of_id from statuses o where o.id = $1)
"""

# $1 viewers, $2 the time, $3 the status, $4 whether also those get it who do not want to see its author in lists.
PERSONAL: Final = f"""
select v.id as viewer_id, s.id as status_id,
  case when exists (select from favourites x where x.account_id = v.id and x.status_id = s.id) then 1 else 0 end
  + case when exists (select from statuses x where x.account_id = v.id and x.reblog_of_id = s.id) then 2 else 0 end
  + case when exists (select from bookmarks x where x.account_id = v.id and x.status_id = s.id) then 4 else 0 end
  + case when exists (select from conversation_mutes x
      where x.account_id = v.id and x.conversation_id = s.conversation_id) then 8 else 0 end
  + case when s.account_id = v.id
      and exists (select from status_pins x where x.account_id = v.id and x.status_id = s.id) then 16 else 0 end
    as flags,
  case when s.has_poll then (
    select json_build_object('id', p.id, 'account_id', p.account_id, 'options', p.options, 'votes', p.votes,
      'voters_count', p.voters_count, 'multiple', p.multiple, 'hide_totals', p.hide_totals,
      'expires_at', p.expires_at, 'choices', (
        select c.choices from poll_votes c where c.poll_id = p.id and c.account_id = v.id))
    from polls p where p.status_id = s.id) end as poll
from unnest($1::bigint[]) v(id) cross join statuses s join accounts a on a.id = s.account_id
where (s.id = $3 or s.id = (select o.reblog_of_id from statuses o where o.id = $3))
  and {visible("v.id", "s", "a")} and ($4 or {wanted("v.id", "s.account_id", "a", "$2")})
"""

assert (FAVOURITED, REBLOGGED, BOOKMARKED, MUTED, PINNED) == (1, 2, 4, 8, 16)


class Viewing(msgspec.Struct, frozen=True):
    """How somebody looks at a status: with which filters, and where (home, public, notifications)."""

    filters: Filters
    contexts: Collection[str]


async def render_for(
    db: Database,
    urls: Urls,
    status_id: int,
    viewings: Mapping[int, Viewing],
    *,
    at: datetime,
    even_unwanted: bool = False,
) -> dict[tuple[int, str], RawStatus]:
    """The status by viewer (a key of `viewings`) and context, for those who may see it, whose filters do not hide it
    there and who, unless `even_unwanted`, want to see its author in lists."""
    shared = await _read_shared(db, urls, status_id, at)
    if not shared:
        return {}
    async with db.read() as conn:
        personal = await conn.fetch(PERSONAL, list(viewings), at, status_id, even_unwanted)
    by_viewer: dict[int, list[asyncpg.Record]] = {}
    for row in personal:
        by_viewer.setdefault(row["viewer_id"], []).append(row)
    rendered: dict[tuple[int, str], RawStatus] = {}
    common: dict[object, Sequence[RawStatus]] = {}
    authors = {row["account_id"] for row in shared.values()}
    for viewer_id, rows in by_viewer.items():
        viewing = viewings[viewer_id]
        key = tuple((row["status_id"], row["flags"], row["poll"]) for row in sorted(rows, key=_status_id))
        for context in viewing.contexts:
            found = common.get(key)
            if found is None or viewing.filters or viewer_id in authors:
                reader = StatusReader(db, urls, viewer_id, at, viewing.filters)
                seen = _rows(shared, rows)
                reader.learn(seen)
                found = await reader.render(seen, context)
                if not viewing.filters and viewer_id not in authors:
                    common[key] = found
            for status in found:
                rendered[viewer_id, context] = status
    return rendered


def _status_id(row: asyncpg.Record) -> int:
    return row["status_id"]


def _rows(shared: Mapping[int, Mapping[str, Any]], personal: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    """Rows as one viewer's own statement would have given them."""
    rows = [
        _Row({**shared[row["status_id"]], "flags": row["flags"], "poll": row["poll"]})
        for row in personal
        if row["status_id"] in shared
    ]
    return cast("list[asyncpg.Record]", rows)


class _Row(dict[str, Any]):
    """What was put together here, to be read like a row of a page."""

    def values(self) -> Any:
        return tuple(self[name] for name in COLUMNS)


async def _read_shared(db: Database, urls: Urls, status_id: int, at: datetime) -> dict[int, dict[str, Any]]:
    """What all viewers see of the status and of what it boosts, by id. Stale stored JSON is made anew, by reading the
    status once as its author does."""
    for _ in range(2):
        async with db.read() as conn:
            rows = await conn.fetch(SHARED, status_id)
        current = urls.fingerprint
        if all(row["rendered_for"] == row["account_rendered_for"] == current for row in rows):
            return {row["id"]: dict(row.items()) for row in rows}
        for row in rows:
            await StatusReader(db, urls, row["account_id"], at).find(row["id"])
    return {}
