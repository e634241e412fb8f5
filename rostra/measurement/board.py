"""All that the page of measurement shows, read at once: a fixed number of statements, however much there is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from rostra.kit.db import Reader
from rostra.measurement import plan_queries, prevalence_queries, quality_queries
from rostra.measurement.agreement import Agreement
from rostra.measurement.golden import Errors, read_errors
from rostra.measurement.golden_queries import count as count_golden
from rostra.measurement.plan_queries import Plan, Settings
from rostra.measurement.prevalence import week_of
from rostra.measurement.prevalence_queries import Alarm, Day, Estimate
from rostra.measurement.quality import (
    AGREEMENT_OF,
    Recall,
    ReviewerFigures,
    RuleFigures,
    agreement_by_clause,
    recalls,
    reviewer_figures,
    rule_figures,
)
from rostra.measurement.quality_queries import Doubted, Reversed
from rostra.measurement.times import ACTED, Action, Forecast, forecast, read_action, read_backlog
from rostra.measurement.times_queries import Waiting

WEEKS: Final = 13
_SHOWN: Final = 20
_LATEST: Final = 30


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Prevalence and work of the last weeks, `first` up to, not with, `until` (Mondays)."""

    first: date
    until: date
    estimates: list[Estimate]
    days: list[Day]
    alarms: list[Alarm]
    backlog: list[Waiting]
    forecast: Forecast
    action: Action
    rules: list[RuleFigures]
    reversed: list[Reversed]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How good the work is, over the last 90 days (recall: four weeks)."""

    agreement: dict[str, Agreement]
    recalls: list[Recall]
    reviewers: list[ReviewerFigures]
    doubted: list[Doubted]
    errors: Errors
    golden: int


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """The latest samples, the newest first, and what is set."""

    plans: list[Plan]
    settings: Settings


async def read_board(conn: Reader, at: datetime) -> Board:
    """The figures of the last thirteen weeks, this one included."""
    until = week_of(at.date()) + timedelta(days=7)
    first = until - timedelta(days=7 * WEEKS)
    start = datetime.combine(first, datetime.min.time(), at.tzinfo)
    return Board(
        first=first,
        until=until,
        estimates=await prevalence_queries.list_estimates(conn, first, until),
        days=await prevalence_queries.list_days(conn, first, until),
        alarms=await prevalence_queries.list_alarms(conn, _SHOWN),
        backlog=await read_backlog(conn, at),
        forecast=await forecast(conn, at),
        action=await read_action(conn, at - ACTED, at),
        rules=await rule_figures(conn, at),
        reversed=await quality_queries.list_reversed(conn, start),
    )


async def read_quality(conn: Reader, at: datetime) -> Quality:
    """How good the work is at `at`."""
    return Quality(
        agreement=await agreement_by_clause(conn, at),
        recalls=await recalls(conn, at.date() - ACTED, at.date()),
        reviewers=await reviewer_figures(conn, at),
        doubted=await quality_queries.list_doubted(conn, _SHOWN),
        errors=await read_errors(conn, at - AGREEMENT_OF),
        golden=await count_golden(conn),
    )


async def read_samples(conn: Reader, at: datetime) -> Samples:
    """The samples of the last weeks."""
    plans = await plan_queries.list_plans(conn, at.date() - timedelta(days=7 * WEEKS), at.date())
    return Samples(plans=plans[::-1][:_LATEST], settings=await plan_queries.get_settings(conn))
