"""Idempotency keys: a request that is sent again, or twice at once, is answered with what it made the first time.

Per account and kept for an hour. A key is written with what it stands for, and is unique: of two requests at once the
second waits until the first has committed, and then finds what that has made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import asyncpg
import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound, Unavailable
from rostra.posts import queries
from rostra.posts.records import Made

KEY_LIFE: Final = timedelta(hours=1)
_TRIES: Final = 3

P = TypeVar("P")


class Key(msgspec.Struct, frozen=True):
    """A key as it is stored."""

    digest: str


async def find_made(db: Database, account_id: int, key: str | None, at: datetime) -> Made | None:
    """What an earlier request of this account with this key has made, within the last hour. Asked before `make_once`,
    which judges and composes before it finds out."""
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
    write: Callable[[Tx, P, Key | None], Awaitable[Made]],
    *,
    is_one_statement: Callable[[P], bool] = lambda _: False,
) -> Made:
    """`write` what `prepare` gives, and its key, in one transaction, unless a request with the same key has done so
    already. `is_one_statement` says of what needs none of its own, for `write` is one."""
    kept = Key(_digest(key)) if key else None
    try:
        prepared = await prepare()
    except (Invalid, NotFound):
        # What this request wants may be gone because its twin has just used it: the same media, for one.
        earlier = await find_made(db, account_id, key, clock.now())
        if earlier is None:
            raise
        return earlier
    for _ in range(_TRIES):
        try:
            async with db.autocommit() if is_one_statement(prepared) else db.transaction() as tx:
                return await write(tx, prepared, kept)
        except asyncpg.UniqueViolationError as error:
            if kept is None or getattr(error, "constraint_name", "") != queries.KEYS:
                raise
        earlier = await find_made(db, account_id, key, clock.now())
        if earlier is not None:
            return earlier
        # What stands in the way is too old to matter.
        await forget_keys(db, clock)
    raise Unavailable("an idempotency key comes and goes")


async def forget_keys(db: Database, clock: Clock) -> None:
    """Forget keys that are too old to matter; for a periodic job."""
    async with db.transaction() as tx:
        await queries.delete_keys(tx, clock.now() - KEY_LIFE)


def _digest(key: str) -> str:
    """Clients choose keys of any length and bytes."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
