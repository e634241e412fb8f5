"""Delivery: each lane takes the pieces of the spool to its target, in their order, and keeps account."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from rostra.continuity import names
from rostra.continuity.place import Identity
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.cut import Cutter
from rostra.continuity.ship.lane import LOG, Lane, said_by
from rostra.continuity.ship.pace import pause_after
from rostra.continuity.ship.spool import Link, Spool
from rostra.continuity.targets import StoreUnavailable

# Seconds between two looks whether somebody else writes under our name.
_LOOK_EVERY: Final = 10.0
# So many pieces behind, a target takes nothing.
_MANY: Final = 5
_BURST: Final = 64 << 20


class TwoServers(StoreUnavailable):
    """Another server wrote to the target under this server's name."""


async def deliver(lane: Lane, identity: Identity, spool: Spool) -> None:
    """Take pieces to the target of `lane`, for ever."""
    failures = 0
    look_at = 0.0
    while True:
        lane.wake.clear()
        link = None if lane.record.cut_off or not lane.is_registered else spool.find(lane.record.sequence + 1)
        if link is None:
            await lane.wake.wait()
            continue
        looks = time.monotonic() >= look_at
        try:
            await _put(lane, identity, link, await spool.read(link.sequence), looks=looks)
        except StoreUnavailable as error:
            failures += 1
            lane.trouble(LOG, said_by(error))
            await asyncio.sleep(pause_after(failures))
            continue
        failures = 0
        look_at = time.monotonic() + _LOOK_EVERY if looks else look_at
        lane.well(LOG)
        if not lane.record.cut_off:
            since = link.sequence if link.gap else lane.record.since
            lane.note(sequence=link.sequence, end=link.end, since=since, reached=link.reached)


async def _put(lane: Lane, identity: Identity, link: Link, raw: bytes, *, looks: bool) -> None:
    """Raises StoreUnavailable, and TwoServers where it `looks` and finds another piece in the place of ours.

    Not by `put_new`: that takes seconds where a server ignores conditions.
    """
    name = names.wal_piece(identity.epoch.number, link.sequence)
    key = f"{identity.site.id}/{name}"
    found = await lane.within_reason(lambda: lane.target.find(key), len(raw)) if looks else None
    if found is not None and found != raw:
        raise TwoServers(f"{name} is there already and is not ours: a second server runs with the same identity")
    if found is None:
        await lane.within_reason(lambda: lane.target.put(key, raw), len(raw))


def account(lanes: list[Lane], cutter: Cutter, spool: Spool, limit: int, alarms: Alarms) -> None:
    """What follows from new pieces: targets that have all of them, that are too far behind, that have to be woken."""
    newest = cutter.newest
    if newest is None:
        return
    for lane in lanes:
        if lane.record.sequence == newest.sequence:
            lane.note(reached=cutter.reached)
        elif not lane.record.cut_off and _is_lost(lane, spool, limit):
            lane.keep(cut_off=True)
            # Nothing is put there any more that could end this.
            lane.well(LOG)
            alarms.say(f"{lane.label} is too far behind and was cut off: it gets a new base copy when it answers")
        lane.wake.set()


def clear(lanes: list[Lane], spool: Spool) -> None:
    """Remove from the spool what all targets have; their accounts are on the disk first."""
    held = [lane for lane in lanes if not lane.record.cut_off]
    for lane in held:
        lane.keep()
    newest = spool.newest
    if newest is not None:
        spool.drop_until(min((lane.record.sequence for lane in held), default=newest.sequence))


def is_in_vain(lanes: list[Lane], spool: Spool) -> bool:
    """Whether no target takes what is cut: then pieces are better few and large."""
    newest = spool.newest
    return newest is not None and all(newest.sequence - lane.record.sequence > _MANY for lane in lanes)


def _is_lost(lane: Lane, spool: Spool, limit: int) -> bool:
    """Whether a target is too far behind. One that takes what it gets may be a few pieces more, which a burst makes."""
    if spool.find(lane.record.sequence + 1) is None:
        return True
    return spool.waiting(lane.record.sequence) > limit + (0 if lane.has_trouble(LOG) else _BURST)
