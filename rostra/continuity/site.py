"""Which site a target holds, who may write for it now, and whose signatures count.

Trust begins with a root: the recovery key derives it, or the site's own name does, which is a hash of its first root.
The root signs the site and its first epoch; every later epoch is signed by a root (a restore) or by the key of the
epoch before it (a promotion). An object of epoch n counts if the key of epoch n signed it.
"""

from __future__ import annotations

import asyncio
import socket
from datetime import datetime
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.keys import SigningKey, VerifyKey
from rostra.continuity.records import Epoch, Fork, Site, Why
from rostra.continuity.sealed import Broken, Sealed, peek, seal, unseal
from rostra.continuity.targets import Target


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """A site whose documents were checked. `epochs` in order, without a hole; `keys` are theirs by epoch number."""

    site: Site
    epochs: list[Epoch]
    roots: dict[str, VerifyKey]
    keys: dict[int, VerifyKey]

    @property
    def current(self) -> Epoch:
        return self.epochs[-1]

    def unseal(self, raw: bytes, name: str) -> Sealed:
        """The object `name`, if the key of its epoch signed it. Raises Broken."""
        header = peek(raw, name)
        key = self.keys.get(header.epoch)
        return unseal(raw, {} if key is None else {key.id: key}, site=self.site.id, name=name)

    def unseal_by_root(self, raw: bytes, name: str) -> Sealed:
        """The object `name`, if somebody with a recovery key signed it. Raises Broken."""
        return unseal(raw, self.roots, site=self.site.id, name=name)


class AlreadyOpened(Exception):
    """Somebody else opened this epoch: there is a newer server than the caller thought."""


def found_site(
    root: SigningKey, domain: str, recipients: list[str], roots: list[VerifyKey], created_at: datetime
) -> tuple[Site, bytes]:
    """A new site and its sealed document. `root` is the first of `roots`."""
    site = Site(
        id=names.site_id(root.public),
        domain=domain,
        created_at=created_at,
        recipients=recipients,
        roots=[str(each) for each in roots],
    )
    return site, seal_site(root, site, created_at)


def seal_site(root: SigningKey, site: Site, made_at: datetime) -> bytes:
    """The site's document, which its first root has to sign."""
    return seal(root, b"", site=site.id, name=names.SITE, epoch=0, made_at=made_at, about=site)[0]


def next_epoch(
    signer: SigningKey, site: Site, number: int, key: SigningKey, opened_at: datetime, why: Why, fork: Fork | None
) -> tuple[Epoch, bytes]:
    """The epoch `number` on this machine with the signing key `key`, and its sealed document."""
    epoch = Epoch(
        number=number,
        signing_key=str(key.public),
        host=socket.gethostname(),
        opened_at=opened_at,
        why=why,
        fork=fork,
    )
    name = names.epoch(number)
    return epoch, seal(signer, b"", site=site.id, name=name, epoch=number, made_at=opened_at, about=epoch)[0]


async def publish(target: Target, site: Site, site_object: bytes, epoch: Epoch, epoch_object: bytes) -> None:
    """Put both documents to a target that may have them already. Raises AlreadyOpened, StoreUnavailable."""
    if await target.find(f"{site.id}/{names.SITE}") != site_object:
        await target.put(f"{site.id}/{names.SITE}", site_object)
    where = f"{site.id}/{names.epoch(epoch.number)}"
    if not await target.put_new(where, epoch_object) and await target.find(where) != epoch_object:
        raise AlreadyOpened(f"epoch {epoch.number} was opened by another server")


async def find_sites(target: Target) -> list[str]:
    """The ids of the sites that have copies there."""
    return [folder async for folder in target.folders("") if len(folder) == _ID_LETTERS]


async def read_trust(target: Target, site: str, root: VerifyKey | None = None) -> Trust:
    """The site's documents, checked. With `root`, that one has to be among the site's. Raises Broken."""
    raw = await target.find(f"{site}/{names.SITE}")
    if raw is None:
        raise Broken(f"{target.label} has no copies of the site {site}")
    about = msgspec.json.decode(peek(raw, names.SITE).about, type=Site)
    roots = [VerifyKey.parse(each) for each in about.roots]
    if not roots or names.site_id(roots[0]) != site:
        raise Broken(f"{names.SITE}: its first root is not the one that the site {site} is named after")
    unseal(raw, {roots[0].id: roots[0]}, site=site, name=names.SITE)
    if root is not None and root.id not in {each.id for each in roots}:
        raise Broken(f"the recovery key is none of the {len(roots)} that the site {site} ({about.domain}) has")
    known = {each.id: each for each in roots}
    epochs, keys = await _read_epochs(target, about, known)
    return Trust(site=about, epochs=epochs, roots=known, keys=keys)


async def _read_epochs(
    target: Target, site: Site, roots: dict[str, VerifyKey]
) -> tuple[list[Epoch], dict[int, VerifyKey]]:
    """All of them in their order: a handful in the life of a site."""
    found = sorted([head.key async for head in target.list(f"{site.id}/{names.EPOCHS}")])
    documents = await asyncio.gather(*(target.find(key) for key in found))
    epochs: list[Epoch] = []
    keys: dict[int, VerifyKey] = {}
    for number, raw in enumerate(documents, 1):
        name = names.epoch(number)
        if raw is None or found[number - 1] != f"{site.id}/{name}":
            raise Broken(f"{name}: is missing")
        signers = dict(roots)
        if before := keys.get(number - 1):
            signers[before.id] = before
        epoch = msgspec.json.decode(unseal(raw, signers, site=site.id, name=name).header.about, type=Epoch)
        epochs.append(epoch)
        keys[number] = VerifyKey.parse(epoch.signing_key)
    if not epochs:
        raise Broken(f"{names.EPOCHS}: there is none, so nothing says who may write for {site.domain}")
    return epochs, keys


_ID_LETTERS: Final = 26
