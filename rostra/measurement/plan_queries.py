"""SQL of samples: their plans, what they are drawn from, and their items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import asyncpg
import msgspec

from rostra.kit.db import Reader, Tx, as_record, as_records

SETTINGS: Final = """
select daily_sample, double_share, second_share, golden_share, golden_case_share, golden_cases_daily
from measurement_settings
"""

SET: Final = """
update measurement_settings set daily_sample = $1, double_share = $2, second_share = $3, golden_share = $4,
  golden_case_share = $5, golden_cases_daily = $6
"""

# Days of which something was viewed and that are in no sample.
UNPLANNED: Final = """
select days.day::date as day from generate_series($1::date, $2::date - 1, interval '1 day') as days (day)
where exists (select from status_views v where v.day = days.day::date)
  and not exists (select from sample_plans p where p.days @> days.day::date)
order by 1
"""

HAS_DAY: Final = "select exists (select from prevalence_days where day = $1)"

INSERT_PLAN: Final = """
insert into sample_plans (id, days, seed, size, double_share, planned_event_id, planned_at)
values ($1, daterange($2, $3), $4, $5, $6, $7, $8)
"""

PLAN_ID: Final = "select make_id($1)"

_COLUMNS: Final = """
id, lower(days) as first, upper(days) as until, seed, size, double_share, planned_at, drawn_at, strata, views,
  frame_sha256, drawn_event_id
"""

PLAN: Final = f"select {_COLUMNS} from sample_plans where id = $1"

PLANS: Final = f"select {_COLUMNS} from sample_plans where days && daterange($1, $2) order by lower(days)"

UNDRAWN: Final = f"select {_COLUMNS} from sample_plans where drawn_at is null order by id"

LOCK_UNDRAWN: Final = "select id from sample_plans where id = $1 and drawn_at is null for update"

# What was viewed on these days, with what screening said of it before the plan was made: the newest verdict. Posts for
# chosen people are left out: they are not shown to those who label. What is gone stays in, because it was seen.
FRAME: Final = """
select v.status_id, v.views, said.risk, coalesce(said.flagged, false) as flagged,
  s.id is null or s.visibility in ('public', 'unlisted') as is_open
from (
  select status_id, sum(views)::bigint as views from status_views
  where day >= $1 and day < $2 and status_id > $3 group by status_id order by status_id limit $4) v
left join statuses s on s.id = v.status_id
left join lateral (
  select
    coalesce((select max(each.value::double precision) from jsonb_each_text(e.details -> 'scores') each), 0) as risk,
    e.details ? 'hits' and e.details ->> 'action' <> 'allow' as flagged
  from moderation_events e
  where e.subject_id = v.status_id and e.subject_kind = 'status' and e.type = 'verdict' and e.created_at <= $5
  order by e.id desc limit 1) said on true
order by v.status_id
"""

SAVE_DRAWN: Final = """
with frame as (insert into sample_frames (plan_id, frame) values ($1, $2))
update sample_plans set strata = $3, views = $4, frame_sha256 = $5, drawn_event_id = $6, drawn_at = $7 where id = $1
"""

INSERT_ITEMS: Final = """
insert into label_items (id, kind, plan_id, position, stratum, draws, status_id, account_id, snapshot_id, language,
  rules, twice, created_at, state)
select make_id($1), 'sample', $2, drawn.position, drawn.stratum, drawn.draws, drawn.status_id, s.account_id,
  drawn.snapshot_id, s.language, coalesce(said.rules, '{}'), drawn.twice, $1,
  case when drawn.snapshot_id is null then 'gone' else 'open' end
from unnest($3::bigint[], $4::integer[], $5::smallint[], $6::integer[], $7::boolean[], $8::bigint[])
  as drawn (status_id, position, stratum, draws, twice, snapshot_id)
left join statuses s on s.id = drawn.status_id
left join lateral (
  select array(select jsonb_array_elements_text(e.details -> 'hits')) as rules
  from moderation_events e
  where e.subject_id = drawn.status_id and e.subject_kind = 'status' and e.type = 'verdict'
  order by e.id desc limit 1) said on true
"""

ITEMS: Final = "select status_id, stratum, draws, position, twice from label_items where plan_id = $1 order by position"

STORED_FRAME: Final = "select frame from sample_frames where plan_id = $1"

LOGGED: Final = """
select e.type, e.details, e.created_at from moderation_events e join sample_plans p on p.id = $1
where e.id in (p.planned_event_id, p.drawn_event_id) order by e.id
"""

SAVE_DAY: Final = """
insert into prevalence_days (day, views, risky_views, made_at) values ($1, $2, $3, $4)
on conflict (day) do update set views = excluded.views, risky_views = excluded.risky_views, made_at = excluded.made_at
"""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set: views drawn each day, and the shares that are labelled twice, looked at again, and golden."""

    daily_sample: int
    double_share: float
    second_share: float
    golden_share: float
    # Among the cases of the desk: the share, and so many for each person in a day at most.
    golden_case_share: float = 0.02
    golden_cases_daily: int = 5


