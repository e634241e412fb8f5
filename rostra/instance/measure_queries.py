"""SQL of what administrators measure: numbers by day, rankings, and how many of those who came are still here.

Days are UTC's. Every key is one statement, whatever it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record

# $1 the first day of the period before, $2 the first day, $3 the last; $4 and $5 the ids of those moments, the second
# being the first that is too late; $6 belongs to the key.
_DAYS: Final = "generate_series($2::date, $3::date, interval '1 day') d(day)"
_FITTED: Final = "$4::bigint is not null and $5::bigint is not null"


def _summed(source: LiteralString) -> LiteralString:
    """Of `source`, rows of `day` and `n`: what it comes to in the period and in the one before, and day by day."""
    return f"""
with counted as materialized (select s.day, sum(s.n)::bigint as n from ({source}) s group by s.day)
select coalesce(sum(n) filter (where day >= $2), 0)::bigint as total,
  coalesce(sum(n) filter (where day < $2), 0)::bigint as previous,
  array(select coalesce(c.n, 0) from {_DAYS} left join counted c on c.day = d.day::date order by d.day) as by_day
from counted where $1::date is not null and {_FITTED}"""


def _distinct(source: LiteralString) -> LiteralString:
    """Of `source`, rows of `day` and `who`: how many different ones there were."""
    return f"""
with met as materialized ({source})
select count(distinct who) filter (where day >= $2) as total, count(distinct who) filter (where day < $2) as previous,
  array(select (select count(distinct m.who) from met m where m.day = d.day::date)
    from {_DAYS} order by d.day) as by_day
from met where $1::date is not null and {_FITTED}"""


def _ever(total: LiteralString, source: LiteralString) -> LiteralString:
    """What something comes to since ever, and what was added day by day."""
    return f"""
with counted as materialized (select s.day, sum(s.n)::bigint as n from ({source}) s group by s.day)
select ({total})::bigint as total, null::bigint as previous,
  array(select coalesce(c.n, 0) from {_DAYS} left join counted c on c.day = d.day::date order by d.day) as by_day
where $1::date is not null and {_FITTED}"""


def _on(moment: LiteralString) -> LiteralString:
    return f"({moment} at time zone 'UTC')::date"


def _between(moment: LiteralString) -> LiteralString:
    return f"{moment} >= $1::timestamp at time zone 'UTC' and {moment} < ($3::date + 1)::timestamp at time zone 'UTC'"


_LOCAL_AUTHOR: Final = "join accounts a on a.id = o.account_id and a.domain is null"

ACTIVE_USERS: Final = _distinct("select x.day, x.account_id as who from activity_days x where x.day between $1 and $3")

NEW_USERS: Final = _summed(f"select {_on('u.created_at')} as day, 1 as n from users u where {_between('u.created_at')}")

INTERACTIONS: Final = _summed(f"""
  select {_on("f.created_at")} as day, 1 as n from favourites f join statuses o on o.id = f.status_id {_LOCAL_AUTHOR}
    where f.id >= $4 and f.id < $5
  union all
  select {_on("s.created_at")}, 1 from statuses s
    join statuses o on o.id = coalesce(s.reblog_of_id, s.in_reply_to_id) {_LOCAL_AUTHOR}
    where s.id >= $4 and s.id < $5 and s.account_id <> o.account_id""")

OPENED_REPORTS: Final = _summed(
    f"select {_on('r.created_at')} as day, 1 as n from reports r where r.id >= $4 and r.id < $5"
)

RESOLVED_REPORTS: Final = _summed(
    f"select {_on('r.action_taken_at')} as day, 1 as n from reports r where {_between('r.action_taken_at')}"
)

_TAG: Final = "from tag_uses x where x.tag_id = $6 and x.used_on between $1 and $3"

TAG_ACCOUNTS: Final = _distinct(f"select x.used_on as day, x.account_id as who {_TAG}")

TAG_USES: Final = _summed(f"select x.used_on as day, x.uses as n {_TAG}")

TAG_SERVERS: Final = _distinct("""
  select x.used_on as day, a.domain as who from tag_uses x join accounts a on a.id = x.account_id
  where x.tag_id = $6 and x.used_on between $1 and $3 and a.domain is not null""")

INSTANCE_ACCOUNTS: Final = _ever(
    "select count(*) from accounts where domain = $6::text",
    f"select {_on('a.created_at')} as day, 1 as n from accounts a where a.domain = $6 and {_between('a.created_at')}",
)

_MEDIA: Final = "from media_attachments m join accounts a on a.id = m.account_id where a.domain = $6::text"

INSTANCE_MEDIA: Final = _ever(
    f"select coalesce(sum(m.size_bytes), 0) {_MEDIA}",
    f"select {_on('m.created_at')} as day, m.size_bytes as n {_MEDIA} and m.id >= $4 and m.id < $5",
)

_REPORTS: Final = "from reports r join accounts a on a.id = r.target_id where a.domain = $6::text"

INSTANCE_REPORTS: Final = _ever(
    f"select count(*) {_REPORTS}",
    f"select {_on('r.created_at')} as day, 1 as n {_REPORTS} and r.id >= $4 and r.id < $5",
)

INSTANCE_STATUSES: Final = _ever(
    """select coalesce(sum(st.statuses_count), 0) from account_stats st join accounts a on a.id = st.account_id
    where a.domain = $6::text""",
    f"""select {_on("s.created_at")} as day, 1 as n from statuses s join accounts a on a.id = s.account_id
    where a.domain = $6 and s.id >= $4 and s.id < $5""",
)

_FOLLOWS: Final = """from follows f join accounts a on a.id = f.account_id join accounts t on t.id = f.target_id
    where a.domain is null and t.domain = $6::text"""

INSTANCE_FOLLOWS: Final = _ever(
    f"select count(*) {_FOLLOWS}",
    f"select {_on('f.created_at')} as day, 1 as n {_FOLLOWS} and f.id >= $4 and f.id < $5",
)

_FOLLOWERS: Final = """from follows f join accounts a on a.id = f.account_id join accounts t on t.id = f.target_id
    where t.domain is null and a.domain = $6::text"""

INSTANCE_FOLLOWERS: Final = _ever(
    f"select count(*) {_FOLLOWERS}",
    f"select {_on('f.created_at')} as day, 1 as n {_FOLLOWERS} and f.id >= $4 and f.id < $5",
)

MEASURES: Final[Mapping[str, LiteralString]] = {
    "active_users": ACTIVE_USERS,
    "new_users": NEW_USERS,
    "interactions": INTERACTIONS,
    "opened_reports": OPENED_REPORTS,
    "resolved_reports": RESOLVED_REPORTS,
    "tag_accounts": TAG_ACCOUNTS,
    "tag_uses": TAG_USES,
    "tag_servers": TAG_SERVERS,
    "instance_accounts": INSTANCE_ACCOUNTS,
    "instance_media_attachments": INSTANCE_MEDIA,
    "instance_reports": INSTANCE_REPORTS,
    "instance_statuses": INSTANCE_STATUSES,
    "instance_follows": INSTANCE_FOLLOWS,
    "instance_followers": INSTANCE_FOLLOWERS,
}

# $1 "day" or "month", $2 where the first period begins, $3 where the last one does.
RETENTION: Final = """
with periods as (
  select p::date as day from generate_series($2::timestamp, $3::timestamp, ('1 ' || $1::text)::interval) p),
