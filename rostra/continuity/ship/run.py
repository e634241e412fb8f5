"""Shipping as a whole: takes the lock, opens what it needs, and hands it to the parts (`parts.py`).

What goes wrong with one target stays in its lane, and nothing of it reaches the server: this is a process of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from rostra.continuity.place import Identity, Place
from rostra.continuity.records import ShipStatus
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.fence import OtherServer
from rostra.continuity.ship.lane import open_lane
from rostra.continuity.ship.media import Files
from rostra.continuity.ship.opening import open_log, open_when_there
from rostra.continuity.ship.parts import STATUS_EVERY, ShipFailed, Shipping
from rostra.continuity.ship.primary import Primary
from rostra.continuity.targets import open_target
from rostra.kit.clock import Clock
from rostra.kit.lock import DirectoryLock
from rostra.kit.objectstore import open_store
from rostra.kit.settings import Settings

LOCK_PURPOSE: Final = "shipping"

_EXTERNAL: Final = (
    "the database is an external one, which its operator has to copy: files, settings and secrets are copied, "
    "and no post is"
)


class ShipRefused(Exception):
    """Nothing can be shipped as things are; the text says why and what to do."""


class AlreadyShipping(ShipRefused):
    """Another process does so."""


async def ship(
    settings: Settings,
    dsn: str,
    stop: asyncio.Event,
    *,
    say: Callable[[str], None],
    warn: Callable[[str], None] | None = None,
    once: bool = False,
    patience: float = 60.0,
    clock: Clock | None = None,
) -> ShipStatus:
    """Ship until `stop` is set, or, with `once`, until everything up to now is at all targets; the last status.

    `dsn` is the application's database, whose server must be the embedded one of the data directory unless the settings
    name an external one, which is then left to its operator. `say` and `warn` are as in `Alarms`; `patience` are the
    seconds that a target may have a problem while `once` waits for it. Raises ShipRefused, ShipFailed, and OtherServer
    when another server has taken over.
    """
    place = Place(settings.data_dir)
    identity = place.find_identity()
    if identity is None:
        raise ShipRefused("copies are not set up: run `rostra continuity init`")
    if not settings.continuity_targets:
        raise ShipRefused("continuity_targets: says where copies go, and is empty")
    place.ensure()
    lock = DirectoryLock(place.path)
    if not lock.acquire(LOCK_PURPOSE):
        holder = lock.find_holder()
        raise AlreadyShipping(f"process {holder.pid if holder else '?'} ships already")
    try:
        async with AsyncExitStack() as stack:
            used_clock, alarms = clock or Clock(), Alarms(say, warn)
            opening = stack.enter_async_context(_open(settings, identity, place, dsn, used_clock, alarms))
            telling = asyncio.ensure_future(_tell_of_start(place, identity, used_clock, alarms))
            try:
                shipping = await _unless_stopped(opening, stop, patience if once else None)
            finally:
                telling.cancel()
            return await shipping.run(stop, once=once, patience=patience)
    except OtherServer as error:
        place.mark_replaced(error.replaced)
        raise
    finally:
        lock.release()


async def ship_once(settings: Settings, dsn: str, *, say: Callable[[str], None] = lambda _: None) -> ShipStatus:
    """Everything up to now to all targets. Raises as `ship`."""
    return await ship(settings, dsn, asyncio.Event(), say=say, once=True)


@asynccontextmanager
async def _open(
    settings: Settings, identity: Identity, place: Place, dsn: str, clock: Clock, alarms: Alarms
) -> AsyncGenerator[Shipping]:
    async with AsyncExitStack() as stack:
        targets = [await stack.enter_async_context(open_target(each)) for each in settings.continuity_targets]
        db = await stack.enter_async_context(open_when_there(dsn, alarms))
        number, megabytes = identity.epoch.number, settings.continuity_bandwidth
        lanes = [open_lane(target, place, number, clock, megabytes) for target in targets]
        files = Files(db, open_store(settings.storage_url or settings.data_dir / "media"), clock)
        log = None
        if settings.database_url is None:
            primary = Primary(settings.data_dir)
            stack.push_async_callback(primary.close)
            log = await open_log(settings, identity, place, primary, lanes, clock, alarms)
        else:
            alarms.say(_EXTERNAL)
        yield Shipping(settings, identity, place, lanes, files, log, clock, alarms)


async def _tell_of_start(place: Place, identity: Identity, clock: Clock, alarms: Alarms) -> None:
    """What keeps shipping from beginning, for those who read its status."""
    while True:
        await asyncio.sleep(STATUS_EVERY)
        before = place.find_status()
        place.write_status(
            ShipStatus(
                at=clock.now(),
                site=identity.site.id,
                epoch=identity.epoch.number,
                lsn=0 if before is None else before.lsn,
                spool_bytes=0 if before is None else before.spool_bytes,
                wal_bytes=0 if before is None else before.wal_bytes,
                targets=[] if before is None else before.targets,
                alarms=alarms.texts,
                external_database=before is not None and before.external_database,
            )
        )


async def _unless_stopped(opening: Awaitable[Shipping], stop: asyncio.Event, patience: float | None) -> Shipping:
    """What was opened, unless that takes too long. Raises ShipFailed."""
    task, stopping = asyncio.ensure_future(opening), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([task, stopping], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ShipFailed("it could not begin" if not stop.is_set() else "ended before it had begun")
        return task.result()
    finally:
        for each in (task, stopping):
            if not each.done():
                each.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)
