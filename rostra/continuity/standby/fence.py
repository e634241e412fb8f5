"""Making sure that the old server cannot write any more, before a new one does.

There are two fences, and one that holds is enough: the next epoch, opened at a target, where the old server looks; and
the old server itself, which ends and remembers that it was replaced. Without either, two servers under one name might
take posts at the same time, and nobody could ever put them together again.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.keys import SigningKey
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import Epoch, Fork, Piece
from rostra.continuity.sealed import Broken
from rostra.continuity.site import AlreadyOpened, Trust, next_epoch, publish, read_trust
from rostra.continuity.standby.files import read_start
from rostra.continuity.standby.records import TakeOverWhy, next_identity
from rostra.continuity.standby.release import Released
from rostra.continuity.standby.source import Source, SourceAway, SourceRefused
from rostra.continuity.targets import StoreUnavailable, Target, TargetUnusable, label_of, open_target

_TARGET_PATIENCE: Final = 8.0


class Overtaken(Exception):
    """A target knows a newer server than the one that this standby follows; the text names it."""


class Reached(msgspec.Struct, frozen=True):
    """The targets that answered, open, with what they hold of the site; and why the others did not count."""

    targets: list[tuple[Target, Trust]]
    problems: list[str]


async def reach_targets(
    stack: AsyncExitStack, addresses: Sequence[str], known: Identity, ours: Epoch | None
) -> Reached:
    """Open those that answer in time and hold our site. `ours` is the epoch that an earlier attempt has opened.

    Raises Overtaken.
    """
    found = await asyncio.gather(*(_reach(stack, each, known) for each in addresses))
    targets = [each for each in found if not isinstance(each, str)]
    for target, trust in targets:
        newest = trust.current
        mine = ours is not None and newest.signing_key == ours.signing_key
        if newest.number > known.epoch.number and not mine:
            raise Overtaken(
                f"{target.label}: {newest.host} has taken over already, at {newest.opened_at:%Y-%m-%d %H:%M} UTC "
                f"(epoch {newest.number}, {newest.why}); make a new standby of that server"
            )
    return Reached(targets, [each for each in found if isinstance(each, str)])


async def _reach(stack: AsyncExitStack, address: str, known: Identity) -> tuple[Target, Trust] | str:
    try:
        async with asyncio.timeout(_TARGET_PATIENCE):
            target = await stack.enter_async_context(open_target(address))
            return target, await read_trust(target, known.site.id)
    except TimeoutError:
        return f"{label_of(address)}: did not answer within {_TARGET_PATIENCE:.0f} s"
    except (TargetUnusable, StoreUnavailable, Broken, OSError) as error:
        return str(error)


async def tell_primary(source: Source, to: str, epoch: int, why: TakeOverWhy, patience: float) -> Released:
    """Have the old server end and remember that it was replaced. `patience` are the seconds for its first answer.

    Raises SourceAway, SourceRefused.
    """
    try:
        async with asyncio.timeout(patience):
            start = await read_start(source)
    except TimeoutError:
        raise SourceAway(f"{source.label}: does not answer") from None
    if not start.command:
        raise SourceRefused(f"{source.label}: its server is of a version that cannot be told to end; end it by hand")
    words = [*start.command, "continuity", "release", "--data", source.data_dir]
    ran = await source.run([*words, "--to", to, "--epoch", str(epoch), "--why", why])
    if ran.status != 0:
        said = ran.err.strip().splitlines() or [f"status {ran.status}"]
        raise SourceAway(f"{source.label}: could not be told to end: {said[-1]}")
    try:
        return msgspec.json.decode(ran.out, type=Released)
    except msgspec.DecodeError:
        raise SourceAway(f"{source.label}: its answer to being told to end cannot be read") from None


async def take_next_identity(
    place: Place, known: Identity, reached: Reached, lsn: int, why: TakeOverWhy, now: datetime
) -> Identity:
    """Who we are from the next epoch on. Kept on disk before any target sees it, and the same at every attempt."""
    kept = next_identity(place).find_identity()
    if kept is not None and kept.epoch.number == known.epoch.number + 1 and kept.site.id == known.site.id:
        return kept
    key = SigningKey.generate()
    fork = Fork(epoch=known.epoch.number, sequence=await _last_piece(reached, known, lsn), lsn=lsn)
    epoch, sealed = next_epoch(known.signing_key, known.site, known.epoch.number + 1, key, now, why, fork)
    identity = Identity(
        site=known.site,
        epoch=epoch,
        signing_key=key,
        media_key=known.media_key,
        site_object=known.site_object,
        epoch_object=sealed,
    )
    next_identity(place).keep_identity(identity)
    return identity


async def open_epoch(reached: Reached, identity: Identity) -> tuple[list[str], list[str]]:
    """Open the epoch at every target that was reached: the labels of those that have it, and problems.

    Raises Overtaken where somebody else was faster.
    """
    opened: list[str] = []
    problems: list[str] = []
    for target, _ in reached.targets:
        try:
            async with asyncio.timeout(_TARGET_PATIENCE):
                await publish(target, identity.site, identity.site_object, identity.epoch, identity.epoch_object)
        except AlreadyOpened as error:
            raise Overtaken(f"{target.label}: {error}; make a new standby of that server") from None
        except (StoreUnavailable, TimeoutError) as error:
            problems.append(f"{target.label}: {error or 'did not answer in time'}")
        else:
            opened.append(target.label)
    return opened, problems


def forget_next(place: Place) -> None:
    """Drop an identity that no target has seen."""
    shutil.rmtree(next_identity(place).path.parent, ignore_errors=True)


async def _last_piece(reached: Reached, known: Identity, lsn: int) -> int:
    """The last piece of the old epoch that reaches no further than `lsn`: what came later, the new server never had."""
    best = 0
    for target, trust in reached.targets:
        try:
            best = max(best, await _last_piece_at(target, trust, known, lsn))
        except (StoreUnavailable, Broken):
            # A smaller number only makes a restore begin at an earlier moment, until the new server's first base.
            continue
    return best


async def _last_piece_at(target: Target, trust: Trust, known: Identity, lsn: int) -> int:
    site, epoch = known.site.id, known.epoch.number
    folders = sorted([each async for each in target.folders(f"{site}/{names.WAL}/{epoch:06d}")])
    if not folders:
        return 0
    place = f"{site}/{names.WAL}/{epoch:06d}/{folders[-1]}"
    sequences = [int(head.key.rpartition("/")[2]) async for head in target.list(place)]
    if not sequences:
        return 0
    # Mostly the newest one, or one of a few before it: in steps that double, then by halves.
    high, step = max(sequences) + 1, 1
    low = high - 1
    while low > 0 and not await _reaches_no_further(target, trust, site, epoch, low, lsn):
        high, low, step = low, max(0, low - step), step * 2
    while high - low > 1:
        middle = (low + high) // 2
        if await _reaches_no_further(target, trust, site, epoch, middle, lsn):
            low = middle
        else:
            high = middle
    return low


async def _reaches_no_further(target: Target, trust: Trust, site: str, epoch: int, sequence: int, lsn: int) -> bool:
    name = names.wal_piece(epoch, sequence)
    raw = await target.find(f"{site}/{name}")
    if raw is None:
        # Removed because of its age.
        return True
    return msgspec.json.decode(trust.unseal(raw, name).header.about, type=Piece).end <= lsn
