"""SQL of threads: what a status answers, and what answers it.

Both walks are bounded in number and depth while they go, so that no thread costs more than its answer. The replies are
found level by level and put into the order of reading at the end: depth first, and under each status the replies of its
own author before those of others, then the older before the younger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.kit.db import Reader
from rostra.posts.access import VISIBLE_STATUS
from rostra.relationships.wanted import unwanted_once, wanted_by_id

# $1 viewer, $2 time, $3 the status, $4 how many ancestors, $5 how many descendants, $6 how deep. Only the status
# itself is asked about here; whether the others may be seen is found out where they are read.
# In a path an author's own reply carries a number below those of all ids, so that it sorts first.
THREAD: Final = f"""
with recursive {unwanted_once("$1", "$2")},
subject as (
  select s.id, s.in_reply_to_id from statuses s join accounts a on a.id = s.account_id
  where s.id = (select coalesce(named.reblog_of_id, named.id) from statuses named where named.id = $3)
    and {VISIBLE_STATUS}),
up as (
  select p.id, p.account_id, p.in_reply_to_id, 1 as far
  from subject join statuses p on p.id = subject.in_reply_to_id
  union all
  select p.id, p.account_id, p.in_reply_to_id, up.far + 1
  from up join statuses p on p.id = up.in_reply_to_id where up.far < $4),
down as (
  select subject.id, null::bigint as account_id, 0 as far, '{{}}'::bigint[] as path from subject
  union all
  select r.id, r.account_id, down.far + 1,
    down.path || (r.id - case when r.account_id = r.in_reply_to_account_id then 4611686018427387904 else 0 end)
  from down cross join lateral (
    select s.id, s.account_id, s.in_reply_to_account_id from statuses s
    where s.in_reply_to_id = down.id order by s.id limit $5) r
  where down.far < $6),
found as (
  select id, account_id, -far as place, null::bigint[] as path from up
  union all
  select id, account_id, 1, path from (select id, account_id, path from down limit $5 + 1) bounded
  where cardinality(path) > 0)
select subject.id, 0 as place, null::bigint[] as path from subject
union all
select found.id, found.place, found.path from found where {wanted_by_id("$1", "found.account_id")}
order by place, path
"""


class Place(msgspec.Struct, frozen=True):
    """A status of a thread: below 0 ancestors (the nearest is -1), 0 the status itself, 1 descendants."""

    id: int
    place: int


async def find_thread(
    db: Reader, viewer_id: int | None, at: object, status_id: int, *, ancestors: int, descendants: int, depth: int
) -> Sequence[Place]:
    """The thread of a status in the order of reading; empty where the viewer may not see the status."""
    rows = await db.fetch(THREAD, viewer_id, at, status_id, ancestors, descendants, depth)
    return [Place(row["id"], row["place"]) for row in rows]
