"""Texts that were removed or refused, held in memory: a new post is compared with all of them."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.detect.near import KnownBad
from rostra.kit.db import Reader
from rostra.screening.near_queries import list_bad

STAMP: Final = "select coalesce(max(id), 0) as newest, count(*) as number from bad_signatures"


class BadTexts(msgspec.Struct, frozen=True):
    """The index, and by what one sees that it is of yesterday."""

    known: KnownBad
    stamp: tuple[int, int]


NOTHING_BAD: Final = BadTexts(KnownBad(()), (0, 0))


async def read_bad(conn: Reader, before: BadTexts) -> BadTexts:
    """What is known to be bad now; `before` where nothing has changed."""
    row = await conn.fetchrow(STAMP)
    assert row is not None
    stamp = (row["newest"], row["number"])
    if stamp == before.stamp:
        return before
    return BadTexts(KnownBad(entry.entry for entry in await list_bad(conn)), stamp)
