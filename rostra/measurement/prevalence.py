"""Prevalence: the share of views that fell on violations, by clause and week, with the interval that it is known to.

Made anew from the labels each hour, for the weeks that are still being labelled. Weeks begin on Mondays (UTC).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.measurement import plan_queries, prevalence_queries
from rostra.measurement.golden import Errors, read_errors
from rostra.measurement.plan_queries import Plan
from rostra.measurement.prevalence_queries import Count, Day, Estimate
from rostra.measurement.strata import Counted, correct, estimate
from rostra.screening.active import ActivePolicy

ANY: Final = ""
_WEEK: Final = timedelta(days=7)
# Labels change nothing later than this.
_OPEN_FOR: Final = 4
_LEARN_FROM: Final = timedelta(days=90)


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Of a stratum of a plan: views in it, drawn, and labelled with an answer; hits by clause, and of any (ANY)."""

    views: int
    drawn: int
    labelled: int
    hits: Mapping[str, int]


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def gather(plans: Sequence[Plan], counts: Sequence[Count]) -> list[Answers]:
    """What the labels say of each stratum of each plan. "Cannot tell" is no answer."""
    hits: dict[tuple[int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    labelled: dict[tuple[int, int], int] = defaultdict(int)
    for count in counts:
        place = (count.plan_id, count.stratum)
        if count.outcome in ("violates", "fine"):
            labelled[place] += count.draws
        if count.outcome == "violates":
            hits[place][count.clause] += count.draws
            hits[place][ANY] += count.draws
    return [
        Answers(
            views=stratum.views, drawn=stratum.draws, labelled=labelled[plan.id, number], hits=hits[plan.id, number]
        )
        for plan in plans
        for number, stratum in enumerate(plan.strata)
        if stratum.views
    ]  # fmt: skip


def estimate_period(
    answers: Sequence[Answers],
    days: Sequence[Day],
    clauses: Sequence[str],
    errors: Errors,
    period: tuple[date, date],
    at: datetime,
) -> list[Estimate]:
    """The estimates of a period, of any clause and of each. Empty where nothing was drawn.

    Shares are of the views that were sampled from; days without a sample, and what was not labelled, are `unknown`.
    """
    sampled = sum(each.views for each in answers)
    if not sampled:
        return []
    total = max(sampled, sum(day.views for day in days))
    known = sum(each.views * each.labelled / each.drawn for each in answers if each.drawn) / total
    made: list[Estimate] = []
    for clause in (ANY, *clauses):
        strata = [Counted(each.views / sampled, each.labelled, each.hits.get(clause, 0)) for each in answers]
        found = estimate(strata)
        made.append(
            Estimate(
                first=period[0], until=period[1], clause=clause, views=total, drawn=sum(each.drawn for each in answers),
                labelled=sum(each.labelled for each in answers), hits=sum(each.hits.get(clause, 0) for each in answers),
                share=found.share, low=found.low, high=found.high, unknown=max(0.0, 1 - known),
                corrected=_corrected(found.share, errors) if clause == ANY else None, made_at=at,
            )
        )  # fmt: skip
    return made


def _corrected(share: float, errors: Errors) -> float | None:
    if errors.sensitivity is None or errors.specificity is None:
        return None
    return correct(share, errors.sensitivity.share, errors.specificity.share)


async def estimate_weeks(db: Database, clock: Clock, policies: ActivePolicy, weeks: int = _OPEN_FOR) -> list[Estimate]:
    """Make the estimates of the last weeks anew, this one included, and keep them."""
    at = clock.now()
    monday = week_of(at.date())
    made: list[Estimate] = []
    for number in range(weeks):
        first = monday - number * _WEEK
        made += await estimate_between(db, clock, policies, first, first + _WEEK)
    return made


async def estimate_between(
    db: Database, clock: Clock, policies: ActivePolicy, first: date, until: date
) -> list[Estimate]:
    """Make the estimates of one period anew and keep them. Samples that reach out of it are left out."""
    at = clock.now()
    current = await policies.current(db)
    async with db.read() as conn:
        plans = await plan_queries.list_plans(conn, first, until)
        counts = await prevalence_queries.list_counts(conn, first, until)
        days = await prevalence_queries.list_days(conn, first, until)
        errors = await read_errors(conn, at - _LEARN_FROM)
    inside = [plan for plan in plans if plan.drawn_at and first <= plan.first and plan.until <= until]
    said = {count.clause for count in counts if count.outcome == "violates"}
    clauses = sorted(said | {clause.id for clause in current.bundle.clauses if not clause.retired})
    made = estimate_period(gather(inside, counts), days, clauses, errors, (first, until), at)
    async with db.transaction() as tx:
        await prevalence_queries.save_estimates(tx, made)
    return made