came as materialized (
  select date_trunc($1, u.created_at at time zone 'UTC')::date as cohort, u.account_id from users u
  where u.created_at >= $2::timestamp at time zone 'UTC'
    and u.created_at < ($3::timestamp + ('1 ' || $1)::interval) at time zone 'UTC'),
sizes as (select cohort, count(*) as n from came group by cohort),
seen as (
  select c.cohort, date_trunc($1, x.day::timestamp)::date as day, count(distinct c.account_id) as n
  from came c join activity_days x on x.account_id = c.account_id group by 1, 2)
select p.day as cohort, q.day, coalesce(z.n, 0) as size,
  case when p.day = q.day then coalesce(z.n, 0) else coalesce(s.n, 0) end as here
from periods p join periods q on q.day >= p.day
left join sizes z on z.cohort = p.day left join seen s on s.cohort = p.day and s.day = q.day
order by p.day, q.day
"""

FORGET_ACTIVITY: Final = "delete from activity_days where day < $1"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a key comes to: in all, in the period before (None where that has no meaning), and day by day."""

    total: int
    previous: int | None
    by_day: list[int]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a cohort of `size` were here in the period that begins on `day`."""

    cohort: date
    day: date
    size: int
    here: int


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Days, as the statements take them: the first of the period before, the first, the last; and the ids of the first
    moment and of the one past the last."""

    before: date
    first: date
    last: date
    first_id: int
    end_id: int


async def measure(db: Reader, statement: LiteralString, span: Span, *more: Any) -> Counted:
    """Run one of the MEASURES."""
    values = (span.before, span.first, span.last, span.first_id, span.end_id)
    found = find_record(Counted, await db.fetchrow(statement, *values, *more))
    return found or Counted(total=0, previous=None, by_day=[])


async def count_retention(db: Reader, frequency: str, first: datetime, last: datetime) -> list[Period]:
    """Cohorts with the periods from their own on. The times are naive, of UTC."""
    return as_records(Period, await db.fetch(RETENTION, frequency, first, last))


async def forget_activity(tx: Tx, before: date) -> None:
    """Forget who was here before a day."""
    await tx.execute(FORGET_ACTIVITY, before)
