"""Keeping the index: after a post, an edit, or an author's change of mind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.kit.db import Database
from rostra.search import queries

_BATCH: Final = 2000


async def index(db: Database, status_ids: Sequence[int]) -> None:
    """Make statuses findable. One that is gone meanwhile is no error, and boosts are passed over."""
    async with db.autocommit() as tx:
        await queries.index(tx, status_ids)


async def take_out_of_search(db: Database, status_id: int) -> None:
    """Have nobody find a status."""
    async with db.autocommit() as tx:
        await queries.delete_entry(tx, status_id)


async def reopen(db: Database, account_id: int) -> None:
    """Have all posts of an author found by anybody, or not, as the author now wishes; a batch in each transaction."""
    after: int | None = -1
    while after is not None:
        async with db.transaction() as tx:
            after = await queries.reopen(tx, account_id, after, _BATCH)
