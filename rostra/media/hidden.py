"""Which stored files are not to be served: one process's memory of what moderation has taken out of sight.

The list is in the database and short; it is read again every two seconds while files are asked for. So a file that is
removed is gone from here within two seconds, and serving files waits for the database no more often than that.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from rostra.kit.clock import Clock
from rostra.kit.db import DATABASE_ERRORS, Database, Reader

HIDDEN: Final = "select key from hidden_files"

_LOOK_AGAIN: Final = timedelta(seconds=2)


class HiddenFiles:
    """Answers whether a file is hidden. Owns what the process remembers of the list."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._keys: frozenset[str] = frozenset()
        self._looked_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def has(self, key: str) -> bool:
        """Whether nobody but reviewers may fetch the object `key`."""
        if not self._is_fresh():
            async with self._lock:
                if not self._is_fresh():
                    await self._look()
        return key in self._keys

    async def _look(self) -> None:
        try:
            async with self._db.read() as conn:
                self._keys = await find_hidden(conn)
        except DATABASE_ERRORS:
            # What is known goes on holding; a process that knows nothing yet serves nothing.
            if self._looked_at is None:
                raise
        self._looked_at = self._clock.now()

    def _is_fresh(self) -> bool:
        return self._looked_at is not None and self._clock.now() - self._looked_at < _LOOK_AGAIN


async def find_hidden(conn: Reader) -> frozenset[str]:
    """The keys of all hidden files."""
    return frozenset(row["key"] for row in await conn.fetch(HIDDEN))
