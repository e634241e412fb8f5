"""SQL of prevalence: what the labels of samples add up to, the estimates, the days, the alarms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.measurement.frame import GUESSES

# What is taken for the answer: what was settled, or until then what the first said.
COUNTS: Final = """
select i.plan_id, i.stratum::integer as stratum, coalesce(i.outcome, '') as outcome, i.clause,
  sum(i.draws)::integer as draws
from label_items i join sample_plans p on p.id = i.plan_id
where p.drawn_at is not null and p.days && daterange($1, $2)
group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""

GUESSED: Final = """
select i.stratum::integer as stratum, sum(i.draws)::integer as labelled,
  coalesce(sum(i.draws) filter (where i.outcome = 'violates'), 0)::integer as hits
from label_items i join sample_plans p on p.id = i.plan_id
where p.days && daterange($1, $2) and i.outcome in ('violates', 'fine')
group by 1
"""

SAVE: Final = """
insert into prevalence_estimates
  (days, clause, views, drawn, labelled, hits, share, low, high, unknown, corrected, made_at)
select daterange($1, $2), e.clause, $3, e.drawn, e.labelled, e.hits, e.share, e.low, e.high, e.unknown, e.corrected, $4
from unnest($5::text[], $6::integer[], $7::integer[], $8::integer[], $9::double precision[], $10::double precision[],
  $11::double precision[], $12::double precision[], $13::double precision[])
  as e (clause, drawn, labelled, hits, share, low, high, unknown, corrected)
on conflict (days, clause) do update set views = excluded.views, drawn = excluded.drawn, labelled = excluded.labelled,
  hits = excluded.hits, share = excluded.share, low = excluded.low, high = excluded.high, unknown = excluded.unknown,
  corrected = excluded.corrected, made_at = excluded.made_at
"""

ESTIMATES: Final = """
select lower(days) as first, upper(days) as until, clause, views, drawn, labelled, hits, share, low, high, unknown,
  corrected, made_at
from prevalence_estimates where days && daterange($1, $2) order by lower(days), clause
"""

DAYS: Final = """
select day, views, risky_views from prevalence_days where day >= $1 and day < $2 order by day
"""

ALARMS: Final = """
select id, kind, day, value, baseline, rung_at, seen_at from prevalence_alarms order by id desc limit $1
"""

# One alarm of a kind is enough for a week.
IS_QUIET: Final = """
select not exists (select from prevalence_alarms where kind = $1 and day > $2::date - 7 and day < $2::date + 7)
"""

INSERT_ALARM: Final = """
insert into prevalence_alarms (id, kind, day, value, baseline, event_id, rung_at)
values (make_id($6), $1, $2, $3, $4, $5, $6) on conflict do nothing returning id
"""

SEE_ALARM: Final = """
update prevalence_alarms set seen_at = $2, seen_by = $3 where id = $1 and seen_at is null returning id
"""

# Whom an alarm is mailed to.
TO_BE_TOLD: Final = """
select email, locale from users
where role = any($1::text[]) and confirmed_at is not null and disabled_at is null order by account_id
"""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Draws of a stratum of a plan with the same answer; outcome "" was not labelled, or is gone."""

    plan_id: int
    stratum: int
    outcome: str
    clause: str
    draws: int


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """The share of views with a violation of a clause ("": of any) in the days `first` up to, not with, `until`.

    `unknown` is the share of views of which nothing can be said; `corrected` the share with labellers' errors out.
    """

    first: date
    until: date
    clause: str
    views: int
    drawn: int
    labelled: int
    hits: int
    share: float
    low: float
    high: float
    unknown: float
    corrected: float | None
    made_at: datetime


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """All views of a day, and those of posts that screening found risky."""

    day: date
    views: int
    risky_views: int


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A rise that was found: `value` against `baseline`, shares of views."""

    id: int
    kind: str
    day: date
    value: float
    baseline: float
    rung_at: datetime
    seen_at: datetime | None


async def list_counts(conn: Reader, first: date, until: date) -> list[Count]:
    return as_records(Count, await conn.fetch(COUNTS, first, until))


async def list_guesses(conn: Reader, first: date, until: date) -> list[float]:
    """The shares of violating views that are to be expected by stratum, from what was labelled on these days."""
    found = list(GUESSES)
    for row in await conn.fetch(GUESSED, first, until):
        # Before there are labels: as if twenty had shown what is expected of the stratum.
        guess = (row["hits"] + 20 * GUESSES[row["stratum"]]) / (row["labelled"] + 20)
        found[row["stratum"]] = min(0.5, max(0.0005, guess))
    return found


async def save_estimates(tx: Tx, estimates: Sequence[Estimate]) -> None:
    """Write the estimates of one period, in place of earlier ones."""
    if not estimates:
        return
    one = estimates[0]
    await tx.execute(
        SAVE, one.first, one.until, one.views, one.made_at,
        [each.clause for each in estimates], [each.drawn for each in estimates],
        [each.labelled for each in estimates], [each.hits for each in estimates], [each.share for each in estimates],
        [each.low for each in estimates], [each.high for each in estimates], [each.unknown for each in estimates],
        [each.corrected for each in estimates],
    )  # fmt: skip


async def list_estimates(conn: Reader, first: date, until: date) -> list[Estimate]:
    return as_records(Estimate, await conn.fetch(ESTIMATES, first, until))


async def list_days(conn: Reader, first: date, until: date) -> list[Day]:
    return as_records(Day, await conn.fetch(DAYS, first, until))


async def list_alarms(conn: Reader, limit: int) -> list[Alarm]:
    return as_records(Alarm, await conn.fetch(ALARMS, limit))


async def is_quiet(conn: Reader, kind: str, day: date) -> bool:
    return await conn.fetchval(IS_QUIET, kind, day)


async def insert_alarm(
    tx: Tx, kind: str, day: date, *, value: float, baseline: float, event_id: int, at: datetime
) -> int | None:
    return await tx.fetchval(INSERT_ALARM, kind, day, value, baseline, event_id, at)


async def see_alarm(tx: Tx, alarm_id: int, at: datetime, account_id: int) -> bool:
    return await tx.fetchval(SEE_ALARM, alarm_id, at, account_id) is not None


async def list_told(conn: Reader, roles: Sequence[str]) -> list[tuple[str, str]]:
    """Addresses and languages of those with these roles."""
    return [(row["email"], row["locale"]) for row in await conn.fetch(TO_BE_TOLD, list(roles))]
