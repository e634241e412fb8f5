"""Keeping home timelines: copying a status to those who follow its author or one of its hashtags, filling in after a
follow, taking out after an unfollow, trimming.

Works in batches, each a transaction of its own; a batch that is done twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import asyncpg

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.ids import MAX_ID, first_id_at
from rostra.timelines import queries
from rostra.timelines.announce import CHANNEL, NewStatus, encode

BATCH: Final = 2000
# With so many followers, an author's posts are merged into home timelines when they are read.
MERGE_FROM: Final = 5000
KEPT_ENTRIES: Final = 800
_BACKFILL: Final = 40
# Each of these stands in as many home timelines as the author has followers.
_HIDDEN_TOGETHER: Final = 20
_SHOWN_TOGETHER: Final = 200


async def fan_out(db: Database, status_id: int, *, is_boost: bool = False) -> None:
    """Copy a status out, and tell the web processes. One that was deleted meanwhile is no error.

    A new status stands in hardly any home timeline yet; where it does (a batch is done again, somebody has followed
    its author at the same moment), and for boosts, each entry is looked for before it is written.
    """
    said = encode(NewStatus(status_id=status_id))
    after: int | None = -1
    is_new = not is_boost
    while after is not None:
        try:
            async with db.autocommit() as tx:
                after = await queries.copy_out(
                    tx, status_id, after=after, limit=BATCH, is_new=is_new, channel=CHANNEL, said=said
                )
        except asyncpg.UniqueViolationError:
            if not is_new:
                raise
            is_new = False


async def show_to_author(db: Database, status_id: int) -> None:
    """Put a status into its author's own home timeline ahead of the worker, for a page that shows it at once."""
    async with db.autocommit() as tx:
        await queries.insert_own_entry(tx, status_id)


async def fill_in(db: Database, account_id: int, author_id: int) -> None:
    """After a follow: show the author's latest posts, and see whether the author has become a large one."""
    async with db.transaction() as tx:
        await queries.merge_large_author(tx, author_id, MERGE_FROM)
        await queries.insert_latest_of(tx, account_id, author_id, _BACKFILL)


async def take_out(db: Database, account_id: int, author_id: int) -> None:
    """After an unfollow, unless the author is followed again by now."""
    async with db.transaction() as tx:
        await queries.delete_entries_of(tx, account_id, author_id)


async def take_out_hidden(db: Database, author_id: int) -> None:
    """Take a suspended author out of all home timelines; nothing happens where they are not suspended any more."""
    below: int | None = MAX_ID
    while below is not None:
        async with db.autocommit() as tx:
            below = await queries.delete_hidden(tx, author_id, below=below, limit=_HIDDEN_TOGETHER)


async def put_back_shown(db: Database, author_id: int) -> None:
    """Show an author's latest posts to followers again, after a suspension that has ended."""
    after: int | None = -1
    while after is not None:
        async with db.autocommit() as tx:
            after = await queries.fill_followers(tx, author_id, after=after, limit=_SHOWN_TOGETHER, latest=_BACKFILL)


async def trim_all(db: Database, clock: Clock) -> None:
    """Keep the home timelines that grew in the last two days to a bounded length."""
    since = first_id_at(clock.now() - timedelta(days=2))
    after = -1
    while True:
        async with db.transaction() as tx:
            accounts = await queries.find_grown(tx, since, after, BATCH)
            if not accounts:
                return
            await queries.trim(tx, accounts, KEPT_ENTRIES)
        after = accounts[-1]
