"""Becoming the server: a new epoch at the targets, which fences whoever wrote before, and the identity on this disk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rostra.continuity import names
from rostra.continuity.keys import RecoveryKey, SigningKey
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import Fork, Why
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.here import settings_here
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.restore.walk import Walk
from rostra.continuity.sealed import Broken
from rostra.continuity.site import AlreadyOpened, next_epoch, publish
from rostra.continuity.targets import StoreUnavailable, Target, TargetUnusable, label_of, open_target


async def become(walk: Walk, documents: Documents, place: Place, media_key: bytes, fork: Fork | None) -> int:
    """Be the server from now on, at all its targets; the number of the new epoch. `fork` is None where no log was
    followed. Raises NotRestorable, Broken."""
    with walk.step("opening a new epoch"):
        identity = await take_over(documents, walk.options.key, place, media_key, fork, datetime.now(UTC), "restore")
        walk.warn(await tell_others(documents, identity, settings_here(walk.options).continuity_targets))
        if fork is not None:
            walk.warn(await later_pieces(documents, fork))
    return identity.epoch.number


async def take_over(
    documents: Documents, key: RecoveryKey, place: Place, media_key: bytes, fork: Fork | None, now: datetime, why: Why
) -> Identity:
    """Open the next epoch at the target and keep it here. Raises NotRestorable where another server was faster."""
    trust, target = documents.trust, documents.target
    signing_key = SigningKey.generate()
    number = trust.current.number + 1
    epoch, epoch_object = next_epoch(key.root, trust.site, number, signing_key, now, why, fork)
    site_object = await target.find(documents.path(names.SITE))
    if site_object is None:
        raise Broken(f"{names.SITE}: is missing, and was there a moment ago")
    try:
        await publish(target, trust.site, site_object, epoch, epoch_object)
    except AlreadyOpened:
        raise NotRestorable(
            f"another server has opened epoch {number} at {target.label} meanwhile, so it is the one that writes; "
            "end it and start again, or leave this copy be"
        ) from None
    identity = Identity(
        site=trust.site,
        epoch=epoch,
        signing_key=signing_key,
        media_key=media_key,
        site_object=site_object,
        epoch_object=epoch_object,
    )
    place.keep_identity(identity)
    return identity


async def tell_others(documents: Documents, identity: Identity, addresses: Sequence[str]) -> list[str]:
    """Publish the epoch at the server's other targets too, where the old one looks as well; what could not be."""
    notes: list[str] = []
    for address in addresses:
        if label_of(address) == documents.target.label:
            continue
        try:
            async with open_target(address) as target:
                await _copy_epochs(documents, target)
                await publish(target, identity.site, identity.site_object, identity.epoch, identity.epoch_object)
        except (TargetUnusable, StoreUnavailable) as error:
            notes.append(f"the target {label_of(address)} cannot be reached, and does not know of this server: {error}")
        except AlreadyOpened:
            notes.append(
                f"at the target {label_of(address)} another server has opened epoch {identity.epoch.number}: "
                "there are two that believe to be this site; end that one"
            )
    return notes


async def _copy_epochs(documents: Documents, target: Target) -> None:
    """One that was away for long may lack an earlier epoch, and a list with a hole is worth nothing."""
    for number in range(1, len(documents.trust.epochs) + 1):
        name = documents.path(names.epoch(number))
        raw = await documents.target.find(name)
        if raw is not None and not await target.put_new(name, raw):
            raise AlreadyOpened


async def later_pieces(documents: Documents, fork: Fork) -> list[str]:
    """Whether the old server went on after what was taken over."""
    after = documents.path(names.wal_piece(fork.epoch, fork.sequence))
    folder = documents.path(f"{names.WAL}/{fork.epoch:06d}")
    later = [head async for head in documents.target.list(folder, after)]
    if not later:
        return []
    newest = max(head.last_modified for head in later)
    return [
        f"the old server still ran: {len(later)} pieces of its log came after the last one that was restored, until "
        f"{newest:%Y-%m-%d %H:%M:%S} UTC; they count no more, and what was written in them is not here"
    ]
