"""Bases: when each target needs one, and one pass that brings it to all that do.

One run of `pg_basebackup` serves every target that is due and answers. A target that fails in the middle is left
behind and gets its own later; the others go on. Without its manifest, which comes last, a base does not exist.
"""

from __future__ import annotations

import asyncio
import hashlib
import platform
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from rostra import __version__
from rostra.continuity import names
from rostra.continuity.keys import Recipients
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import SEGMENT, Base, BaseKind, Part
from rostra.continuity.sealed import seal
from rostra.continuity.ship import queries
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.basestream import BaseFailed, Made, stream_base
from rostra.continuity.ship.cut import Cutter
from rostra.continuity.ship.lane import Lane
from rostra.continuity.ship.primary import Primary
from rostra.continuity.targets import StoreUnavailable
from rostra.kit.clock import Clock
from rostra.kit.files import write_whole
from rostra.kit.settings import Settings

_LEVEL: Final = 3
# Parts of a base that are on their way at a time.
_AT_ONCE: Final = 3
_TRIES: Final = 5
_LOG_PATIENCE: Final = 60.0

_Report = Callable[[int], None]


class Due(msgspec.Struct, frozen=True):
    """A base that a target needs: a full one, or one on top of `parent`."""

    parent: Base | None

    @property
    def kind(self) -> BaseKind:
        return "full" if self.parent is None else "incremental"


def find_due(usable: Sequence[Base], now: datetime, base_hours: float, full_every: int) -> Due | None:
    """What is due at a target with these `usable` bases; with no hours between them, only what it cannot do without."""
    if not usable:
        return Due(None)
    newest = max(usable, key=lambda base: base.started_at)
    # Both ways: a clock that was wrong must not put the next one off for years.
    if base_hours == 0 or abs(now - newest.started_at) < timedelta(hours=base_hours):
        return None
    return Due(None if _incrementals(newest, usable) + 1 >= full_every else newest)


def choose_pass(due: Sequence[tuple[Lane, Due]]) -> tuple[list[Lane], Due]:
    """The targets that are served by one pass, and with what: a full one where any needs it."""
    if any(each.parent is None for _, each in due):
        return [lane for lane, _ in due], Due(None)
    first = due[0][1]
    return [lane for lane, each in due if each.parent and first.parent and each.parent.id == first.parent.id], first


def _incrementals(newest: Base, usable: Sequence[Base]) -> int:
    """How many incremental bases are between the newest and its full one."""
    known = {base.id: base for base in usable}
    count, at = 0, newest
    while at.kind == "incremental":
        count += 1
        if at.parent is None or at.parent not in known:
            # Its chain is not whole, so the next one must not go on with it.
            return 1 << 30
        at = known[at.parent]
    return count


