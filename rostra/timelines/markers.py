"""Markers: how far somebody has read a timeline, so that their devices agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from rostra.entities.account import timestamp
from rostra.entities.personal import Marker, Markers
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx, as_records, find_record
from rostra.kit.errors import Conflict

Timeline = Literal["home", "notifications"]
TIMELINES: Final[tuple[Timeline, ...]] = ("home", "notifications")

MARKERS: Final = """
select timeline, last_read_id, version, updated_at from markers where account_id = $1 and timeline = any($2::text[])
"""

# Writes nothing, and so answers nothing, where another version than the one in $5 is there.
SAVE_MARKER: Final = """
insert into markers as m (account_id, timeline, last_read_id, updated_at) values ($1, $2, $3, $4)
on conflict (account_id, timeline) do update set
  last_read_id = excluded.last_read_id, version = m.version + 1, updated_at = excluded.updated_at
where $5::integer is null or m.version = $5
returning timeline, last_read_id, version, updated_at
"""


class MarkerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A marker as it is kept."""

    timeline: Timeline
    last_read_id: int
    version: int
    updated_at: datetime


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody has read; `version` is that of the marker which they saw before, where they care."""

    last_read_id: int
    version: int | None = None


# Some apps read a marker that they asked for without looking whether it came.
_UNREAD: Final = Marker(last_read_id="0", version=0, updated_at=timestamp(datetime(1970, 1, 1, tzinfo=UTC)))


def render_marker(row: MarkerRow) -> Marker:
    """A marker as an entity."""
    return Marker(last_read_id=str(row.last_read_id), version=row.version, updated_at=timestamp(row.updated_at))


async def find_markers(db: Database, account_id: int, timelines: Sequence[str]) -> Markers:
    """The markers of the timelines that are asked for; one that was never set stands at 0."""
    wanted = [timeline for timeline in TIMELINES if timeline in timelines]
    async with db.read() as conn:
        rows = as_records(MarkerRow, await conn.fetch(MARKERS, account_id, wanted))
    found = {row.timeline: render_marker(row) for row in rows}
    return Markers(**{timeline: found.get(timeline, _UNREAD) for timeline in wanted})


async def save_markers(db: Database, clock: Clock, account_id: int, readings: Mapping[Timeline, Reading]) -> Markers:
    """Move markers, all or none; either way is allowed, since somebody may want to read again. Raises Conflict where
    a version was named that is no longer the latest."""
    at = clock.now()
    async with db.transaction() as tx:
        rows = [await _save(tx, account_id, timeline, readings[timeline], at) for timeline in sorted(readings)]
    return Markers(**{row.timeline: render_marker(row) for row in rows})


async def _save(tx: Tx, account_id: int, timeline: Timeline, reading: Reading, at: datetime) -> MarkerRow:
    row = await tx.fetchrow(SAVE_MARKER, account_id, timeline, reading.last_read_id, at, reading.version)
    saved = find_record(MarkerRow, row)
    if saved is None:
        raise Conflict("Conflict during update, please try again")
    return saved
