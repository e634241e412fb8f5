"""Private conversations: the direct posts that somebody wrote or is mentioned in, as conversations that each show their
latest post.

They are read from the posts themselves. One is unread while the mention that its latest post made is newer than the
marker of the notifications: looking at those is looking at these.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
from msgspec import Raw

from rostra.entities.conversation import Conversation
from rostra.kit.db import Database
from rostra.kit.paging import Page, Window, both_orders, read_on
from rostra.posts.access import VISIBLE_STATUS, wanted
from rostra.posts.hydrate import StatusReader
from rostra.posts.page import ACCOUNT_COLUMNS

# $1 viewer, $2 time, $3 and $4 the window, $5 how many. Looked through are the latest 20,000 posts and mentions, so
# that the answer costs the same for somebody who has written a million.
LATEST: Final = both_orders(f"""
  select said.id from (
    select max(s.id) as id from (
      (select o.id from statuses o where o.account_id = $1 order by o.id desc limit 20000)
      union all
      (select m.status_id from mentions m where m.account_id = $1 order by m.status_id desc limit 20000)
    ) mine
    join statuses s on s.id = mine.id join accounts a on a.id = s.account_id
    where s.visibility = 'direct' and {VISIBLE_STATUS}
      and (s.account_id = $1 or {wanted("$1", "s.account_id", "a", "$2")})
    group by s.conversation_id
  ) said
  where said.id < $3 and said.id > $4
  order by said.id desc /*page*/ limit $5
""")

# $1 statuses, $2 the viewer. The author comes first.
TAKING_PART: Final = f"""
select s.id as status_id, s.conversation_id, {ACCOUNT_COLUMNS}, exists (
    select from notifications n where n.status_id = s.id and n.account_id = $2 and n.type = 'mention'
      and n.id > coalesce((
      select k.last_read_id from markers k where k.account_id = $2 and k.timeline = 'notifications'), 0)) as unread
from statuses s
join lateral (select s.account_id as id union select m.account_id from mentions m where m.status_id = s.id) who on true
join accounts x on x.id = who.id join account_stats ast on ast.account_id = x.id
where s.id = any($1::bigint[])
order by s.id, x.id <> s.account_id, x.id
"""


async def conversations(
    db: Database, reader: StatusReader, account_id: int, window: Window, at: datetime
) -> Page[Conversation]:
    """A page of what `account_id`, for whom `reader` reads, has said and was told in private, the latest first. The
    cursors are the ids of the latest posts."""

    async def read(window: Window) -> tuple[list[Conversation], list[int]]:
        async with db.read() as conn:
            found = await conn.fetch(window.choose(LATEST), account_id, at, window.below, window.above, window.limit)
            ids = sorted((row["id"] for row in found), reverse=True)
            people = await conn.fetch(TAKING_PART, ids, account_id) if ids else []
        return await _show(reader, account_id, ids, people), ids

    shown, seen, last = await read_on(window, read)
    more = last >= window.limit
    return Page(shown, newest=max(seen, default=None), oldest=min(seen, default=None), more=more)


async def _show(
    reader: StatusReader, viewer_id: int, ids: Sequence[int], people: Sequence[asyncpg.Record]
) -> list[Conversation]:
    """The conversations whose latest posts have these ids, but for those that a filter of the viewer's hides."""
    statuses = await reader.by_id(ids)
    accounts = await reader.render_accounts(people)
    shown: list[Conversation] = []
    for status_id in ids:
        rows = [row for row in people if row["status_id"] == status_id]
        if status_id not in statuses or not rows:
            continue
        # Who talks to nobody else is shown themselves: apps take for granted that there is somebody.
        with_whom = [row["account_id"] for row in rows if row["account_id"] != viewer_id] or [viewer_id]
        shown.append(
            Conversation(
                id=str(rows[0]["conversation_id"]),
                unread=rows[0]["unread"],
                accounts=[Raw(accounts[each]) for each in with_whom if each in accounts],
                last_status=statuses[status_id],
            )
        )
    return shown