class BaseMaker:
    """Makes the bases. `doing` says what is under way; `in_progress` is the id of the base that is being made."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        place: Place,
        primary: Primary,
        cutter: Cutter,
        clock: Clock,
        alarms: Alarms,
    ) -> None:
        self.doing: list[str] = []
        self.in_progress: str | None = None
        self._settings = settings
        self._identity = identity
        self._recipients = Recipients(identity.site.recipients)
        self._place = place
        self._primary = primary
        self._cutter = cutter
        self._clock = clock
        self._alarms = alarms
        self._full_next = False

    def find_pass(self, lanes: Sequence[Lane]) -> tuple[list[Lane], Due] | None:
        """Who needs a base now, and which; nobody before there is log to begin with."""
        if self._cutter.newest is None:
            return None
        hours, every = self._settings.continuity_base_hours, self._settings.continuity_full_every
        now = self._clock.now()
        ready = [lane for lane in lanes if lane.is_reachable and not lane.rests]
        found = [(lane, find_due(lane.usable_bases, now, hours, every)) for lane in ready]
        due = [(lane, each if self._can_build_on(each) else Due(None)) for lane, each in found if each is not None]
        return choose_pass(due) if due else None

    async def make(self, lanes: list[Lane], due: Due) -> Base:
        """Make a base and bring it to these lanes; it is noted in the records of those that got it.

        Raises BaseFailed, PostgresRefused, DatabaseAway, OSError.
        """
        started_at = self._clock.now()
        base_id = self.in_progress = names.base_id(self._identity.epoch.number, started_at)
        try:
            wal_from = await self._begin(lanes)
            parts = _Parts(self._identity, base_id, lanes, self._recipients, self._report(due, lanes))
            made = await self._stream(due, parts)
            await self._has_log(wal_from)
            base = await self._describe(due, parts, made, base_id, started_at, wal_from)
            await self._finish(base, made, parts.lanes)
        finally:
            self.in_progress = None
            self.doing = []
        self._full_next = False
        return base

    async def _begin(self, lanes: Sequence[Lane]) -> int:
        """The piece with which the segment begins that a base which is made now needs first.

        Targets that were cut off are kept all pieces for from now on, for which a new segment is begun.
        """
        newest = self._cutter.newest
        if newest is None:
            raise BaseFailed("nothing was received from the database yet")
        for lane in lanes:
            if lane.record.cut_off:
                lane.keep(cut_off=False, sequence=newest.sequence, end=newest.end, since=newest.sequence + 1)
                lane.wake.set()
        position = await self._primary.ask(queries.find_position)
        first = self._cutter.find_first(position.written // SEGMENT * SEGMENT)
        if first is not None and all(first >= lane.record.since for lane in lanes):
            return first
        return await self._begin_segment()

    async def _begin_segment(self) -> int:
        # Where the segment is new already the position is its beginning.
        switched = await self._primary.ask(queries.switch_segment)
        boundary = -(-switched // SEGMENT) * SEGMENT
        deadline = time.monotonic() + _LOG_PATIENCE
        while (newest := self._cutter.newest) is None or newest.end < boundary:
            if time.monotonic() > deadline:
                raise BaseFailed("the log is not received any more")
            await asyncio.sleep(0.05)
        first = newest.sequence + 1 if newest.end == boundary else self._cutter.find_first(boundary)
        if first is None:
            raise BaseFailed("the log moved on too fast")
        return first

    async def _stream(self, due: Due, parts: _Parts) -> Made:
        parent = None if due.parent is None else self._manifest_file(due.parent.id)
        try:
            async with parts:
                return await stream_base(self._settings, parent, parts.add)
        except BaseFailed:
            # The parent may be what is wrong, or the summaries that PostgreSQL keeps for some days only.
            self._full_next = parent is not None
            raise

    async def _has_log(self, wal_from: int) -> None:
        """A gap in the log behind its beginning makes a base worthless. Raises BaseFailed."""
        gap = self._cutter.last_gap
        if gap is not None and gap > wal_from:
            raise BaseFailed("the log has a gap, so the base has to be made again")

    async def _describe(
        self, due: Due, parts: _Parts, made: Made, base_id: str, started_at: datetime, wal_from: int
    ) -> Base:
        cluster = await self._primary.ask(queries.find_cluster)
        return Base(
            id=base_id,
            kind=due.kind,
            parent=None if due.parent is None else due.parent.id,
            start=made.start,
            end=made.end,
            timeline=made.timeline,
            wal_from=wal_from,
            started_at=started_at,
            ended_at=self._clock.now(),
            parts=parts.described,
            raw_size=made.size,
            postgres=cluster.version,
            system=cluster.system,
            rostra=__version__,
            migrations=await self._primary.list_migrations(),
            machine=platform.machine(),
        )

    async def _finish(self, base: Base, made: Made, lanes: Sequence[Lane]) -> None:
        """The manifest makes it a base, at each target by itself."""
        write_whole(self._manifest_file(base.id), made.manifest)
        name = names.base_manifest(base.id)
        raw, _ = seal(
            self._identity.signing_key,
            await asyncio.to_thread(zstandard.compress, made.manifest, _LEVEL),
            site=self._identity.site.id,
            name=name,
            epoch=self._identity.epoch.number,
            made_at=base.ended_at,
            about=base,
        )
        light = msgspec.structs.replace(base, parts=[])

        async def finish(lane: Lane) -> bool:
            key = f"{self._identity.site.id}/{name}"
            try:
                await lane.insist("base", lambda: lane.target.put(key, raw), _TRIES, len(raw))
            except StoreUnavailable:
                lane.rest()
                return False
            lane.got_base(light)
            return True

        if not any(await asyncio.gather(*(finish(lane) for lane in lanes))):
            raise BaseFailed("no target took the base")

    def _report(self, due: Due, lanes: Sequence[Lane]) -> _Report:
        labels = ", ".join(lane.label for lane in lanes)

        def report(done: int) -> None:
            self.doing = [f"{due.kind} base copy to {labels}: {done >> 20} MiB"]

        report(0)
        return report

    def _can_build_on(self, due: Due) -> bool:
        return not self._full_next and due.parent is not None and self._manifest_file(due.parent.id).exists()

    def _manifest_file(self, base_id: str) -> Path:
        return self._place.backup_manifests / base_id

    def forget_manifests(self, lanes: Sequence[Lane]) -> None:
        """Remove those on which no base will build."""
        wanted = {max(lane.usable_bases, key=lambda b: b.started_at).id for lane in lanes if lane.usable_bases}
        for file in self._place.backup_manifests.iterdir():
            # That of a base which is on its way still is here already: the next one builds on it.
            if file.name not in wanted and file.name != self.in_progress:
                file.unlink()


class _Parts:
    """The parts of a base on their way to some lanes. A lane that takes one no more is left behind."""

    def __init__(
        self, identity: Identity, base_id: str, lanes: Sequence[Lane], recipients: Recipients, report: _Report
    ) -> None:
        self.lanes = list(lanes)
        self.described: list[Part] = []
        self._folder = f"{identity.site.id}/"
        self._base_id = base_id
        self._recipients = recipients
        self._report = report
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._done = 0

    async def __aenter__(self) -> _Parts:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until all parts have arrived, or give them up."""
        if kind is not None:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if kind is None and not self.lanes:
            raise BaseFailed("no target took the base")

    async def add(self, run: bytes) -> None:
        """Hide a run of the tar and send it on its way. Raises BaseFailed where nobody takes it."""
        if not self.lanes:
            raise BaseFailed("no target took the base")
        await self._slots.acquire()
        raw = await asyncio.to_thread(lambda: self._recipients.encrypt(zstandard.compress(run, _LEVEL)))
        name = names.base_part(self._base_id, len(self.described))
        self.described.append(Part(name=name, size=len(raw), sha256=hashlib.sha256(raw).hexdigest()))
        task = asyncio.create_task(self._send(name, raw, len(run)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, name: str, raw: bytes, size: int) -> None:
        try:
            await asyncio.gather(*(self._send_to(lane, self._folder + name, raw) for lane in list(self.lanes)))
            self._done += size
            self._report(self._done)
        finally:
            self._slots.release()

    async def _send_to(self, lane: Lane, key: str, raw: bytes) -> None:
        await lane.bandwidth.take(len(raw))
        try:
            await lane.insist("base", lambda: lane.target.put(key, raw), _TRIES, len(raw))
        except StoreUnavailable:
            if lane in self.lanes:
                self.lanes.remove(lane)
                lane.rest()
