"""SQL of many bookmarks at once, as an import writes them. One at a time is in `reaction_queries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rostra.kit.db import Tx
from rostra.posts.access import VISIBLE_STATUS

# In the order in which they were given, so that the list of bookmarks has it as well.
INSERT_BOOKMARKS: Final = f"""
with seen as (
  select s.id, given.place from unnest($2::bigint[]) with ordinality as given(id, place)
  join statuses s on s.id = given.id and s.reblog_of_id is null join accounts a on a.id = s.account_id
  where {VISIBLE_STATUS}),
written as (
  insert into bookmarks (id, account_id, status_id, created_at)
  select make_id($3), $1, seen.id, $3 from (select id, min(place) as place from seen group by id) seen order by place
  on conflict (account_id, status_id) do nothing)
select id from seen
"""

DELETE_BOOKMARKS: Final = "delete from bookmarks where account_id = $1 and status_id = any($2::bigint[])"


async def insert_bookmarks(tx: Tx, account_id: int, status_ids: Sequence[int], at: datetime) -> set[int]:
    """Bookmark those of these statuses that the account may see, boosts not; these are returned."""
    return {row["id"] for row in await tx.fetch(INSERT_BOOKMARKS, account_id, status_ids, at)}


async def delete_bookmarks(tx: Tx, account_id: int, status_ids: Sequence[int]) -> None:
    """Delete bookmarks; one that is not there is no error."""
    await tx.execute(DELETE_BOOKMARKS, account_id, status_ids)
