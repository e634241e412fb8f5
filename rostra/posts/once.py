"""Idempotency keys: a request that is sent again, or twice at once, is answered with what it made the first time.

Per account and kept for an hour. The key's lock is held until the commit, so that of two requests at once the second
finds what the first has made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.posts import queries
from rostra.posts.records import Made

KEY_LIFE: Final = timedelta(hours=1)

P = TypeVar("P")


async def find_made(db: Database, account_id: int, key: str | None, at: datetime) -> Made | None:
    """What an earlier request of this account with this key has made, within the last hour."""
    if not key:
        return None
    async with db.read() as conn:
        return await queries.find_made(conn, account_id, _digest(key), at - KEY_LIFE)


async def make_once(
    db: Database,
    clock: Clock,
    account_id: int,
    key: str | None,
    prepare: Callable[[], Awaitable[P]],
    write: Callable[[Tx, P], Awaitable[Made]],
) -> Made:
    """`write` what `prepare` gives, in one transaction, unless a request with the same key has done so already."""
    if not key:
        prepared = await prepare()
        async with db.transaction() as tx:
            return await write(tx, prepared)
    earlier = await find_made(db, account_id, key, clock.now())
    if earlier is not None:
        return earlier
    try:
        prepared = await prepare()
    except (Invalid, NotFound):
        # What this request wants may be gone because its twin has just used it: the same media, for one.
        earlier = await find_made(db, account_id, key, clock.now())
        if earlier is None:
            raise
        return earlier
    digest, since = _digest(key), clock.now() - KEY_LIFE
    async with db.transaction() as tx:
        await queries.lock_key(tx, account_id, digest)
        earlier = await queries.find_made(tx, account_id, digest, since)
        if earlier is not None:
            return earlier
        made = await write(tx, prepared)
        await queries.keep_key(tx, account_id, digest, made, clock.now())
        return made


async def forget_keys(db: Database, clock: Clock) -> None:
    """Forget keys that are too old to matter; for a periodic job."""
    async with db.transaction() as tx:
        await queries.delete_keys(tx, clock.now() - KEY_LIFE)


def _digest(key: str) -> str:
    """Clients choose keys of any length and bytes."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
