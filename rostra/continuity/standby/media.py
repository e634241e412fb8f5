"""Pulling the primary's media files: everything in its register of files, by the numbers of their last changes.

Each start begins at the first number and passes over what is here already, which is how what is missing is found. A
file counts only with the hash that the register has.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from rostra.continuity import names
from rostra.continuity.standby.records import INCOMING
from rostra.continuity.standby.source import SMALL, Source, SourceAway
from rostra.continuity.standby.tunnel import Tunnel
from rostra.kit.db import DATABASE_ERRORS, Database, open_database
from rostra.kit.objectstore import ObjectStore, StoreUnavailable, open_store
from rostra.kit.postgres_setup import ROLE
from rostra.kit.stored_objects import StoredObject, list_after, list_gone

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 16
_PAGE: Final = 256
_PAUSE: Final = 1.0
_AGAIN: Final = 5.0


class MediaFollower:
    """Remembers how far it is. `after` is the number up to which everything is here."""

    def __init__(self, source: Source, tunnel: Tunnel, data_dir: Path) -> None:
        self._source = source
        self._tunnel = tunnel
        self._root = data_dir / "media"
        self._incoming = data_dir / "continuity" / INCOMING
        self._store: ObjectStore = open_store(self._root)
        self._gone = 0
        self.after = 0
        self.problem: str | None = None

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            try:
                async with open_database(self._tunnel.dsn(ROLE, ROLE), max_size=1) as db:
                    while True:
                        if not await self.step(db):
                            await asyncio.sleep(_PAUSE)
            except (*DATABASE_ERRORS, SourceAway, StoreUnavailable) as error:
                self.problem = f"media: {error or type(error).__name__}"
            await asyncio.sleep(_AGAIN)

    async def step(self, db: Database) -> bool:
        """Bring one page of what came and take away one of what went; False where there was nothing to do."""
        came = await list_after(db, self.after, _PAGE)
        for start in range(0, len(came), _AT_ONCE):
            batch = came[start : start + _AT_ONCE]
            await asyncio.gather(*(self._bring(each) for each in await asyncio.to_thread(self._missing, batch)))
            self.after = batch[-1].id
        went = await list_gone(db, self._gone, _PAGE)
        if went:
            await self._store.delete([each.key for each in went])
            self._gone = went[-1].id
        if not came and not went:
            self.problem = None
        return bool(came or went)

    def _missing(self, batch: Sequence[StoredObject]) -> list[StoredObject]:
        return [each for each in batch if not each.key.startswith(names.CACHE) and not self._has(each)]

    def _has(self, each: StoredObject) -> bool:
        try:
            return (self._root / each.key).stat().st_size == each.size
        except OSError:
            return False

    async def _bring(self, each: StoredObject) -> None:
        """A file that is not there any more has been deleted meanwhile, which its next number says."""
        path = f"{self._source.data_dir}/media/{each.key}"
        if each.size <= SMALL:
            body = await self._source.read(path)
            if body is None:
                return
            if self._is_right(each, hashlib.sha256(body).digest()):
                await self._store.put(each.key, body, "application/octet-stream")
            return
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        passing = self._incoming / os.urandom(8).hex()
        try:
            if await self._source.fetch(path, passing):
                digest = await asyncio.to_thread(_hash_file, passing)
                if self._is_right(each, digest):
                    await self._store.put(each.key, passing, "application/octet-stream")
        finally:
            passing.unlink(missing_ok=True)

    def _is_right(self, each: StoredObject, digest: bytes) -> bool:
        if digest != each.sha256:
            self.problem = f"media: {each.key} has other bytes than the primary's register says"
            log.error("a media file of the primary is damaged", key=each.key)
        return digest == each.sha256


def _hash_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
