"""Files of the store on their way back: newest first, some at a time, each checked against its hash in the database.

The list of what is wanted is written down before the server may be started, so that a server that runs already loses
nothing, and a fetching that was interrupted goes on from where it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from rostra.continuity import names
from rostra.continuity.restore import queries
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.fetch import in_order
from rostra.continuity.restore.records import MediaFound
from rostra.continuity.sealed import Broken
from rostra.kit.files import write_whole
from rostra.kit.objectstore import ObjectStore, StoreUnavailable

_AT_ONCE: Final = 16
_IN_MEMORY: Final = 96 << 20
"""Bytes of files under way at a time, unless a single one has more."""
_NAMED: Final = 100
_TRIES: Final = 3
_PAUSE: Final = timedelta(seconds=1)


class Wanted(msgspec.Struct, frozen=True, array_like=True):
    """A file that belongs into the store. `size` in bytes, `sha256` in hex; `id` as in the register."""

    id: int
    key: str
    size: int
    sha256: str


class _Outcome(msgspec.Struct, frozen=True):
    wanted: Wanted
    was_there: bool = False
    problem: str | None = None


async def note_wanted(connection: asyncpg.Connection, path: Path) -> int:
    """Write down what the database says should be in the store, newest first, and say how many files that are."""
    encoder, lines = msgspec.json.Encoder(), bytearray()
    count = 0
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(queries.LIST_WANTED, list(names.LEFT_OUT), prefetch=1000):
            lines += encoder.encode(Wanted(row["id"], row["key"], row["size"], row["sha256"].hex())) + b"\n"
            count += 1
    await asyncio.to_thread(write_whole, path, bytes(lines))
    return count


def read_wanted(path: Path) -> Iterator[Wanted]:
    """What was written down."""
    decoder = msgspec.json.Decoder(Wanted)
    with path.open("rb") as file:
        for line in file:
            yield decoder.decode(line)


class Fetching:
    """Brings files from a target into a store. `media_key` is the capsule's."""

    def __init__(self, documents: Documents, media_key: bytes, store: ObjectStore) -> None:
        self._documents = documents
        self._media_key = media_key
        self._store = store
        self._room = asyncio.Condition()
        self._in_memory = 0

    async def fetch(self, wanted: Iterator[Wanted], arrived: Callable[[int], None]) -> MediaFound:
        """Fetch what is not there yet; `arrived` is told the bytes of each. Raises StoreUnavailable for the store."""
        found = MediaFound()
        async for each in in_order(self._one, wanted, _AT_ONCE):
            arrived(each.wanted.size)
            found = _counted(found, each)
        return found

    async def _one(self, wanted: Wanted) -> _Outcome:
        head = await self._store.find_head(wanted.key)
        if head is not None and head.size == wanted.size:
            return _Outcome(wanted, was_there=True)
        async with self._room:
            await self._room.wait_for(lambda: self._in_memory == 0 or self._in_memory + wanted.size <= _IN_MEMORY)
            self._in_memory += wanted.size
        try:
            body = await self._patiently(wanted)
            kind = mimetypes.guess_type(wanted.key)[0] or "application/octet-stream"
            await self._store.put(wanted.key, body, kind)
        except Broken as error:
            return _Outcome(wanted, problem=str(error))
        finally:
            async with self._room:
                self._in_memory -= wanted.size
                self._room.notify_all()
        return _Outcome(wanted)

    async def _patiently(self, wanted: Wanted) -> bytes:
        """Thousands of requests meet a bad moment sooner or later."""
        for _ in range(_TRIES - 1):
            try:
                return await self._get(wanted)
            except StoreUnavailable:
                await asyncio.sleep(_PAUSE.total_seconds())
        return await self._get(wanted)

    async def _get(self, wanted: Wanted) -> bytes:
        name = names.media(self._media_key, wanted.key)
        raw = await self._documents.target.find(self._documents.path(name))
        if raw is None:
            raise Broken("")
        return await asyncio.to_thread(self._open, name, raw, wanted)

    def _open(self, name: str, raw: bytes, wanted: Wanted) -> bytes:
        sealed = self._documents.trust.unseal(raw, name)
        body = self._documents.decrypt(name, sealed.body)
        if len(body) != wanted.size or hashlib.sha256(body).hexdigest() != wanted.sha256:
            raise Broken(f"{name}: is another file than {wanted.key} was")
        return body


def _counted(found: MediaFound, each: _Outcome) -> MediaFound:
    changes: dict[str, object] = {"wanted": found.wanted + 1}
    if each.was_there:
        changes["were_there"] = found.were_there + 1
    elif each.problem is None:
        changes |= {"fetched": found.fetched + 1, "fetched_bytes": found.fetched_bytes + each.wanted.size}
    else:
        changes["lacking"] = found.lacking + 1
        field = "broken" if each.problem else "missing"
        named: list[str] = getattr(found, field)
        line = f"{each.wanted.key} ({each.problem})" if each.problem else each.wanted.key
        changes[field] = [*named, line][:_NAMED]
    return msgspec.structs.replace(found, **changes)


async def remove_gone(connection: asyncpg.Connection, store: ObjectStore, newest: int) -> int:
    """Remove from the store what was deleted by a server that ran while files were fetched; how many those were."""
    gone = [row["key"] for row in await connection.fetch(queries.LIST_GONE_SINCE, newest)]
    if gone:
        await store.delete(gone)
    return len(gone)
