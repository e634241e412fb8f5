"""How long the backlog takes to clear, and when the growth brake takes hold and lets go. Pure.

The forecast is backlog ÷ (capacity - inflow), from the cases that were opened and closed in the last 24 hours. What was
closed is what the team did, not what it could do: of an idle team it says too little. So the alarm asks, besides, that
what waits is real work: a queue of ten that is emptied as fast as it fills never drains by that formula, and harms
nobody.
"""

from __future__ import annotations

from math import inf
from typing import Final

import msgspec

_HOURS: Final = 24.0
# The brake lets go below three quarters of what made it take hold.
_LET_GO: Final = 0.75
# What waits must be more than this share of the limit in work, were nothing to come in any more.
_REAL_WORK: Final = 1 / 8


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Open cases, and how many were opened and closed in the last 24 hours."""

    backlog: int = 0
    opened: int = 0
    closed: int = 0

    @property
    def hours(self) -> float:
        """Until the backlog is cleared at the present pace: 0 where nothing waits, infinite where as much comes in as
        is done."""
        return drain_hours(self.backlog, self.opened, self.closed)

    @property
    def work(self) -> float:
        """Hours that what waits would take, were nothing to come in; infinite where nobody works."""
        return drain_hours(self.backlog, 0, self.closed)


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """What the growth brake is set to."""

    on: bool = True
    limit_hours: float = 72.0
    least_backlog: int = 100


def drain_hours(backlog: int, opened: int, closed: int) -> float:
    """Hours to clear `backlog` cases where `opened` came in and `closed` were done within 24 hours."""
    if backlog <= 0:
        return 0.0
    if closed <= opened:
        return inf
    return backlog * _HOURS / (closed - opened)


def is_alarming(forecast: Forecast, brake: Brake, *, share: float = 1.0) -> bool:
    """Whether the forecast passes the limit, and there is real work behind it. `share` scales all limits."""
    return (
        forecast.backlog >= brake.least_backlog * share
        and forecast.hours > brake.limit_hours * share
        and forecast.work > brake.limit_hours * share * _REAL_WORK
    )


def is_over(forecast: Forecast, brake: Brake) -> bool:
    """Whether the alarm is over for good measure: a quarter below the limits. Between the two nothing changes."""
    return not is_alarming(forecast, brake, share=_LET_GO)
