"""The first step: make the recovery key, found the site at every target, and remember on this disk who we are.

The recovery key goes to the caller, who shows it once; nothing here writes it down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rostra.continuity.keys import RecoveryKey, SigningKey
from rostra.continuity.place import Identity, Place, new_media_key
from rostra.continuity.site import found_site, next_epoch, publish
from rostra.continuity.targets import Target


async def set_up(
    place: Place, targets: Sequence[Target], keys: Sequence[RecoveryKey], domain: str, now: datetime
) -> Identity:
    """Found a site that each of `keys` can restore. Raises StoreUnavailable, AlreadyOpened.

    The targets come first: what is written here last is what makes the server ship.
    """
    root, signing_key = keys[0].root, SigningKey.generate()
    site, site_object = found_site(
        root, domain, [key.recipient for key in keys], [key.root.public for key in keys], now
    )
    epoch, epoch_object = next_epoch(root, site, 1, signing_key, now, "init", None)
    for target in targets:
        await publish(target, site, site_object, epoch, epoch_object)
    identity = Identity(
        site=site,
        epoch=epoch,
        signing_key=signing_key,
        media_key=new_media_key(),
        site_object=site_object,
        epoch_object=epoch_object,
    )
    place.keep_identity(identity)
    return identity
