"""How fast and how often: a limit on the bytes a second, and the pauses after failures."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

_FIRST: Final = 0.5
_LONGEST: Final = 60.0


class Bandwidth:
    """Lets so many megabytes a second through; 0 is no limit. A large piece passes at once and the next one waits."""

    def __init__(
        self,
        megabytes: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = megabytes * 1_000_000
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = monotonic()

    async def take(self, size: int) -> None:
        """Return when `size` bytes may go."""
        if self._rate <= 0:
            return
        now = self._monotonic()
        wait = max(0.0, self._free_at - now)
        self._free_at = now + wait + size / self._rate
        if wait:
            await self._sleep(wait)


def pause_after(failures: int, chance: float | None = None) -> float:
    """Seconds until the next try after so many failures in a row: doubled each time, and never in step with others.

    `chance` is from 0 to 1; drawn where it is not given.
    """
    drawn = random.random() if chance is None else chance  # noqa: S311 - only to be out of step
    longest = min(_LONGEST, _FIRST * 2 ** min(failures - 1, 10))
    return longest * (0.5 + drawn / 2)
