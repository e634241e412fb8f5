"""A bucket or a directory as a target, through the same store as media."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Final

from rostra.continuity.targets import TargetUnusable, label_of
from rostra.kit.objectstore import ObjectHead, ObjectStore, open_store

_TYPE: Final = "application/octet-stream"
# How long two who put the same key at once may take to see each other, in seconds.
_CONTEST: Final = 2.0
# A part of a base takes this long on a line of half a megabit; who puts less waits less.
_PATIENCE: Final = timedelta(minutes=10)


class ObjectTarget:
    """A target in an object store."""

    def __init__(self, store: ObjectStore, label: str, *, contest: float = _CONTEST) -> None:
        self._store = store
        self.label = label
        self._contest = contest
        self._honours_put_new: bool | None = None

    async def put(self, key: str, body: bytes) -> None:
        await self._store.put(key, body, _TYPE)

    async def put_new(self, key: str, body: bytes) -> bool:
        if self._honours_put_new is None:
            self._honours_put_new = await self._store.honours_put_new()
        if self._honours_put_new:
            return await self._store.put_new(key, body)
        return await self._put_and_look(key, body)

    async def _put_and_look(self, key: str, body: bytes) -> bool:
        """For a server that ignores conditions, as several small ones do: who came last and stayed has it."""
        found = await self._store.find(key)
        if found is None:
            await self._store.put(key, body, _TYPE)
            await asyncio.sleep(self._contest)
            found = await self._store.find(key)
        return found == body

    async def find(self, key: str) -> bytes | None:
        return await self._store.find(key)

    async def find_size(self, key: str) -> int | None:
        head = await self._store.find_head(key)
        return None if head is None else head.size

    async def list(self, prefix: str, after: str | None = None) -> AsyncGenerator[ObjectHead]:
        async for head in self._store.list(prefix, after=after):
            yield head

    async def folders(self, prefix: str) -> AsyncGenerator[str]:
        async for name in self._store.folders(prefix):
            yield name

    async def delete(self, keys: Sequence[str]) -> None:
        await self._store.delete(keys)


def open_objects(address: str) -> ObjectTarget:
    """Raises TargetUnusable."""
    try:
        return ObjectTarget(open_store(address, patience=_PATIENCE), label_of(address))
    except (ValueError, OSError) as error:
        raise TargetUnusable(f"{label_of(address)}: {error}") from None
