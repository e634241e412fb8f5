"""Times to action, what waits for how long, and when the queue will be empty."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.kit.db import Reader
from rostra.levers.forecast import drain_hours
from rostra.measurement import times_queries
from rostra.measurement.times_queries import Flow, Seen, Times, Waiting

# Upper ends of the ages of what waits, in hours; the last is open.
AGES: Final = (1, 4, 24, 72, 168, None)
ACTED: Final = timedelta(days=28)
SINCE: Final = ("creation", "report", "notice")
_NEVER: Final = 365 * 24.0


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """When the queue will be empty at the pace of now. Cases for each hour; `drain` None: never, more come than go."""

    backlog: int
    inflow: float
    capacity: float
    drain: timedelta | None
    oldest_severe: datetime | None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it went in a period: from each start that anything had, and views before."""

    times: list[Times]
    seen: Seen


async def forecast(conn: Reader, at: datetime) -> Forecast:
    """The forecast at `at`, from what came and went in the last day."""
    return make_forecast(await times_queries.get_flow(conn, at))


def make_forecast(flow: Flow) -> Forecast:
    """The same figure as that of the growth brake (`levers/forecast.py`); what would take longer than a year never
    ends."""
    hours = drain_hours(flow.backlog, flow.opened_day, flow.closed_day)
    return Forecast(
        backlog=flow.backlog,
        inflow=flow.opened_day / 24,
        capacity=flow.closed_day / 24,
        drain=timedelta(hours=hours) if hours < _NEVER else None,
        oldest_severe=flow.oldest_severe,
    )


async def read_action(conn: Reader, since: datetime, until: datetime) -> Action:
    """How fast things were acted on in a period."""
    times = {each.since: each for each in await times_queries.list_times(conn, since, until)}
    ordered = [times[start] for start in SINCE if start in times]
    return Action(times=ordered, seen=await times_queries.get_views_before(conn, since, until))


async def read_backlog(conn: Reader, at: datetime) -> list[Waiting]:
    """Open cases by age and severity."""
    return await times_queries.list_waiting(conn, at)
