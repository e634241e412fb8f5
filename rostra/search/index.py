"""Keeping the index: after a post, an edit, or an author's change of mind."""

from __future__ import annotations

from collections.abc import Sequence

from rostra.kit.db import Database
from rostra.search import queries


async def index(db: Database, status_ids: Sequence[int]) -> None:
    """Make statuses findable. One that is gone meanwhile is no error."""
    async with db.transaction() as tx:
        await queries.index(tx, status_ids)


async def reopen(db: Database, account_id: int) -> None:
    """Have all posts of an author found, or not, as the author now wishes."""
    async with db.transaction() as tx:
        await queries.reopen(tx, account_id)
