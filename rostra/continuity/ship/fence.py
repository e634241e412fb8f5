"""Who may write: this server is registered at each target, and ends for good when another one has taken over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from rostra.continuity import names
from rostra.continuity.place import Identity, Replaced
from rostra.continuity.sealed import Broken
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.lane import DOCUMENTS, Lane, said_by
from rostra.continuity.site import AlreadyOpened, Trust, publish, read_trust
from rostra.continuity.targets import StoreUnavailable, Target

PAUSE: Final = 10.0
"""Seconds between two questions."""


class OtherServer(Exception):
    """Another server has taken over; `replaced` says which."""

    def __init__(self, replaced: Replaced) -> None:
        self.replaced = replaced
        super().__init__(f"epoch {replaced.epoch} was opened on {replaced.host}")


async def find_successor(target: Target, identity: Identity) -> Replaced | None:
    """The server that has taken over, if the target has a certificate of one.

    Raises Broken where what it has is none, StoreUnavailable.
    """
    after = f"{identity.site.id}/{names.epoch(identity.epoch.number + 1)}"
    if await target.find_size(after) is None:
        return None
    return successor_in(await read_trust(target, identity.site.id), identity)


def successor_in(trust: Trust, identity: Identity) -> Replaced | None:
    """The newest server of the site, if that is not ours."""
    newest = trust.current
    if newest.number <= identity.epoch.number:
        return None
    return Replaced(epoch=newest.number, host=newest.host, at=newest.opened_at, why=newest.why)


async def register(lane: Lane, identity: Identity, others: Sequence[Lane]) -> None:
    """Have the site's documents at a target, which may be a new one: the older epochs then come from the others.

    Raises OtherServer, StoreUnavailable.
    """
    target, site = lane.target, identity.site.id
    for number in range(1, identity.epoch.number):
        key = f"{site}/{names.epoch(number)}"
        if await target.find_size(key) is None and (document := await _find_among(others, key)) is not None:
            await target.put_new(key, document)
    try:
        await publish(target, identity.site, identity.site_object, identity.epoch, identity.epoch_object)
    except AlreadyOpened:
        raise OtherServer(_by_somebody(await read_trust(target, site), identity)) from None


async def watch(lane: Lane, identity: Identity, others: Sequence[Lane], alarms: Alarms) -> None:
    """Register at the target, then look whether another server has taken over, for ever. Raises OtherServer."""
    await lane.insist(DOCUMENTS, lambda: register(lane, identity, others))
    lane.is_registered = True
    lane.wake.set()
    while True:
        try:
            replaced = await lane.insist(DOCUMENTS, lambda: find_successor(lane.target, identity))
            alarms.end(f"false epoch at {lane.label}")
        except Broken as error:
            alarms.start(f"false epoch at {lane.label}", f"{lane.label} has a false certificate: {said_by(error)}")
        else:
            if replaced is not None:
                raise OtherServer(replaced)
        await asyncio.sleep(PAUSE)


def _by_somebody(trust: Trust, identity: Identity) -> Replaced:
    """Who has our epoch's number, or a later one."""
    epoch = max((each for each in trust.epochs if each.number >= identity.epoch.number), key=lambda each: each.number)
    return Replaced(epoch=epoch.number, host=epoch.host, at=epoch.opened_at, why=epoch.why)


async def _find_among(others: Sequence[Lane], key: str) -> bytes | None:
    for other in others:
        try:
            if (document := await other.target.find(key)) is not None:
                return document
        except StoreUnavailable:
            continue
    return None
