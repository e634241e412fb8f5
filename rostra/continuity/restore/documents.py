"""Reading a site's objects: each is checked against the epoch that may have written it, opened and unpacked.

What comes from a target is hostile until its signature was checked, and what is inside it may still be larger than
anybody's memory, so every size has a bound.
"""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

import msgspec
import zstandard

from rostra.continuity.keys import KeyUnusable, RecoveryKey
from rostra.continuity.sealed import Broken, Sealed
from rostra.continuity.site import Trust
from rostra.continuity.targets import Target

T = TypeVar("T", bound=msgspec.Struct)

DOCUMENT: Final = 512 << 20
"""Bytes that no document is larger than: capsules, manifests, censuses."""


class Missing(Broken):
    """An object is not there at all."""


class Documents:
    """The objects of one site at one target, for somebody who has the recovery key."""

    def __init__(self, target: Target, trust: Trust, key: RecoveryKey) -> None:
        self.target = target
        self.trust = trust
        self._key = key

    def path(self, name: str) -> str:
        """Where the target has the object `name`."""
        return f"{self.trust.site.id}/{name}"

    async def find(self, name: str, epoch: int, *, limit: int = DOCUMENT) -> Sealed | None:
        """The object `name` if the server of `epoch` wrote it; None where there is none. Raises Broken."""
        size = await self.target.find_size(self.path(name))
        if size is None:
            return None
        if size > limit:
            raise Broken(f"{name}: has {size} bytes, which no such object has")
        return await self.get(name, epoch)

    async def get(self, name: str, epoch: int) -> Sealed:
        """The same for an object of known size that must be there. Raises Missing, Broken."""
        raw = await self.target.find(self.path(name))
        if raw is None:
            raise Missing(f"{name}: is missing")
        return await asyncio.to_thread(self._unseal, raw, name, epoch)

    def _unseal(self, raw: bytes, name: str, epoch: int) -> Sealed:
        found = self.trust.unseal(raw, name)
        # Else the server of an older epoch, which may be in anybody's hands by now, could write for a newer one.
        if found.header.epoch != epoch:
            raise Broken(f"{name}: was written by the server of epoch {found.header.epoch}, not of {epoch}")
        return found

    def open(self, name: str, body: bytes, limit: int) -> bytes:
        """What is encrypted and compressed in `body`: at most `limit` bytes. Raises Broken."""
        return unpack(name, self.decrypt(name, body), limit)

    def decrypt(self, name: str, body: bytes) -> bytes:
        """What is encrypted in `body`. Raises Broken."""
        try:
            return self._key.decrypt(body)
        except KeyUnusable as error:
            raise Broken(f"{name}: {error}") from None


def unpack(name: str, body: bytes, limit: int) -> bytes:
    """One zstd frame of at most `limit` bytes. Raises Broken."""
    try:
        # A frame that says how large it is would be believed whatever the limit.
        if zstandard.frame_content_size(body) > limit:
            raise Broken(f"{name}: would be larger than {limit} bytes when unpacked")
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=limit, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Broken(f"{name}: cannot be unpacked: {error}") from None


def about(found: Sealed, kind: type[T]) -> T:
    """What the header says of its object. Raises Broken."""
    try:
        return msgspec.json.decode(found.header.about, type=kind)
    except msgspec.DecodeError as error:
        raise Broken(f"{found.header.name}: what it says about itself cannot be read: {error}") from None