class Stratum(msgspec.Struct, frozen=True, kw_only=True):
    """A stratum of a plan: its views and statuses, and the draws from it."""

    name: str
    views: int
    statuses: int
    draws: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of the views of the days `first` up to, not with, `until`. Not drawn yet: `drawn_at` is None."""

    id: int
    first: date
    until: date
    seed: str
    size: int
    double_share: float
    planned_at: datetime
    drawn_at: datetime | None
    strata: list[Stratum]
    views: int
    frame_sha256: bytes | None
    drawn_event_id: int | None


def _plan(row: asyncpg.Record) -> Plan:
    columns: dict[str, Any] = dict(row.items())
    columns["strata"] = msgspec.convert(columns["strata"], list[Stratum])
    return Plan(**columns)


async def get_settings(conn: Reader) -> Settings:
    row = await conn.fetchrow(SETTINGS)
    assert row is not None
    return as_record(Settings, row)


async def save_settings(tx: Tx, settings: Settings) -> None:
    await tx.execute(
        SET, settings.daily_sample, settings.double_share, settings.second_share, settings.golden_share,
        settings.golden_case_share, settings.golden_cases_daily,
    )  # fmt: skip


async def list_unplanned(conn: Reader, first: date, until: date) -> list[date]:
    """Days from `first` up to, not with, `until` on which something was viewed and that are in no sample."""
    return [row["day"] for row in await conn.fetch(UNPLANNED, first, until)]


async def has_day(conn: Reader, day: date) -> bool:
    """Whether the share of risky views of a day is kept."""
    return await conn.fetchval(HAS_DAY, day)


async def make_plan_id(tx: Tx, at: datetime) -> int:
    return await tx.fetchval(PLAN_ID, at)


async def insert_plan(tx: Tx, plan: Plan, event_id: int) -> None:
    """Write a plan. asyncpg's ExclusionViolationError where a day of it is another's."""
    await tx.execute(
        INSERT_PLAN, plan.id, plan.first, plan.until, plan.seed, plan.size, plan.double_share, event_id, plan.planned_at
    )


async def find_plan(conn: Reader, plan_id: int) -> Plan | None:
    row = await conn.fetchrow(PLAN, plan_id)
    return None if row is None else _plan(row)


async def list_plans(conn: Reader, first: date, until: date) -> list[Plan]:
    """Plans with any of these days, the earliest first."""
    return [_plan(row) for row in await conn.fetch(PLANS, first, until)]


async def list_undrawn(conn: Reader) -> list[Plan]:
    return [_plan(row) for row in await conn.fetch(UNDRAWN)]


async def lock_undrawn(tx: Tx, plan_id: int) -> bool:
    """Hold a plan until the transaction ends; False where it is drawn already."""
    return await tx.fetchval(LOCK_UNDRAWN, plan_id) is not None


class FrameRow(msgspec.Struct, frozen=True, kw_only=True):
    """A status that was viewed. `risk`: the highest score of its verdict; None where there was no verdict."""

    status_id: int
    views: int
    risk: float | None
    flagged: bool
    # Whether it was for everybody, or is gone.
    is_open: bool


async def list_frame(conn: Reader, days: tuple[date, date], after: int, limit: int, before: datetime) -> list[FrameRow]:
    """The next statuses viewed on these days, in the order of their ids, from above `after`."""
    return as_records(FrameRow, await conn.fetch(FRAME, *days, after, limit, before))


async def save_drawn(tx: Tx, plan: Plan, frame: bytes, event_id: int) -> None:
    await tx.execute(SAVE_DRAWN, plan.id, frame, plan.strata, plan.views, plan.frame_sha256, event_id, plan.drawn_at)


async def insert_items(
    tx: Tx, at: datetime, plan_id: int, rows: Sequence[tuple[int, int, int, int, bool, int | None]]
) -> None:
    """Write items as (status, position, stratum, draws, twice, snapshot)."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 6
    await tx.execute(INSERT_ITEMS, at, plan_id, *columns)


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it was drawn."""

    status_id: int
    stratum: int
    draws: int
    position: int
    twice: bool


async def list_items(conn: Reader, plan_id: int) -> list[ItemRow]:
    return as_records(ItemRow, await conn.fetch(ITEMS, plan_id))


async def find_frame(conn: Reader, plan_id: int) -> bytes | None:
    return await conn.fetchval(STORED_FRAME, plan_id)


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger has of a plan."""

    type: str
    details: dict[str, Any]
    created_at: datetime


async def list_logged(conn: Reader, plan_id: int) -> list[Logged]:
    return as_records(Logged, await conn.fetch(LOGGED, plan_id))


async def save_day(tx: Tx, day: date, views: int, risky: int, at: datetime) -> None:
    await tx.execute(SAVE_DAY, day, views, risky, at)
