"""The levers that hold now: one process's memory of them, and its counts of what they did.

Looked at again every second and a half, so that a pull or a release reaches all processes within two seconds; one whose
time is over counts no longer from that moment on, whoever has noticed. Nothing else on the path of a request reads the
database for them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.flushing import flushing
from rostra.levers import queries
from rostra.levers.kinds import LeverName, Params, load_params

_LOOK_AGAIN: Final = timedelta(seconds=1.5)
_EVERY: Final = 1.0
Did = Literal["held", "refused"]


class Holding(msgspec.Struct, frozen=True):
    """A lever that is pulled."""

    pull_id: int
    params: Params
    until: datetime | None


class InForce(msgspec.Struct, frozen=True):
    """All that are pulled, by name."""

    pulls: Mapping[str, Holding] = {}

    def find(self, name: LeverName, at: datetime) -> Holding | None:
        """The lever, if it holds at that moment."""
        found = self.pulls.get(name)
        return found if found is not None and (found.until is None or at < found.until) else None


class ActiveLevers:
    """Reads what holds when it is asked, at most every second and a half. Owns what a process remembers of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._current: InForce | None = None
        self._looked_at: datetime | None = None
        self._lock = asyncio.Lock()
        self._counts: Counter[tuple[int, Did]] = Counter()

    def forget(self) -> None:
        """Look again when it is next asked: after a change in this process."""
        self._looked_at = None

    async def current(self, db: Database) -> InForce:
        """What holds now. While one task looks, others go on with what held before."""
        if self._current is not None and (self._is_fresh() or self._lock.locked()):
            return self._current
        async with self._lock:
            if self._current is None or not self._is_fresh():
                self._current = await self._read(db)
                self._looked_at = self._clock.now()
            return self._current

    def count(self, pull_id: int, did: Did) -> None:
        """Note that a lever held or refused something."""
        self._counts[pull_id, did] += 1

    async def flush(self, db: Database) -> None:
        """Add the counts up in the database."""
        counts, self._counts = self._counts, Counter()
        sums = {pull_id: (counts[pull_id, "held"], counts[pull_id, "refused"]) for pull_id, _ in counts}
        if sums:
            async with db.transaction() as tx:
                await queries.add_counts(tx, sorted((pull_id, *numbers) for pull_id, numbers in sums.items()))

    def sharing(self, db: Database) -> AbstractAsyncContextManager[None]:
        """Flush about once a second while the block lasts, and at its end."""
        return flushing(lambda: self.flush(db), every=_EVERY, failing="what levers did could not be counted")

    def _is_fresh(self) -> bool:
        now = self._clock.now()
        return self._looked_at is not None and self._looked_at <= now < self._looked_at + _LOOK_AGAIN

    async def _read(self, db: Database) -> InForce:
        async with db.read() as conn:
            rows = await queries.list_holding(conn)
        return InForce({row.name: Holding(row.id, load_params(row.name, row.params), row.until) for row in rows})
