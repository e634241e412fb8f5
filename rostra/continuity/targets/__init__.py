"""Where copies go: a bucket, an SFTP server or a directory, behind one set of verbs.

An object is whole or absent at all of them, and once `put` has returned it is the target's to keep. Keys are paths
below the place that the target's address names.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from rostra.kit.objectstore import ObjectHead, StoreUnavailable

__all__ = ["StoreUnavailable", "Target", "TargetUnusable", "label_of", "open_target", "without_secrets"]


class TargetUnusable(Exception):
    """The address of a target cannot be used; the text says why, without what is secret in it."""


class Target(Protocol):
    """One place. Every method raises StoreUnavailable where it cannot be reached or refuses."""

    @property
    def label(self) -> str:
        """Its address without what is secret."""
        ...

    async def put(self, key: str, body: bytes) -> None:
        """Keep `body` under `key`, whole or not at all, in place of what was there."""
        ...

    async def put_new(self, key: str, body: bytes) -> bool:
        """Keep `body` where nothing is yet; False where something is, unless it is the same."""
        ...

    async def find(self, key: str) -> bytes | None:
        """The object's bytes, or None."""
        ...

    async def find_size(self, key: str) -> int | None:
        """The object's size in bytes, or None."""
        ...

    def list(self, prefix: str, after: str | None = None) -> AsyncGenerator[ObjectHead]:
        """Objects below the folder `prefix`, in no order; with `after` only those whose keys sort behind it."""
        ...

    def folders(self, prefix: str) -> AsyncGenerator[str]:
        """The names of the folders right below `prefix`."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; what is not there counts as removed."""
        ...


def label_of(address: str) -> str:
    """An address as it may be shown: without name, password and settings."""
    parts = urlsplit(address)
    if not parts.scheme or "://" not in address:
        return f"file://{address}"
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port and parts.scheme in ("sftp", "ssh") else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def without_secrets(address: str) -> str:
    """An address as somebody has to type it again, with words where its secrets belong."""
    parts = urlsplit(address)
    if "://" not in address or not parts.password:
        return address
    login = "KEY:SECRET" if parts.scheme == "s3" else f"{parts.username}:PASSWORD"
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))


@asynccontextmanager
async def open_target(address: str) -> AsyncGenerator[Target]:
    """The target at `s3://…` (as `storage_url`), `sftp://user@host:port/path?…` or a directory.

    Raises TargetUnusable for the address, StoreUnavailable where an SFTP server cannot be reached.
    """
    if urlsplit(address).scheme == "sftp":
        from rostra.continuity.targets.sftp import open_sftp

        async with open_sftp(address) as target:
            yield target
        return
    from rostra.continuity.targets.objects import open_objects

    yield open_objects(address)
