"""Who was shown what: counted in memory while pages are served, added up in the database every few seconds.

A view is a status in an answer to somebody who asked to read: timelines, lists, threads, profiles, search. A boost is a
view of what it boosts; an author's look at their own posts is none. Counts of a process that is killed are lost for
those seconds. What is pushed to open streams is not counted: it is seen when the timeline is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.flushing import flushing
from rostra.posts import view_queries

_EVERY: Final = 5.0
# Rows of one statement, and of one sweep.
_AT_ONCE: Final = 5_000


class ViewCounter:
    """One process's views that the database does not have yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: Counter[int] = Counter()

    def count(self, status_ids: Iterable[int]) -> None:
        """Count one view of each; the time that this takes is that of each page."""
        self._seen.update(status_ids)

    async def flush(self, db: Database) -> None:
        """Add the counts up in the database, on the present day."""
        seen, self._seen = self._seen, Counter()
        rows, day = sorted(seen.items()), self._clock.now().date()
        for start in range(0, len(rows), _AT_ONCE):
            try:
                async with db.autocommit() as tx:
                    await view_queries.add(tx, day, rows[start : start + _AT_ONCE])
            except BaseException:
                # Not lost: counted with what comes next.
                self._seen.update(dict(rows[start:]))
                raise

    def sharing(self, db: Database) -> AbstractAsyncContextManager[None]:
        """Flush every few seconds while the block lasts, and at its end."""
        return flushing(lambda: self.flush(db), every=_EVERY, failing="views could not be counted")


async def rerank_cases(tx: Tx, at: datetime, *, only_due: bool = False) -> int:
    """Give open cases the rank that expected views and clocks give them now, in one statement; how many moved.

    `only_due` is for those whose clock runs out within 24 hours. Cases that a transaction is at keep theirs.
    """
    return await view_queries.rerank(tx, at, only_due=only_due)


async def sweep_views(db: Database, clock: Clock) -> None:
    """Forget views after ninety days, a few thousand at a time."""
    before = (clock.now() - view_queries.KEPT_FOR).date()
    swept = _AT_ONCE
    while swept == _AT_ONCE:
        async with db.transaction() as tx:
            swept = await view_queries.sweep(tx, before, _AT_ONCE)
