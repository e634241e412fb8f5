"""Whether the register and the store agree: what the register does not know yet, and what the store has lost.

Both go in batches with a constant number of statements each, and ask the store for a few objects at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final, TypeVar

from rostra.kit.db import Database
from rostra.kit.objectstore import PROBES, ObjectStore
from rostra.kit.stored_objects import Measured, ObjectRegister, StoredObject, find_live_among, list_after

_BATCH: Final = 500
# Requests that the store gets at a time.
_AT_ONCE: Final = 8

A = TypeVar("A")
B = TypeVar("B")


async def reconcile(db: Database, store: ObjectStore, register: ObjectRegister) -> int:
    """Register what is in the store and not known, such as what an older version stored, and say how many that were.

    Reads every such object once, to hash it. Raises StoreUnavailable; what was done stays.
    """
    registered = 0
    async for keys in _keys_in(store):
        known = await find_live_among(db, keys)
        unknown = [key for key in keys if key not in known]
        found = [each for each in await _few_at_once(lambda key: _measure(store, key), unknown) if each]
        if not found:
            continue
        await register.note_found(found)
        registered += len(found)
        # What was deleted while it was read had perhaps been noted as gone before it was noted as found.
        heads = await _few_at_once(lambda each: store.find_head(each.key), found)
        gone = [each.key for each, head in zip(found, heads, strict=True) if head is None]
        if gone:
            await register.note_gone(gone)
    return registered


async def find_missing(db: Database, store: ObjectStore) -> list[str]:
    """The keys of objects that are known and that the store has not, or has with another size.

    Asks for every object's head. Raises StoreUnavailable.
    """
    missing: list[str] = []
    after = 0
    while batch := await list_after(db, after, _BATCH):
        after = batch[-1].id
        are_there = await _few_at_once(lambda each: _is_there(store, each), batch)
        suspects = [each.key for each, is_there in zip(batch, are_there, strict=True) if not is_there]
        if suspects:
            # Not those that were deleted meanwhile.
            live = await find_live_among(db, suspects)
            missing += [key for key in suspects if key in live]
    return missing


async def _keys_in(store: ObjectStore) -> AsyncGenerator[list[str]]:
    keys: list[str] = []
    async for head in store.list():
        if not head.key.startswith(f"{PROBES}/"):
            keys.append(head.key)
        if len(keys) == _BATCH:
            yield keys
            keys = []
    if keys:
        yield keys


async def _measure(store: ObjectStore, key: str) -> Measured | None:
    digest, size = hashlib.sha256(), 0
    try:
        async for run in store.read(key):
            await asyncio.to_thread(digest.update, run)
            size += len(run)
    except FileNotFoundError:
        return None
    return Measured(key, size, digest.digest())


async def _is_there(store: ObjectStore, known: StoredObject) -> bool:
    head = await store.find_head(known.key)
    return head is not None and head.size == known.size


async def _few_at_once(ask: Callable[[A], Awaitable[B]], about: Sequence[A]) -> list[B]:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(each: A) -> B:
        async with slots:
            return await ask(each)

    tasks = [asyncio.ensure_future(one(each)) for each in about]
    try:
        return await asyncio.gather(*tasks)
    finally:
        # Where one failed, the others are not asked any more.
        for task in tasks:
            task.cancel()
