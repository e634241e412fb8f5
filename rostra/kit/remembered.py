"""A value that may be some seconds old, kept in memory so that not every request reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from rostra.kit.clock import Clock

T = TypeVar("T")


class Remembered(Generic[T]):
    """A value that is read anew once it is older than `lifetime`."""

    def __init__(self, clock: Clock, lifetime: timedelta) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._until: datetime | None = None
        self._value: T | None = None

    async def get(self, read: Callable[[], Awaitable[T]]) -> T:
        """The value, which `read` gives where it is not known or too old."""
        now = self._clock.now()
        if self._value is None or self._until is None or now >= self._until:
            self._value = await read()
            self._until = now + self._lifetime
        return self._value

    def forget(self) -> None:
        """Have it read when it is next asked for."""
        self._value = None
