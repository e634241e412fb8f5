"""Deleting one's own status, with everything that had counted it set right."""

from __future__ import annotations

from rostra.events import Emit, StatusDeleted
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.media.attach import delete_media_of_status, release_media
from rostra.posts import delete_queries
from rostra.posts.boost import unboost


async def delete(
    db: Database, clock: Clock, emit: Emit, *, account_id: int, status_id: int, delete_media: bool = False
) -> None:
    """Delete the account's own status with all boosts of it; a boost is taken back.

    Its pictures are let go, so that a new draft can use them for a day; with `delete_media` they go at once. Raises
    NotFound.
    """
    async with db.read() as conn:
        status = await delete_queries.find_own(conn, status_id, account_id)
    if status is None:
        raise NotFound
    if status.reblog_of_id is not None:
        await unboost(db, emit, account_id=account_id, status_id=status_id)
        return
    async with db.transaction() as tx:
        if not await delete_queries.lock_for_deletion(tx, status):
            raise NotFound
        boost_ids = await delete_queries.find_boosts(tx, status_id)
        await delete_queries.uncount(tx, status, account_id)
        keys: list[str] = []
        if delete_media:
            keys = await delete_media_of_status(tx, status_id)
        else:
            await release_media(tx, status_id, clock.now())
        await delete_queries.delete_status(tx, status)
        await emit(
            tx,
            StatusDeleted(status_id=status_id, account_id=account_id, media_keys=keys, boost_ids=boost_ids),
        )


async def get_text(db: Database, *, account_id: int, status_id: int) -> str:
    """What the author typed, for drafting it anew. Raises NotFound where it is not the account's own."""
    async with db.read() as conn:
        status = await delete_queries.find_own(conn, status_id, account_id)
    if status is None:
        raise NotFound
    return status.text
