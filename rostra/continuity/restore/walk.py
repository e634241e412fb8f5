"""The course of one restore: what it was asked, whom it tells, how long each step took, what was noted."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from rostra.continuity.restore.records import Listeners, Options, Step, Unit


class Walk:
    """Made by whoever restores, for this one time."""

    def __init__(self, options: Options, listeners: Listeners) -> None:
        self.options = options
        self.listeners = listeners
        self.started_at = datetime.now(UTC)
        self.warnings: list[str] = []
        self.seconds: dict[str, float] = {}
        self.ready_after = 0.0
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def warn(self, lines: Sequence[str]) -> None:
        """Say it now, and keep it for the report."""
        for line in lines:
            self.warnings.append(line)
            self.listeners.say(line)

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: Unit = "") -> Generator[Callable[[int], None]]:
        """A step with its time; yields what counts it on."""
        began, done = time.monotonic(), 0

        def on(amount: int) -> None:
            nonlocal done
            done += amount
            self.listeners.step(Step(name, done, total, unit))

        self.listeners.step(Step(name, 0, total, unit))
        try:
            yield on
        finally:
            self.listeners.step(Step(name, done, total, unit, has_ended=True))
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - began, 3)
