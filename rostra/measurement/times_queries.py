"""SQL of times: how long it took until something was done, what waits for how long, what comes and goes."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, as_records

# In seconds, of decisions against content in the period. From the post's creation; from its first report; from the
# notice of a host or an authority to when it was answered.
TIMES: Final = """
with acts as materialized (
  select d.id, d.case_id, d.subject_kind, d.subject_id, d.created_at from decisions d
  where d.created_at >= $1 and d.created_at < $2 and d.outcome = 'violates'
    and d.reversed_why is distinct from 'undo'),
took as (
  select 'creation' as since, extract(epoch from acts.created_at - s.created_at) as seconds
  from acts join statuses s on s.id = acts.subject_id where acts.subject_kind = 'status'
  union all
  select 'report', extract(epoch from acts.created_at - first.created_at)
  from acts cross join lateral (
    select min(r.created_at) as created_at from report_cases rc join reports r on r.id = rc.report_id
    where rc.case_id = acts.case_id and not r.muted) first
  where acts.case_id is not null and first.created_at is not null
  union all
  select 'notice', extract(epoch from d.met_at - d.starts_at) from deadlines d
  where d.met_at >= $1 and d.met_at < $2 and d.regime in ('host', 'order', 'terrorist'))
select since, count(*)::integer as count,
  percentile_cont(array[0.5, 0.9, 0.99]) within group (order by greatest(seconds, 0)::double precision) as seconds
from took group by since
"""

# Views of a post until the day on which it was acted on.
VIEWS_BEFORE: Final = """
with acts as materialized (
  select d.subject_id, min(d.created_at) as at from decisions d
  where d.created_at >= $1 and d.created_at < $2 and d.outcome = 'violates' and d.subject_kind = 'status'
    and d.reversed_at is null
  group by d.subject_id),
seen as (
  select acts.subject_id, coalesce(sum(v.views), 0)::double precision as views
  from acts left join status_views v on v.status_id = acts.subject_id and v.day <= (acts.at at time zone 'UTC')::date
  group by acts.subject_id)
select count(*)::integer as count, coalesce(sum(views), 0)::bigint as total,
  percentile_cont(array[0.5, 0.9, 0.99]) within group (order by views) as views
from seen
"""

# The limits are in hours.
BACKLOG: Final = """
select width_bucket(extract(epoch from $1::timestamptz - c.opened_at)::double precision / 3600,
    array[1, 4, 24, 72, 168]::double precision[]) as age,
  c.severity::integer as severity, count(*)::integer as cases
from cases c where c.state <> 'closed' group by 1, 2 order by 1, 2
"""

FLOW: Final = """
select
  (select count(*) from cases where state <> 'closed') as backlog,
  (select count(*) from cases where opened_at > $1::timestamptz - interval '1 day') as opened_day,
  (select count(*) from cases where state = 'closed' and closed_at > $1::timestamptz - interval '1 day') as closed_day,
  (select min(opened_at) from cases where state <> 'closed' and severity >= 4) as oldest_severe
"""


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long it took since the post's creation, its first report, or a notice: p50, p90 and p99, in seconds."""

    since: str
    count: int
    seconds: list[float]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Views of posts before they were acted on: of all together, and p50, p90, p99 of each (None: there are none)."""

    count: int
    total: int
    views: list[float] | None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Open cases of an age (the place in `times.AGES`) and severity."""

    age: int
    severity: int
    cases: int


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that are open, were opened and were closed in the last day."""

    backlog: int
    opened_day: int
    closed_day: int
    oldest_severe: datetime | None


async def list_times(conn: Reader, since: datetime, until: datetime) -> list[Times]:
    return as_records(Times, await conn.fetch(TIMES, since, until))


async def get_views_before(conn: Reader, since: datetime, until: datetime) -> Seen:
    return as_records(Seen, await conn.fetch(VIEWS_BEFORE, since, until))[0]


async def list_waiting(conn: Reader, at: datetime) -> list[Waiting]:
    return as_records(Waiting, await conn.fetch(BACKLOG, at))


async def get_flow(conn: Reader, at: datetime) -> Flow:
    row = await conn.fetchrow(FLOW, at)
    assert row is not None
    return Flow(**dict(row.items()))
