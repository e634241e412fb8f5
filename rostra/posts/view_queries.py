"""SQL of views: adding them up, what is to be expected of a status, and the order of open cases that follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from rostra.kit.db import Tx

# Rows come in the order of ids, so that two processes that add up the same statuses wait for one another instead of
# for each other.
ADD: Final = """
insert into status_views (status_id, day, views)
select seen.id, $1::date, seen.views from unnest($2::bigint[], $3::integer[]) with ordinality as seen (id, views, place)
order by seen.id
on conflict (status_id, day) do update set views = status_views.views + excluded.views
"""

SWEEP: Final = """
delete from status_views where (status_id, day) in (
  select status_id, day from status_views where day < $1 order by day, status_id limit $2)
"""

# What was seen since the midnight before the last one, and what that lets expect.
_EXPECTED: Final = """
views_expected(
  coalesce((
    select sum(v.views) from status_views v
    where v.status_id = s.id and v.day >= ($1::timestamptz at time zone 'UTC')::date - 1), 0),
  greatest(extract(epoch from
    (($1::timestamptz at time zone 'UTC')::date - 1)::timestamp at time zone 'UTC' - s.created_at), 0) / 3600,
  greatest(extract(epoch from $1::timestamptz - s.created_at), 0) / 3600, ast.followers_count)
"""

# Of a status: as above. Of an account: half of what its newest fifty statuses were seen since the midnight before the
# last one. Only what has moved by a twentieth is written, and nothing that somebody else is at.
_RERANK: Final = f"""
with open as materialized (
  select c.id, c.subject_kind, c.subject_id, c.p, c.severity, c.opened_at, c.due_at, c.views, c.rank
  from cases c where c.state <> 'closed' /*which*/),
expected as materialized (
  select c.id, case when s.withheld is not null then 0 else {_EXPECTED} end as views
  from open c join statuses s on s.id = c.subject_id join account_stats ast on ast.account_id = s.account_id
  where c.subject_kind = 'status'
  union all
  select c.id, coalesce(seen.views, 0) / 2.0
  from open c cross join lateral (
    select sum(v.views) as views from (
      select s.id from statuses s where s.account_id = c.subject_id and s.reblog_of_id is null
      order by s.id desc limit 50) latest
    join status_views v on v.status_id = latest.id and v.day >= ($1::timestamptz at time zone 'UTC')::date - 1) seen
  where c.subject_kind = 'account'),
moved as (
  select open.id, expected.views::real as views,
    case_rank(open.p, open.severity::integer, expected.views::real, open.opened_at, open.due_at, $1) as rank
  from open join expected using (id)),
mine as materialized (
  select c.id from cases c join moved on moved.id = c.id
  where abs(c.rank - moved.rank) > 0.05 order by c.id for no key update of c skip locked)
update cases c set views = moved.views, rank = moved.rank
from moved join mine using (id) where c.id = moved.id
"""

RERANK: Final = _RERANK
RERANK_DUE: Final = _RERANK.replace("/*which*/", "and c.due_at < $1::timestamptz + interval '24 hours'")


async def add(tx: Tx, day: date, counts: Sequence[tuple[int, int]]) -> None:
    """Add up views of a day, as (status, views) in the order of ids."""
    await tx.execute(ADD, day, [status_id for status_id, _ in counts], [views for _, views in counts])


async def sweep(tx: Tx, before: date, limit: int) -> int:
    """Forget the views of days before that one; how many rows there were, at most `limit`."""
    return int((await tx.execute(SWEEP, before, limit)).split()[-1])


async def rerank(tx: Tx, at: datetime, *, only_due: bool) -> int:
    """Put open cases into the order that holds at `at`; how many moved."""
    return int((await tx.execute(RERANK_DUE if only_due else RERANK, at)).split()[-1])


KEPT_FOR: Final = timedelta(days=90)
