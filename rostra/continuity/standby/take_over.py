"""Making a replica the server: fence the old one, let the database take writes, become the next epoch.

Every step may be repeated: a promotion that was broken off goes on where it was. The database runs as a replica when
this begins and goes on running, as the server's, when it has ended.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

import asyncpg
import msgspec

from rostra.continuity.place import Identity, Place
from rostra.continuity.records import format_lsn
from rostra.continuity.standby.fence import (
    Overtaken,
    Reached,
    forget_next,
    open_epoch,
    reach_targets,
    take_next_identity,
    tell_primary,
)
from rostra.continuity.standby.queries import promote, read_replica
from rostra.continuity.standby.records import (
    INCOMING,
    PULLED,
    STANDBY,
    STATUS,
    Standby,
    StandbyStatus,
    TakeOverWhy,
    find_standby_status,
    identity_of_primary,
    next_identity,
)
from rostra.continuity.standby.release import CLEAN, Released
from rostra.continuity.standby.source import SourceAway, SourceRefused, open_source
from rostra.continuity.targets import TargetUnusable, label_of
from rostra.kit.clock import Clock
from rostra.kit.settings import Settings

# Seconds that the replay of what the old server wrote last may take.
_REPLAY: Final = 30.0
_PROMOTE: Final = 60
# Seconds for the old server's first answer, if it was there a moment ago, and if not.
_NEAR: Final = 12.0
_GONE: Final = 3.0
_RECENT: Final = timedelta(seconds=6)


class NotTakenOver(Exception):
    """The standby stays one; the text says why, and what to do."""


class HalfWay(Exception):
    """The old server has ended and this one did not take over; the text says exactly what to do."""


class TakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. `epoch` is 0 for a server without targets; `fences` are those that hold, in words; `problems`
    is what did not work and need not have; `has` says what this server holds."""

    epoch: int
    fences: list[str]
    problems: list[str]
    has: str


class _Plan(msgspec.Struct, frozen=True):
    """What a take-over works with."""

    settings: Settings
    standby: Standby
    place: Place
    known: Identity | None
    clock: Clock
    tell: Callable[[str], None]


async def take_over(
    settings: Settings,
    standby: Standby,
    admin_dsn: str,
    why: TakeOverWhy,
    clock: Clock,
    tell: Callable[[str], None],
    *,
    force: bool = False,
) -> TakenOver:
    """Fence and promote the replica that runs at `admin_dsn`. `force`: also where no fence holds.

    With `why` "move" the old server has to end in order, and everything that it wrote has to be here. Raises
    NotTakenOver while nothing has changed, HalfWay afterwards.
    """
    place = Place(settings.data_dir)
    plan = _Plan(settings, standby, place, identity_of_primary(place).find_identity(), clock, tell)
    connection = await asyncpg.connect(admin_dsn, timeout=30)
    try:
        async with AsyncExitStack() as stack:
            return await _take_over(plan, connection, stack, why, force=force)
    except Overtaken as error:
        raise NotTakenOver(str(error)) from None
    finally:
        await connection.close()


async def _take_over(
    plan: _Plan, connection: asyncpg.Connection, stack: AsyncExitStack, why: TakeOverWhy, *, force: bool
) -> TakenOver:
    status = find_standby_status(plan.place)
    reached = await _reach(plan, stack, why)
    released, problem = await _end_primary(plan, connection, why)
    problems = [*reached.problems, *([problem] if problem else [])]
    replica = await read_replica(connection)
    old = label_of(plan.standby.source)
    fences = [f"the old server has ended and will not start again ({old})"] if released else []
    identity = None
    if plan.known is not None and (reached.targets or released or force):
        now = plan.clock.now()
        identity = await take_next_identity(plan.place, plan.known, reached, replica.lsn, why, now)
        opened, failed = await open_epoch(reached, identity)
        fences += [f"epoch {identity.epoch.number} is open at {label}" for label in opened]
        problems += failed
    if not fences and not force:
        raise NotTakenOver(_unfenced(plan, problems))
    if replica.follows and not await promote(connection, _PROMOTE):
        raise HalfWay(f"PostgreSQL was not promoted within {_PROMOTE} s; look at its log and run this again")
    _become(plan.place, identity)
    return TakenOver(
        epoch=identity.epoch.number if identity else 0,
        fences=fences,
        problems=problems,
        has=_what_it_has(status, released, replica.lsn),
    )


