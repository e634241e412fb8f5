"""SQL of how much waits for reviewers, and since when."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, as_record

# Refusals are only ever counted as far as anybody reads.
COUNTS: Final = """
select h.held, h.oldest_held, c.cases, c.oldest_case,
  (select count(*) from (select from holds q join statuses s on s.id = q.status_id
    where q.decision = 'refuse' and s.withheld = 'refused' limit 1000) r) as refused
from (select count(*) as held, min(created_at) as oldest_held from holds where decided_at is null) h,
  (select count(*) as cases, min(q.opened_at) as oldest_case from cases q join statuses s on s.id = q.subject_id
    where q.closed_at is null and q.subject_kind = 'status' and s.withheld is null) c
"""


class ReviewCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is on each of the review list's pages, and since when the longest of it waits."""

    held: int
    oldest_held: datetime | None
    cases: int
    oldest_case: datetime | None
    refused: int

    @property
    def waiting(self) -> int:
        """What somebody has to look at."""
        return self.held + self.cases


async def count_for_review(conn: Reader) -> ReviewCounts:
    """How much there is, with one statement."""
    row = await conn.fetchrow(COUNTS)
    assert row is not None
    return as_record(ReviewCounts, row)
