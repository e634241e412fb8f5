"""What people try to post: the share of all that is judged on which rules of grave clauses hit, day by day.

Views show what got through, and labels come late. When violence doubles, what is refused and held doubles first, on the
same day, and nobody has to look at a sample for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from rostra.kit.db import Reader, as_records
from rostra.measurement.cusum import BASE_DAYS, LAG, LEAST_BASE, of_counts
from rostra.policy.records import Bundle

# Of the policy's five steps.
GRAVE: Final = 4
DAYS: Final = """
select day, coalesce(sum(live) filter (where rule = ''), 0)::bigint as judged,
  coalesce(sum(live) filter (where rule = any($3::text[])), 0)::bigint as grave
from rule_hits where day >= $1 and day < $2 group by day order by day
"""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What was judged on a day, and hits of rules of grave clauses."""

    day: date
    judged: int
    grave: int


class Rise(msgspec.Struct, frozen=True):
    """A doubling: the day on which it was clear, the share of then, and the share before."""

    day: date
    value: float
    baseline: float


async def list_days(conn: Reader, bundle: Bundle, first: date, until: date) -> list[Day]:
    """The days from `first` up to, not with, `until` on which anything was judged."""
    grave = {clause.id for clause in bundle.clauses if clause.severity >= GRAVE}
    rules = [rule.id for rule in bundle.rules if rule.clause in grave]
    return as_records(Day, await conn.fetch(DAYS, first, until, rules))


def rises_of_attempts(days: Sequence[Day]) -> list[Rise]:
    """Where attempts have doubled: each day is held against the four weeks that ended a week before it."""
    series: list[tuple[float, float]] = []
    found: list[Rise] = []
    for day in days:
        end = day.day - timedelta(days=LAG)
        base = [each for each in days if end - timedelta(days=BASE_DAYS) < each.day <= end]
        judged = sum(each.judged for each in base)
        if len(base) < LEAST_BASE or not judged or not day.judged:
            continue
        # As if there had been one more, so that no base is nothing.
        usual = (sum(each.grave for each in base) + 1) / judged
        series.append((day.grave, usual * day.judged))
        found.append(Rise(day.day, day.grave / day.judged, usual))
    return [found[place] for place in of_counts(series)]
