"""Taking notifications away, as their owner wishes."""

from __future__ import annotations

from rostra.kit.db import Database
from rostra.notifications import queries


async def dismiss(db: Database, account_id: int, notification_id: int) -> None:
    """Remove one; one that is not there is no error."""
    async with db.transaction() as tx:
        await queries.delete_one(tx, account_id, notification_id)


async def clear(db: Database, account_id: int) -> None:
    """Remove all of an account's notifications."""
    async with db.transaction() as tx:
        await queries.delete_all(tx, account_id)
