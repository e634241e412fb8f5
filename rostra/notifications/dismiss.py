"""Taking notifications away: by their owner, or because what they told of was undone."""

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


async def withdraw(
    db: Database, kind: str, *, from_id: int, status_id: int | None = None, account_id: int | None = None
) -> None:
    """Take back what no longer holds."""
    async with db.transaction() as tx:
        await queries.withdraw(tx, kind, from_id=from_id, status_id=status_id, account_id=account_id)
