"""Where the chain of pieces ends. A sequence is never used again with other bytes, so where this disk is not certain
the targets are asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from rostra.continuity import names
from rostra.continuity.place import Identity
from rostra.continuity.sealed import Broken, unseal
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.lane import Lane
from rostra.continuity.ship.spool import Link, Spool, link_of
from rostra.continuity.targets import StoreUnavailable, Target

# How long a target that does not answer is waited for while others have answered, in seconds.
_PATIENCE: Final = 60.0
_PAUSE: Final = 2.0


async def find_end(
    identity: Identity, spool: Spool, is_certain: bool, lanes: Sequence[Lane], alarms: Alarms
) -> Link | None:
    """The newest piece of this epoch, from the spool where that is certain, else from the targets as well."""
    known = max((lane.record.sequence for lane in lanes), default=0)
    newest = spool.newest
    if newest is not None and is_certain and newest.sequence >= known:
        return newest
    ends = await _ask_all(identity, lanes, alarms)
    return max([*ends, *([newest] if newest else [])], key=lambda link: link.sequence, default=None)


async def _ask_all(identity: Identity, lanes: Sequence[Lane], alarms: Alarms) -> list[Link]:
    """The ends at all targets; without those that do not answer after a while, if one has answered."""
    ends: list[Link] = []
    waiting = list(lanes)
    started = time.monotonic()
    while waiting:
        for lane in list(waiting):
            try:
                found = await find_end_at(lane.target, identity)
            except (StoreUnavailable, Broken) as error:
                alarms.start("chain", f"it is not certain yet where the copies end: {error}")
                continue
            waiting.remove(lane)
            ends += [found] if found else []
        if not waiting or (len(waiting) < len(lanes) and time.monotonic() - started > _PATIENCE):
            break
        await asyncio.sleep(_PAUSE)
    alarms.end("chain")
    return ends


async def find_end_at(target: Target, identity: Identity) -> Link | None:
    """The newest piece of this epoch that a target has. Raises StoreUnavailable, Broken."""
    site, number = identity.site.id, identity.epoch.number
    folders = sorted([each async for each in target.folders(f"{site}/{names.WAL}/{number:06d}")])
    for folder in reversed(folders):
        keys = [head.key async for head in target.list(f"{site}/{names.WAL}/{number:06d}/{folder}")]
        if not keys:
            continue
        newest = max(keys)
        raw = await target.find(newest)
        if raw is None:
            continue
        key = identity.signing_key.public
        name = newest.removeprefix(f"{site}/")
        return link_of(unseal(raw, {key.id: key}, site=site, name=name), len(raw))
    return None
