"""Time as an argument: nothing below the edges asks the machine what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC, cut to whole milliseconds (what ids and the API can carry)."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class FixedClock(Clock):
    """A clock that stands still until it is told to go on; for tests and simulations."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def tick(self, **by: float) -> None:
        """Move on by a `timedelta(**by)`."""
        self.moment += timedelta(**by)
