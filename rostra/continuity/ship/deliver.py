"""Delivery: each lane takes the pieces of the spool to its target, in their order, and keeps account."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from rostra.continuity import names
from rostra.continuity.place import Identity
from rostra.continuity.sealed import Broken
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
# Pieces on their way at a time where many are waiting.
_AT_ONCE: Final = 8
_BYTES_AT_ONCE: Final = 32 << 20
_BURST: Final = 64 << 20


class TwoServers(StoreUnavailable):
    """Another server wrote to the target under this server's name."""


async def deliver(lane: Lane, identity: Identity, spool: Spool) -> None:
    """Take pieces to the target of `lane`, for ever: one by one, or a few at a time where many are waiting."""
    failures = 0
    look_at = 0.0
    while True:
        lane.wake.clear()
        links = _choose_next(lane, spool) if lane.is_registered and not lane.record.cut_off else []
        if lane.record.cut_off:
            # Nothing is put there any more that could end what was wrong, and only who is well gets a new base.
            lane.well(LOG)
        if not links:
            await lane.wake.wait()
            continue
        looks = time.monotonic() >= look_at
        puts = [_put(lane, identity, spool, link, looks=looks and link is links[0]) for link in links]
        results = await asyncio.gather(*puts, return_exceptions=True)
        for link, problem in zip(links, results, strict=True):
            if problem is not None:
                break
            _account_for(lane, link)
        problem = next((each for each in results if each is not None), None)
        if problem is None:
            failures = 0
            look_at = time.monotonic() + _LOOK_EVERY if looks else look_at
            lane.well(LOG)
        elif isinstance(problem, StoreUnavailable):
            failures += 1
            lane.trouble(LOG, said_by(problem))
            await asyncio.sleep(pause_after(failures))
        elif isinstance(problem, Broken):
            # It rotted on our own disk and is out of the spool: `account` cuts off whoever still needs it.
            lane.trouble(LOG, f"a piece was damaged before it was sent: {said_by(problem)}")
        else:
            raise problem


def _choose_next(lane: Lane, spool: Spool) -> list[Link]:
    """The next piece; with it those behind it where there are many, up to some bytes."""
    links: list[Link] = []
    while (link := spool.find(lane.record.sequence + len(links) + 1)) is not None and len(links) < _AT_ONCE:
        links.append(link)
        if sum(each.size for each in links) > _BYTES_AT_ONCE:
            break
    # Few are taken one by one: so a death in the middle leaves no hole at the target.
    return links if len(links) == _AT_ONCE else links[:1]


def _account_for(lane: Lane, link: Link) -> None:
    """A piece has arrived. It counts if it is the next one still: the target may have been cut off meanwhile."""
    if not lane.record.cut_off and lane.record.sequence == link.sequence - 1:
        since = link.sequence if link.gap else lane.record.since
        lane.note(sequence=link.sequence, end=link.end, since=since, reached=link.reached)


async def _put(lane: Lane, identity: Identity, spool: Spool, link: Link, *, looks: bool) -> None:
    """Raises Broken, StoreUnavailable, and TwoServers where it `looks` and finds another piece in the place of ours.

    Not by `put_new`: that takes seconds where a server ignores conditions.
    """
    raw = await spool.read(link.sequence)
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
            alarms.say(f"{lane.label} cannot catch up and was cut off: it gets a new base copy when it answers")
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
    if spool.size <= limit:
        return False
    return spool.waiting(lane.record.sequence) > limit + (0 if lane.has_trouble(LOG) else _BURST)
