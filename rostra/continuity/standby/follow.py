"""The process beside a replica's database: keeps the tunnel, takes the base, pulls files, says how far behind it is.

It may be killed at any time and be started again. Where a new base has arrived it ends with `BaseArrived`, so that
whoever runs the database puts it in place. Nothing here writes to either database but the replication slot.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import AsyncExitStack, suppress
from typing import Final

import asyncpg
import structlog

from rostra.continuity.place import Place
from rostra.continuity.records import segment_name
from rostra.continuity.standby.clone import is_ready, take_base
from rostra.continuity.standby.files import pull_files
from rostra.continuity.standby.media import MediaFollower
from rostra.continuity.standby.queries import (
    PrimaryState,
    ReplicaState,
    count_media_after,
    ensure_slot,
    find_oldest_segment,
    read_primary,
    read_replica,
    renew_slot,
)
from rostra.continuity.standby.records import STATUS, Standby, StandbyStatus, identity_of_primary
from rostra.continuity.standby.source import Source, SourceAway, open_source
from rostra.continuity.standby.sync import names_in
from rostra.continuity.standby.tunnel import Tunnel, open_tunnel
from rostra.kit.clock import Clock
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.postgres import PostgresRefused, dsn_of
from rostra.kit.postgres_home import Home
from rostra.kit.postgres_setup import ADMIN, ROLE
from rostra.kit.settings import Settings

log = structlog.get_logger(__name__)

_PAUSE: Final = 1.0
_FILES_PAUSE: Final = 20.0
_ANSWER: Final = 5
# Seconds after which a problem is one.
_LASTING: Final = 3.0
# Seconds after which a base that failed is tried again.
_BASE_PAUSE: Final = 5.0


class BaseArrived(Exception):
    """A checked base waits to be put in place."""


async def follow(settings: Settings, standby: Standby, home: Home, clock: Clock) -> None:
    """Follow the primary until cancelled. Raises BaseArrived, TargetUnusable for its address."""
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(open_source(standby.source))
        tunnel = await stack.enter_async_context(open_tunnel(source, home))
        # Where media is in a bucket, it is in no data directory, and outlives it.
        media = None if settings.storage_url else MediaFollower(source, tunnel, settings.data_dir)
        watch = _Watch(settings, standby, home, clock, source, tunnel, media)
        tasks = [
            asyncio.create_task(each) for each in (watch.run(), watch.keep_files(), *([media.run()] if media else []))
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await watch.close()


class _Watch:
    """Looks at both databases once a second, and acts on what it sees."""

    def __init__(
        self,
        settings: Settings,
        standby: Standby,
        home: Home,
        clock: Clock,
        source: Source,
        tunnel: Tunnel,
        media: MediaFollower | None,
    ) -> None:
        self._settings = settings
        self._standby = standby
        self._home = home
        self._clock = clock
        self._source = source
        self._tunnel = tunnel
        self._media = media
        self._place = Place(settings.data_dir)
        self._connections: dict[str, asyncpg.Connection] = {}
        self._written: deque[tuple[float, int]] = deque(maxlen=4096)
        self._base: asyncio.Task[None] | None = None
        self._base_at = 0.0
        self._doing: str | None = None
        self._problems: dict[str, str] = {}
        self._told: str | None = None
        self._wrong_since: float | None = None
        self._last: StandbyStatus | None = None
        self._media_behind: int | None = None

    async def run(self) -> None:
        """Look for ever. Raises BaseArrived."""
        while True:
            began = time.monotonic()
            primary = await self._ask_primary()
            replica = await self._ask_replica()
            await self._look_after_base(primary, replica)
            self._note(primary, replica)
            await asyncio.sleep(max(0.05, _PAUSE - (time.monotonic() - began)))

    async def keep_files(self) -> None:
        """Pull the small files for ever."""
        while True:
            try:
                if changed := await pull_files(self._source, self._settings.data_dir):
                    log.info("pulled", files=changed)
                self._problems.pop("files", None)
                self._check_fence()
            except (SourceAway, OSError) as error:
                self._problems["files"] = str(error)
            await asyncio.sleep(_FILES_PAUSE if "files" not in self._problems else _PAUSE)

    def _check_fence(self) -> None:
        """Said now, and not on the night when it matters."""
        has_targets = identity_of_primary(self._place).is_set_up
        if has_targets and not self._settings.continuity_targets and self._home.cluster.exists():
            self._problems["fence"] = (
                "continuity_targets is not set here, so a promotion cannot fence the primary there"
            )

    async def close(self) -> None:
        """End what is under way."""
        if self._base is not None:
            self._base.cancel()
            await asyncio.gather(self._base, return_exceptions=True)
        for connection in self._connections.values():
            connection.terminate()

    async def _ask_primary(self) -> PrimaryState | None:
        try:
            connection = await self._connection("primary", self._tunnel.dsn(ADMIN, "postgres"))
            state = await read_primary(connection, self._standby.name)
            if self._media is not None:
                rows = await self._connection("media", self._tunnel.dsn(ROLE, ROLE))
                self._media_behind = await count_media_after(rows, self._media.after)
        except DATABASE_ERRORS as error:
            self._drop("primary", "media")
            self._problems["primary"] = (
                self._tunnel.problem or f"the primary does not answer: {error or type(error).__name__}"
            )
            return None
        self._problems.pop("primary", None)
        return state

    async def _ask_replica(self) -> ReplicaState | None:
        if not self._home.cluster.exists():
            return None
        try:
            dsn = dsn_of(self._settings.data_dir, role=ADMIN, database="postgres")
            state = await read_replica(await self._connection("replica", dsn))
        except (*DATABASE_ERRORS, PostgresRefused) as error:
            self._drop("replica")
            self._problems["replica"] = f"the replica's own database: {error or type(error).__name__}"
            return None
        self._problems.pop("replica", None)
        return state

    async def _connection(self, name: str, dsn: str) -> asyncpg.Connection:
        found = self._connections.get(name)
        if found is None or found.is_closed():
            found = await asyncpg.connect(dsn, timeout=_ANSWER, command_timeout=_ANSWER)
            self._connections[name] = found
        return found

    def _drop(self, *names: str) -> None:
        for name in names:
            if (connection := self._connections.pop(name, None)) is not None:
                connection.terminate()

    async def _look_after_base(self, primary: PrimaryState | None, replica: ReplicaState | None) -> None:
        if is_ready(self._home):
            raise BaseArrived
        if self._base is not None:
            if self._base.done():
                self._end_base(self._base)
            return
        if primary is None or time.monotonic() < self._base_at:
            return
        if not self._home.cluster.exists():
            self._base = asyncio.create_task(self._take_base())
        elif replica is not None and replica.follows and await self._has_lost_touch(primary, replica):
            log.error("the primary's log has gone on without this standby; it starts over with a new base")
            self._base = asyncio.create_task(self._take_base())

    def _end_base(self, task: asyncio.Task[None]) -> None:
        self._base, self._doing, self._base_at = None, None, time.monotonic() + _BASE_PAUSE
        error = task.exception()
        if error is None:
            raise BaseArrived
        if not isinstance(error, (SourceAway, PostgresRefused, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            raise error
        self._problems["base"] = str(error)

    async def _take_base(self) -> None:
        connection = await asyncpg.connect(
            self._tunnel.dsn(ADMIN, "postgres"), timeout=_ANSWER, command_timeout=_ANSWER
        )
        try:
            await renew_slot(connection, self._standby.name)
        finally:
            await connection.close()
        self._doing = "base backup: begins"
        await take_base(self._home, self._settings.pg_bindir, self._standby.name, self._tell)
        self._problems.pop("base", None)

    def _tell(self, words: str) -> None:
        if words != self._doing:
            self._doing = words
            log.info(words)

    async def _has_lost_touch(self, primary: PrimaryState, replica: ReplicaState) -> bool:
        """Whether what comes next in the log is not to be had any more. A slot that is missing is made again."""
        if primary.system != replica.system:
            self._problems["touch"] = "the primary is another server than the one that this standby was made from"
            return False
        self._problems.pop("touch", None)
        if primary.lsn < replica.received and not replica.streaming:
            self._problems["touch"] = "this standby has more than the primary; it is not thrown away by itself"
        if replica.streaming or primary.slot not in (None, "lost"):
            return False
        connection = await self._connection("primary", self._tunnel.dsn(ADMIN, "postgres"))
        oldest = await find_oldest_segment(connection)
        # Names without the timeline, which the primary may have changed since.
        gone = oldest is not None and oldest[8:] > segment_name(replica.timeline, replica.received)[8:]
        if not gone and primary.slot is None:
            with suppress(asyncpg.PostgresError):
                await ensure_slot(connection, self._standby.name)
        return gone or primary.slot == "lost"

    def _note(self, primary: PrimaryState | None, replica: ReplicaState | None) -> None:
        now, last = time.monotonic(), self._last
        if primary is not None:
            self._written.append((now, primary.lsn))
        lsn = replica.lsn if replica is not None else last.lsn if last else 0
        written = primary.lsn if primary is not None else last.primary_lsn if last else 0
        contact = self._clock.now() if primary is not None else last.contact_at if last else None
        problem = "; ".join([*self._problems.values(), *filter(None, [self._media and self._media.problem])]) or None
        self._last = StandbyStatus(
            at=self._clock.now(),
            streaming=replica is not None and replica.streaming,
            lsn=lsn,
            received=replica.received if replica is not None else last.received if last else 0,
            primary_lsn=written,
            contact_at=contact,
            behind_bytes=max(0, written - lsn) if contact and lsn else None,
            behind_seconds=self._behind(lsn) if contact and lsn else None,
            synchronous=self._is_waited_for(primary, last),
            media_behind=self._media_behind,
            doing=self._doing,
            problem=problem,
        )
        self._place.write_json(STATUS, self._last)
        self._say(problem)

    def _say(self, problem: str | None) -> None:
        """Log what changed and lasts: a database that starts is no problem."""
        if problem is None:
            self._wrong_since = None
            if self._told is not None:
                log.info("the standby is well again")
                self._told = None
            return
        self._wrong_since = self._wrong_since or time.monotonic()
        if problem != self._told and time.monotonic() - self._wrong_since >= _LASTING:
            self._told = problem
            log.warning("problem of the standby", problem=problem)

    def _is_waited_for(self, primary: PrimaryState | None, last: StandbyStatus | None) -> bool:
        if primary is None:
            return last is not None and last.synchronous
        return self._standby.name in names_in(primary.waits_for)

    def _behind(self, lsn: int) -> float:
        """Seconds since the primary had written what is here, by our own clock."""
        now = time.monotonic()
        had = [at for at, written in self._written if written <= lsn]
        if self._written and self._written[-1][1] <= lsn:
            return now - self._written[-1][0] if now - self._written[-1][0] > 2 * _PAUSE else 0.0
        return now - max(had) if had else now - self._written[0][0] if self._written else 0.0
