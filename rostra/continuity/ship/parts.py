"""Shipping at work: its parts run as tasks and end together, and each begins anew after what goes wrong in it."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Final

from rostra.continuity.drill.collect import collect_drills
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import ShipStatus
from rostra.continuity.sealed import Broken
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.basestream import BaseFailed
from rostra.continuity.ship.capsule import follow_capsule, ship_capsule
from rostra.continuity.ship.census import needs_census, ship_census
from rostra.continuity.ship.deliver import clear, deliver, is_in_vain
from rostra.continuity.ship.fence import OtherServer, watch
from rostra.continuity.ship.lane import Lane, said_by
from rostra.continuity.ship.media import Files, MediaLane
from rostra.continuity.ship.opening import Log
from rostra.continuity.ship.primary import DatabaseAway
from rostra.continuity.ship.receiver import receive
from rostra.continuity.ship.retention import sweep
from rostra.continuity.standby.sync import SyncState, admin_dsn_of, keep_sync
from rostra.continuity.targets import StoreUnavailable
from rostra.kit.clock import Clock
from rostra.kit.postgres_home import PostgresRefused
from rostra.kit.settings import Settings

STATUS_EVERY: Final = 1.0
_CLEAR_EVERY: Final = 5.0
_DRILLS_EVERY: Final = 600.0
_AGAIN_AFTER_BUG: Final = 10.0
_LAST_WORDS: Final = 3.0
_SWEEP_EVERY: Final = 24 * 3600.0
_TOGETHER: Final = 5.0
_LONGEST_MEDIA_PAUSE: Final = 5.0


Part = Coroutine[Any, Any, None]


class ShipFailed(Exception):
    """Not everything has reached the targets; the text says what is in the way."""


class Shipping:
    """All parts, from start to end."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        place: Place,
        lanes: list[Lane],
        files: Files,
        log: Log | None,
        clock: Clock,
        alarms: Alarms,
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._place = place
        self._lanes = lanes
        self._files = files
        self._log = log
        self._clock = clock
        self._alarms = alarms
        self._next_census = 0.0
        self._swept_at: dict[str, float] = {}
        self._swept_base: dict[str, str | None] = {}
        # Until the keeper has looked nobody knows that anybody has what is acknowledged.
        self._is_alone = settings.continuity_sync != "off"

    async def run(self, stop: asyncio.Event, *, once: bool, patience: float) -> ShipStatus:
        asked_at = self._clock.now()
        ending = asyncio.ensure_future(self._until_safe(asked_at, patience) if once else stop.wait())
        stopping = asyncio.ensure_future(stop.wait())
        parts = [asyncio.ensure_future(part) for part in self._parts()]
        try:
            done, _ = await asyncio.wait([ending, stopping, *parts], return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
            await self._last_words()
        finally:
            for each in (ending, stopping, *parts):
                each.cancel()
            await asyncio.gather(ending, stopping, *parts, return_exceptions=True)
            if self._log is not None:
                clear(self._lanes, self._log.spool)
            status = self._write_status()
        return status

    def _parts(self) -> list[Part]:
        """Each runs for ever, and none takes another with it."""
        files, identity, alarms = self._files, self._identity, self._alarms
        parts: list[Part] = [
            self._guard("status", self._tell),
            self._guard("register", lambda: files.reconcile(self._place, alarms)),
            self._guard("capsule", lambda: follow_capsule(self._lanes, self._settings, identity, self._clock, alarms)),
            self._guard("bases", self._follow_bases),
            self._guard("drills", self._follow_drills),
        ]
        for lane in self._lanes:
            parts += self._parts_of(lane)
        if (log := self._log) is not None:
            parts += [
                self._guard("receiver", lambda: receive(self._settings, self._place, log.primary, alarms)),
                self._guard("cut", self._cut),
                self._guard("clear", self._clear),
            ]
            if self._settings.continuity_sync != "off":
                parts.append(self._guard("sync", self._keep_sync))
        return parts

    def _parts_of(self, lane: Lane) -> list[Part]:
        others = [each for each in self._lanes if each is not lane]
        media = MediaLane(lane, self._identity, self._files, self._alarms, self._settings.continuity_keep_days)
        pause = min(_LONGEST_MEDIA_PAUSE, self._settings.continuity_interval)
        parts: list[Part] = [
            self._guard("documents", lambda: watch(lane, self._identity, others, self._alarms), lane),
            self._guard("media", lambda: media.run(pause), lane),
            self._guard("retention", lambda: self._follow_retention(lane), lane),
        ]
        if (log := self._log) is not None:
            parts.append(self._guard("log", lambda: deliver(lane, self._identity, log.spool), lane))
        return parts

    async def _guard(self, work: str, part: Callable[[], Awaitable[None]], lane: Lane | None = None) -> None:
        """Run a part; where it fails in a way that nobody thought of, say so and run it again."""
        while True:
            try:
                await part()
                return await _for_ever()
            except OtherServer:
                raise
            except Exception as error:
                text = f"{work}: {type(error).__name__}: {said_by(error)}"
                self._alarms.say("".join(traceback.format_exception(error)))
                if lane is not None:
                    lane.trouble(work, text)
                else:
                    self._alarms.start(f"bug in {work}", text)
            await asyncio.sleep(_AGAIN_AFTER_BUG)
            if lane is not None:
                lane.well(work)
            self._alarms.end(f"bug in {work}")

    async def _cut(self) -> None:
        assert self._log is not None
        while True:
            started = time.monotonic()
            await self._log.cutter.cut(is_in_vain=is_in_vain(self._lanes, self._log.spool))
            await asyncio.sleep(max(0.02, self._settings.continuity_interval - (time.monotonic() - started)))

    async def _keep_sync(self) -> None:
        await keep_sync(admin_dsn_of(self._settings.data_dir), self._settings.continuity_sync, self._hear_of_sync)

    def _hear_of_sync(self, state: SyncState) -> None:
        self._is_alone = bool(state.alarms)
        if state.alarms:
            self._alarms.start("sync", "; ".join(state.alarms))
        else:
            self._alarms.end("sync")

    async def _clear(self) -> None:
        assert self._log is not None
        while True:
            await asyncio.sleep(_CLEAR_EVERY)
            clear(self._lanes, self._log.spool)
            self._log.bases.forget_manifests(self._lanes)

    async def _follow_bases(self) -> None:
        """Make what is due; with it comes a capsule, and behind a full one a census."""
        if self._log is None:
            return
        bases = self._log.bases
        # A little, so that one pass serves all targets.
        deadline = time.monotonic() + _TOGETHER
        while not all(lane.is_registered for lane in self._lanes) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while True:
            chosen = bases.find_pass(self._lanes)
            if chosen is not None:
                lanes, due = chosen
                try:
                    base = await bases.make(lanes, due)
                except (BaseFailed, PostgresRefused, DatabaseAway, OSError) as error:
                    self._alarms.start("base", f"no base copy could be made: {said_by(error)}")
                    for lane in lanes:
                        lane.rest()
                else:
                    self._alarms.end("base")
                    self._alarms.say(f"made the {base.kind} base copy {base.id} ({base.raw_size >> 20} MiB)")
                    await ship_capsule(lanes, self._settings, self._identity, self._clock, self._alarms, again=True)
            await self._count_tables()
            await asyncio.sleep(0.2)

    async def _count_tables(self) -> None:
        now = self._clock.now()
        lanes = [lane for lane in self._lanes if lane.is_reachable and needs_census(lane, now)]
        if lanes and time.monotonic() >= self._next_census:
            is_done = await ship_census(lanes, self._settings, self._identity, self._alarms)
            self._next_census = time.monotonic() + (0 if is_done else 600)

    async def _follow_drills(self) -> None:
        """What drills have found out elsewhere, for the admin page and the metrics."""
        while True:
            await collect_drills([lane.target for lane in self._lanes], self._identity.site, self._place)
            await asyncio.sleep(_DRILLS_EVERY)

    async def _follow_retention(self, lane: Lane) -> None:
        """After every base that can be used, and once a day."""
        while True:
            newest = max(lane.usable_bases, key=lambda base: base.started_at, default=None)
            newest_id = None if newest is None or newest.end > lane.record.end else newest.id
            due = time.monotonic() - self._swept_at.get(lane.label, 0.0) > _SWEEP_EVERY
            if lane.is_reachable and newest_id and (due or self._swept_base.get(lane.label) != newest_id):
                await self._sweep(lane)
                self._swept_at[lane.label] = time.monotonic()
                self._swept_base[lane.label] = newest_id
            await asyncio.sleep(STATUS_EVERY)

    async def _sweep(self, lane: Lane) -> None:
        settings = self._settings
        log = self._log
        try:
            await sweep(
                lane, self._identity, self._clock.now(), settings.continuity_keep_days, settings.continuity_keep_bases,
                lambda: log.bases.in_progress if log else None, self._alarms.say,
            )  # fmt: skip
            lane.well("retention")
        except (StoreUnavailable, Broken) as error:
            lane.trouble("retention", said_by(error))

    async def _tell(self) -> None:
        while True:
            self._write_status()
            await asyncio.sleep(STATUS_EVERY)

    def _write_status(self) -> ShipStatus:
        status = self.status()
        try:
            self._place.write_status(status)
        except OSError as error:
            self._alarms.start("status", f"{error.filename}: {error.strerror}")
        else:
            self._alarms.end("status")
        return status

    def status(self) -> ShipStatus:
        """How it is now."""
        log = self._log
        newest = None if log is None else log.cutter.newest
        return ShipStatus(
            at=self._clock.now(),
            site=self._identity.site.id,
            epoch=self._identity.epoch.number,
            lsn=0 if log is None else log.cutter.received,
            spool_bytes=0 if log is None else log.spool.size,
            wal_bytes=0 if log is None else log.cutter.wal_bytes(),
            targets=[lane.status(newest.sequence if newest else 0) for lane in self._lanes],
            doing=[] if log is None else log.bases.doing,
            sync=self._settings.continuity_sync,
            sync_alarm=self._is_alone,
            alarms=self._alarms.texts,
            external_database=self._settings.database_url is not None,
        )

    async def _until_safe(self, asked_at: datetime, patience: float) -> None:
        """Return when all targets have everything until `asked_at`. Raises ShipFailed where one has not for long."""
        waiting_since = time.monotonic()
        while not all(self._has_all(lane, asked_at) for lane in self._lanes):
            status = self.status()
            problems = [f"{each.label}: {each.problem}" for each in status.targets if each.problem] + status.alarms
            if not problems or status.doing:
                waiting_since = time.monotonic()
            if time.monotonic() - waiting_since > patience:
                raise ShipFailed("; ".join(problems))
            await asyncio.sleep(0.05)
        # It is looked for changes of settings and secrets twice a minute only.
        await ship_capsule(self._lanes, self._settings, self._identity, self._clock, self._alarms)

    def _has_all(self, lane: Lane, asked_at: datetime) -> bool:
        if not lane.record.capsule or lane.media_until is None or lane.media_until < asked_at:
            return False
        if self._log is None:
            return True
        safe = lane.safe_until
        full = max((base.ended_at for base in lane.usable_bases if base.kind == "full"), default=None)
        counted = lane.record.census_at
        return safe is not None and safe >= asked_at and full is not None and counted is not None and counted >= full

    async def _last_words(self) -> None:
        """What was acknowledged until the end still goes out, within a few seconds."""
        if self._log is None:
            return
        await self._log.cutter.cut()
        newest = self._log.cutter.newest
        deadline = time.monotonic() + _LAST_WORDS
        while newest is not None and time.monotonic() < deadline:
            if all(lane.record.sequence >= newest.sequence for lane in self._lanes if lane.is_reachable):
                return
            await asyncio.sleep(0.02)


async def _for_ever() -> None:
    await asyncio.Event().wait()
