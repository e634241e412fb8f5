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


# $1 viewer, $2 time, $3 how many, $4 from which on. Looked at are a hundred follows of each of the two hundred last
# followed, and the two hundred that arrived last, so that the answer costs the same everywhere.
SUGGESTED: Final = f"""
with known as (
  select theirs.target_id as id, count(*) as in_common
  from (select f.target_id from follows f where f.account_id = $1 order by f.id desc limit 200) mine
  cross join lateral (
    select f.target_id from follows f where f.account_id = mine.target_id order by f.id desc limit 100) theirs
  group by theirs.target_id
), arrived as (
  select a.id from accounts a where a.domain is null and a.discoverable order by a.id desc limit 200
)
select a.id, coalesce(known.in_common, 0) as in_common
from (select known.id from known union select arrived.id from arrived) found
join accounts a on a.id = found.id join account_stats st on st.account_id = a.id left join known on known.id = a.id
where a.discoverable and a.suspended_at is null and a.silenced_at is null and a.moved_to_id is null
  and st.statuses_count > 0 and a.id <> $1
  and not exists (select from follows f where f.account_id = $1 and f.target_id = a.id)
  and not exists (select from follow_requests r where r.account_id = $1 and r.target_id = a.id)
  and {wanted("$1::bigint", "a.id", "a", "$2::timestamptz")}
order by coalesce(known.in_common, 0) desc, st.followers_count desc, a.id desc limit $3 offset $4
"""


async def suggested(db: Database, clock: Clock, viewer_id: int, limit: int, offset: int) -> list[tuple[int, int]]:
    """Ids of people whom the viewer does not follow yet, each with how many of those whom the viewer follows do; those
    with the most come first."""
    async with db.read() as conn:
        rows = await conn.fetch(SUGGESTED, viewer_id, clock.now(), limit, offset)
    return [(row["id"], row["in_common"]) for row in rows]
