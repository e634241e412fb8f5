"""How much is open, by everything that the queue can be narrowed to: counted in one pass, and while there is much of it
remembered for a moment. Beside thousands it does not matter what has come and gone in some seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rostra.kit.db import Reader
from rostra.moderation.cases import reviewer_queries
from rostra.moderation.cases.reviewer_queries import Tally

# From so many open cases on, and for so long, a count is as good as another.
_MANY: Final = 2000
_KEPT: Final = timedelta(seconds=15)


class Backlog:
    """What is open. Owns what the process remembers of it."""

    def __init__(self) -> None:
        self._kept: list[Tally] = []
        self._read_at: datetime | None = None

    async def count(self, conn: Reader, at: datetime) -> list[Tally]:
        """What is open: of each state all of it, and how much has each value of each field."""
        if self._read_at is not None and timedelta() <= at - self._read_at < _KEPT:
            return self._kept
        found = await reviewer_queries.tally(conn)
        many = sum(each.number for each in found if each.field == "") >= _MANY
        self._kept, self._read_at = found, at if many else None
        return found
