"""A circuit breaker: what fails several times in a row is left alone for a while, then tried once.

Owns the counting only; what is asked, and what a failure is, its user knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from rostra.kit.clock import Clock

State = Literal["closed", "open", "trying"]


class Breaker:
    """After `failures` in a row it opens for `pause`; then one trial decides. One task at a time touches it.

    Whoever was admitted ends with exactly one of `succeed`, `fail` and `release`.
    """

    def __init__(self, clock: Clock, *, failures: int, pause: timedelta) -> None:
        self._clock = clock
        self._most = failures
        self._pause = pause
        self._failures = 0
        self._opened_at: datetime | None = None
        self._trying = False

    @property
    def state(self) -> State:
        """`open` while nobody is admitted, `trying` while the outcome of one trial is awaited."""
        if self._opened_at is None:
            return "closed"
        return "trying" if self._trying else "open"

    def admits(self) -> bool:
        """Whether to go ahead now; while it is open, True once each `pause`, to the trial."""
        if self._opened_at is None:
            return True
        # A clock that was set back must not keep it open for longer.
        if self._trying or self._opened_at <= self._clock.now() < self._opened_at + self._pause:
            return False
        self._trying = True
        return True

    def succeed(self) -> None:
        """It worked: all are admitted again."""
        self._failures, self._opened_at, self._trying = 0, None, False

    def fail(self) -> None:
        """It did not work. Failures of what was admitted before it opened change nothing more."""
        if self._opened_at is not None and not self._trying:
            return
        self._failures += 1
        if self._trying or self._failures >= self._most:
            self._opened_at, self._trying = self._clock.now(), False

    def release(self) -> None:
        """It was broken off, which says nothing either way."""
        self._trying = False