async def _reach(plan: _Plan, stack: AsyncExitStack, why: TakeOverWhy) -> Reached:
    if plan.known is None:
        return Reached([], ["the old server had no targets, so none knows of epochs"])
    if not plan.settings.continuity_targets:
        reached = Reached([], ["continuity_targets is empty here, so no target could be told"])
    else:
        kept = next_identity(plan.place).find_identity()
        reached = await reach_targets(stack, plan.settings.continuity_targets, plan.known, kept and kept.epoch)
    if why == "move" and reached.problems:
        raise NotTakenOver(
            f"the old server still serves, for not every target could be told: {'; '.join(reached.problems)}"
        )
    return reached


async def _end_primary(
    plan: _Plan, connection: asyncpg.Connection, why: TakeOverWhy
) -> tuple[Released | None, str | None]:
    """End the old server where it can be reached, and have the last of what it wrote; else why not."""
    number = plan.known.epoch.number + 1 if plan.known else 0
    try:
        async with open_source(plan.standby.source) as source:
            plan.tell(f"telling the old server to end: {source.label}")
            released = await tell_primary(source, socket.gethostname(), number, why, _patience(plan))
    except (SourceAway, SourceRefused, TargetUnusable) as error:
        if why == "move":
            raise NotTakenOver(f"the old server was not told to end, and still serves: {error}") from None
        return None, str(error)
    await _receive_the_last(plan, connection, released, why)
    return released, None


def _patience(plan: _Plan) -> float:
    """Who answered a moment ago gets the time to answer; whoever is gone costs no more than must be."""
    status = find_standby_status(plan.place)
    contact = status.contact_at if status is not None else None
    return _NEAR if contact is not None and plan.clock.now() - contact < _RECENT else _GONE


async def _receive_the_last(plan: _Plan, connection: asyncpg.Connection, released: Released, why: TakeOverWhy) -> None:
    """Wait until the replica has replayed the checkpoint with which the old server ended."""
    deadline = asyncio.get_running_loop().time() + _REPLAY
    while True:
        replica = await read_replica(connection)
        if not replica.follows or replica.lsn > released.checkpoint:
            missing = None
            break
        # Nothing more comes from a server that has ended, once what has arrived is replayed.
        stalled = not replica.streaming and replica.lsn >= replica.received
        if stalled or asyncio.get_running_loop().time() > deadline:
            missing = f"the old server ended at {format_lsn(released.checkpoint)}, this has {format_lsn(replica.lsn)}"
            break
        await asyncio.sleep(0.02)
    if released.system != replica.system:
        missing = "the old server's database is another one than this standby was made from"
    if released.state != CLEAN:
        missing = missing or f"the old server did not end in order ({released.state})"
    if missing is None:
        return
    if why == "move":
        raise HalfWay(
            f"{missing}. Nothing is lost, and nobody serves now. To have the old server back, run there: "
            f"rostra continuity release --undo --data DIR, and start it; then try the move again. To go on without "
            f"what is missing, run here: rostra continuity promote --data {plan.settings.data_dir} --up"
        )
    plan.tell(missing)


def _unfenced(plan: _Plan, problems: list[str]) -> str:
    return (
        "the old server cannot be kept from writing: "
        f"{'; '.join(problems)}. If it lives on unseen, two servers under one name would take posts, and they could "
        "never be put together again (split brain). Make a target or the old machine reachable and try again. If you "
        "are sure that the old server is off and stays off (pull its plug, cancel its machine), add --force: "
        f"rostra continuity promote --data {plan.settings.data_dir} --force"
    )


def _what_it_has(status: StandbyStatus | None, released: Released | None, lsn: int) -> str:
    if released is not None and lsn > released.checkpoint:
        return "it has everything: the old server has ended and nothing that it wrote is missing"
    if status is None or status.contact_at is None:
        return f"it has everything up to {format_lsn(lsn)}; when the old server last answered is not known"
    at = f"{status.contact_at:%Y-%m-%d %H:%M:%S} UTC"
    if status.synchronous:
        return f"it has every post that was acknowledged while posts waited for this standby, as they did at {at}"
    missing = max(0, status.primary_lsn - lsn)
    return (
        f"it has everything that the old server had written at {at}, when it last answered"
        + (f", but the last {missing:,} bytes" if missing else "")
        + "; posts that it took after that are not here"
    )


def _become(place: Place, identity: Identity | None) -> None:
    """Be the server: with this the directory is a standby's no more."""
    if identity is not None:
        place.keep_identity(identity)
    for name in (STATUS, PULLED, STANDBY):
        (place.path / name).unlink(missing_ok=True)
    shutil.rmtree(place.path / INCOMING, ignore_errors=True)
    forget_next(place)
    shutil.rmtree(identity_of_primary(place).path.parent, ignore_errors=True)
