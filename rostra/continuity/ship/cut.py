"""The cutter: the log as it was received becomes pieces, a chain of sealed objects in the spool.

A piece never crosses a segment. It is on the disk whole before it counts, so the chain goes on after any death of the
process. Where bytes are missing for good the next piece says so, and begins at the start of a segment.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from rostra.continuity import names
from rostra.continuity.keys import Recipients
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import SEGMENT, Piece, segment_name
from rostra.continuity.sealed import seal
from rostra.continuity.ship import queries
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.primary import DatabaseAway, Primary
from rostra.continuity.ship.receiver import is_received
from rostra.continuity.ship.spool import Link, Spool
from rostra.kit.clock import Clock

HEARTBEAT: Final = 30.0
"""Seconds without a byte after which an empty piece says that all is well."""

_LEVEL: Final = 3
# Within this time the receiver has what the server had written when it was asked, unless there is very much of it.
_SETTLE_STEPS: Final = 10
_SETTLE_PAUSE: Final = 0.02
_PARTIAL: Final = ".partial"
# More than are begun between two looks.
_SEGMENTS_KNOWN: Final = 256


class Cutter:
    """Owns the chain. `newest` is its end (None before the first piece of the epoch), `last_gap` the last piece behind
    a gap since the start, `reached` the moment up to which all that was acknowledged is in the chain.

    `is_broken`: what is received from now on does not continue the chain."""

    def __init__(
        self,
        identity: Identity,
        place: Place,
        primary: Primary,
        spool: Spool,
        newest: Link | None,
        timeline: int,
        is_broken: bool,
        clock: Clock,
        alarms: Alarms,
        on_change: Callable[[], None],
    ) -> None:
        self.newest = newest
        self.reached: datetime = identity.epoch.opened_at if newest is None else newest.reached
        self.received = 0 if newest is None else newest.end
        self._identity = identity
        self._recipients = Recipients(identity.site.recipients)
        self._wal = place.wal
        self._primary = primary
        self._spool = spool
        self._timeline = timeline
        self._clock = clock
        self._alarms = alarms
        self._on_change = on_change
        self.last_gap: int | None = None
        self._is_broken = is_broken
        self._cut_at = time.monotonic()
        self._turn = asyncio.Lock()
        self._firsts: dict[int, int] = {}
        for link in spool.links:
            self._remember(link)

    async def cut(self, *, is_in_vain: bool = False) -> None:
        """Cut what was received since the last time. While it `is_in_vain`, because no target takes anything, larger
        pieces are waited for. What is wrong is an alarm.

        What was begun is finished even where this is cancelled: the thread that writes a piece cannot be stopped.
        """
        async with self._turn:
            cutting = asyncio.ensure_future(self._cut(is_in_vain))
            try:
                await asyncio.shield(cutting)
            except asyncio.CancelledError:
                await asyncio.wait([cutting])
                raise

    async def _cut(self, is_in_vain: bool) -> None:
        try:
            received, asked_at = await self._settle()
            if received is None:
                return
            is_received(self._alarms)
            self.received = received
            if is_in_vain and received - self._end < SEGMENT // 16 and self._idle_for < HEARTBEAT:
                return
            await self._cut_to(received, asked_at)
            await asyncio.to_thread(self._remove_cut)
        except DatabaseAway:
            return
        except OSError as error:
            self._alarms.start("cut", f"the log cannot be cut into pieces: {error.filename}: {error.strerror}")
        else:
            self._alarms.end("cut")

    def find_first(self, start: int) -> int | None:
        """The sequence of the piece with which the segment at `start` begins, of those that were cut lately."""
        return self._firsts.get(start)

    def _remember(self, link: Link) -> None:
        # A heartbeat at the end of a segment begins no other.
        if link.start % SEGMENT == 0 and link.end > link.start:
            self._firsts[link.start] = link.sequence
            for oldest in sorted(self._firsts)[:-_SEGMENTS_KNOWN]:
                del self._firsts[oldest]

    def wal_bytes(self) -> int:
        """Bytes of received log on this disk."""
        total = 0
        for file in self._wal.iterdir():
            # A segment that is full is renamed by who receives it.
            with suppress(FileNotFoundError):
                total += file.stat().st_size
        return total

    @property
    def _end(self) -> int:
        return 0 if self.newest is None else self.newest.end

    @property
    def _idle_for(self) -> float:
        return time.monotonic() - self._cut_at

    async def _settle(self) -> tuple[int | None, datetime | None]:
        """How far was received (None: nobody receives), and a moment up to which that has all that was written."""
        asked_at = self._clock.now()
        position = first = await self._primary.ask(queries.find_position)
        for _ in range(_SETTLE_STEPS):
            if position.received is None or position.received >= first.written:
                break
            await asyncio.sleep(_SETTLE_PAUSE)
            position = await self._primary.ask(queries.find_position)
        if position.received is None or position.received < first.written:
            return position.received, None
        return position.received, asked_at

    async def _cut_to(self, received: int, asked_at: datetime | None) -> None:
        while (begin := await asyncio.to_thread(self._find_begin, received)) is not None:
            start, is_gap = begin
            end = min((start // SEGMENT + 1) * SEGMENT, received)
            is_last = end == received and asked_at is not None
            await self._add(start, end, gap=is_gap, reached=asked_at if is_last and asked_at else self.reached)
        is_done = self.newest is not None and self.newest.end >= received and not self._is_broken
        if asked_at is not None and self.newest is not None and is_done:
            self.reached = max(self.reached, asked_at)
            if self._idle_for >= HEARTBEAT:
                await self._add(self.newest.end, self.newest.end, gap=False, reached=self.reached)
            self._on_change()

    def _find_begin(self, received: int) -> tuple[int, bool] | None:
        """Where the next piece begins, and whether that is behind a gap; None where nothing is to be cut."""
        if self.newest is not None and not self._is_broken:
            if self.newest.end >= received:
                return None
            if self._find_file(self.newest.end) is not None:
                return self.newest.end, False
        segment = (received - 1) // SEGMENT
        if self._find_file(segment * SEGMENT) is None:
            return None
        oldest = 0 if self._is_broken else self._end
        while segment * SEGMENT > oldest and self._find_file((segment - 1) * SEGMENT) is not None:
            segment -= 1
        return segment * SEGMENT, self.newest is not None

    def _find_file(self, position: int) -> Path | None:
        """The file with the segment of `position`. It may be renamed between two looks, so one looks thrice."""
        whole = self._wal / segment_name(self._timeline, position)
        partial = whole.with_name(whole.name + _PARTIAL)
        return next((file for file in (whole, partial, whole) if file.exists()), None)

    async def _add(self, start: int, end: int, *, gap: bool, reached: datetime) -> None:
        link, raw = await asyncio.to_thread(self._seal, start, end, gap, max(reached, self.reached))
        await self._spool.add(link, raw)
        self.newest = link
        self._is_broken = False
        self._cut_at = time.monotonic()
        self._remember(link)
        if gap:
            self.last_gap = link.sequence
            self._alarms.say(f"the log has a gap before piece {link.sequence}: full base copies are made")
        self._on_change()

    def _seal(self, start: int, end: int, gap: bool, reached: datetime) -> tuple[Link, bytes]:
        number, before = self._identity.epoch.number, self.newest
        sequence = 1 if before is None else before.sequence + 1
        raw, digest = seal(
            self._identity.signing_key,
            self._body(start, end),
            site=self._identity.site.id,
            name=names.wal_piece(number, sequence),
            epoch=number,
            made_at=reached,
            about=(about := Piece(start=start, end=end, timeline=self._timeline, gap=gap)),
            sequence=sequence,
            previous="" if before is None else before.digest,
        )
        more = msgspec.structs.asdict(about)
        return Link(sequence=sequence, digest=digest, reached=reached, size=len(raw), **more), raw

    def _body(self, start: int, end: int) -> bytes:
        """The bytes of the log, hidden. Behind what was received a file has zeros, which are never read."""
        if start == end:
            return b""
        file = self._find_file(start)
        if file is None:
            raise FileNotFoundError(2, "was removed", segment_name(self._timeline, start))
        with file.open("rb") as opened:
            found = os.pread(opened.fileno(), end - start, start % SEGMENT)
        if len(found) != end - start:
            raise OSError(5, f"has only {len(found)} of {end - start} bytes", str(file))
        return self._recipients.encrypt(zstandard.compress(found, _LEVEL))

    def _remove_cut(self) -> None:
        """Remove the segments that are in pieces, and those of another timeline."""
        last = segment_name(self._timeline, self._end)
        for file in self._wal.iterdir():
            if file.name < last and not file.name.endswith(_PARTIAL):
                file.unlink()
