"""Favourites, bookmarks, pins and muted conversations. Each act may be repeated and then changes nothing.

All of them take the id of a status or of a boost of it. Boosts themselves are in `boost`.
"""

from __future__ import annotations

from typing import Final

from rostra.events import Emit, Favourited, Unfavourited
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import Forbidden, NotFound, Refused
from rostra.levers.active import ActiveLevers
from rostra.posts import queries, reaction_queries
from rostra.posts.labelled import check_levers
from rostra.posts.queries import Parent

MAX_PINS: Final = 5


async def favourite(
    db: Database,
    clock: Clock,
    emit: Emit,
    levers: ActiveLevers,
    *,
    account_id: int,
    status_id: int,
    locale: str = "en",
) -> None:
    """Favourite a status. Raises NotFound, Forbidden where one has blocked its author, and LeverRefused where a crisis
    lever stands against it."""
    async with db.read() as conn:
        subject = await _get_subject(conn, account_id, status_id)
    if subject.is_blocked:
        raise Forbidden
    if subject.is_closed:
        raise Forbidden("Moderation has closed this post to favourites")
    await check_levers(db, levers, subject, "favourite", clock.now(), locale)
    async with db.transaction() as tx:
        if await reaction_queries.insert_favourite(tx, account_id, subject.id, clock.now()):
            await emit(tx, Favourited(status_id=subject.id, account_id=account_id))


async def unfavourite(db: Database, emit: Emit, *, account_id: int, status_id: int) -> None:
    """Take a favourite back, also of a status that is no longer to be seen. Raises NotFound."""
    async with db.transaction() as tx:
        subject_id = await reaction_queries.find_subject_id(tx, status_id)
        if subject_id is None:
            raise NotFound
        if await reaction_queries.delete_favourite(tx, account_id, subject_id):
            await emit(tx, Unfavourited(status_id=subject_id, account_id=account_id))


async def bookmark(db: Database, clock: Clock, *, account_id: int, status_id: int) -> None:
    """Bookmark a status. Raises NotFound."""
    async with db.transaction() as tx:
        subject = await _lock_subject(tx, account_id, status_id)
        await reaction_queries.insert_bookmark(tx, account_id, subject.id, clock.now())


async def unbookmark(db: Database, *, account_id: int, status_id: int) -> None:
    """Take a bookmark back, also of a status that is no longer to be seen. Raises NotFound."""
    async with db.transaction() as tx:
        subject_id = await reaction_queries.find_subject_id(tx, status_id)
        if subject_id is None:
            raise NotFound
        await reaction_queries.delete_bookmark(tx, account_id, subject_id)


async def pin(db: Database, clock: Clock, *, account_id: int, status_id: int) -> None:
    """Show a status first on one's profile. Raises NotFound, and Refused for what cannot be pinned, or not any more."""
    async with db.transaction() as tx:
        found = await reaction_queries.find_pinnable(tx, account_id, status_id)
        if found is None:
            raise NotFound
        if found.is_boost:
            raise Refused("A boost cannot be pinned")
        if not found.is_own:
            raise Refused("Only your own posts can be pinned")
        if found.visibility == "direct":
            raise Refused("A direct message cannot be pinned")
        if found.is_pinned:
            return
        if found.pins >= MAX_PINS:
            raise Refused(f"You have pinned {MAX_PINS} posts already, which is the most")
        await _lock_subject(tx, account_id, status_id)
        await reaction_queries.insert_pin(tx, account_id, status_id, clock.now())


async def unpin(db: Database, *, account_id: int, status_id: int) -> None:
    """Take a pin off; the caller has found the status."""
    async with db.transaction() as tx:
        await reaction_queries.delete_pin(tx, account_id, status_id)


async def mute_conversation(db: Database, *, account_id: int, status_id: int) -> None:
    """Hear no more of the conversation that a status belongs to. Raises NotFound."""
    async with db.transaction() as tx:
        subject = await _lock_subject(tx, account_id, status_id)
        await reaction_queries.mute_conversation(tx, account_id, subject.conversation_id)


async def unmute_conversation(db: Database, *, account_id: int, status_id: int) -> None:
    """Hear of it again. Raises NotFound."""
    async with db.transaction() as tx:
        subject = await _get_subject(tx, account_id, status_id)
        await reaction_queries.unmute_conversation(tx, account_id, subject.conversation_id)


async def _get_subject(conn: Reader, account_id: int, status_id: int) -> Parent:
    subject = await queries.find_subject(conn, account_id, status_id)
    if subject is None:
        raise NotFound
    return subject


async def _lock_subject(tx: Tx, account_id: int, status_id: int) -> Parent:
    """Like `_get_subject`, and it cannot be deleted until the transaction ends."""
    subject = await _get_subject(tx, account_id, status_id)
    if not await reaction_queries.lock_counts(tx, subject.id):
        raise NotFound
    return subject
