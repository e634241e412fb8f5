"""Blocks, mutes, blocked domains, and the private note about somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rostra.events import Emit, Unfollowed
from rostra.kit.addresses import normalise_domain
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Forbidden, Invalid
from rostra.relationships import people_queries, queries
from rostra.relationships.find import get_target
from rostra.relationships.follow import end_follow

MAX_NOTE: Final = 2000
_MAX_MUTE: Final = timedelta(days=365 * 100)


async def block(db: Database, clock: Clock, emit: Emit, viewer_id: int, target_id: int) -> None:
    """Block: neither follows, lists or asks to follow the other any more, and what the viewer was told of the target
    is gone. Raises NotFound for an unknown target, Forbidden for oneself."""
    if viewer_id == target_id:
        raise Forbidden
    async with db.transaction() as tx:
        await queries.lock_pair(tx, viewer_id, target_id)
        await get_target(tx, viewer_id, target_id)
        if not await queries.insert_block(tx, viewer_id, target_id, clock.now()):
            return
        for one, other in ((viewer_id, target_id), (target_id, viewer_id)):
            await queries.delete_follow(tx, one, other)
            await queries.delete_request(tx, one, other)
            # Said even where there was no follow: posts also arrive by hashtags.
            await emit(tx, Unfollowed(account_id=one, target_id=other))
        await queries.forget_notices(tx, viewer_id, target_id)


async def unblock(db: Database, viewer_id: int, target_id: int) -> None:
    """Lift a block; nothing that it ended comes back. Raises NotFound for an unknown target."""
    async with db.transaction() as tx:
        await get_target(tx, viewer_id, target_id)
        await queries.delete_block(tx, viewer_id, target_id)


async def mute(
    db: Database, clock: Clock, viewer_id: int, target_id: int, *, notifications: bool = True, duration: int = 0
) -> None:
    """Mute, for `duration` seconds or (0) until it is lifted; a second mute replaces the first.

    Nothing is taken out of timelines, since every reader asks for what is wanted at its time: a mute that has run out
    gives everything back. Raises NotFound for an unknown target, Forbidden for oneself, Invalid for the duration.
    """
    if viewer_id == target_id:
        raise Forbidden
    at = clock.now()
    async with db.transaction() as tx:
        await get_target(tx, viewer_id, target_id)
        await queries.upsert_mute(
            tx, viewer_id, target_id, hide_notifications=notifications, expires_at=_mute_end(at, duration), at=at
        )
        if notifications:
            await queries.forget_notices(tx, viewer_id, target_id)


def _mute_end(at: datetime, duration: int) -> datetime | None:
    if not 0 <= duration <= _MAX_MUTE.total_seconds():
        raise Invalid("duration", "must be a number of seconds, or 0 for no end")
    return at + timedelta(seconds=duration) if duration else None


async def unmute(db: Database, viewer_id: int, target_id: int) -> None:
    """Lift a mute. Raises NotFound for an unknown target."""
    async with db.transaction() as tx:
        await get_target(tx, viewer_id, target_id)
        await queries.delete_mute(tx, viewer_id, target_id)


async def write_note(db: Database, clock: Clock, viewer_id: int, target_id: int, comment: str) -> None:
    """Keep a note that only the viewer sees; an empty one deletes it. Raises NotFound, and Invalid for one too long."""
    comment = comment.strip()
    if len(comment) > MAX_NOTE:
        raise Invalid("comment", f"is too long (maximum is {MAX_NOTE} characters)", code="ERR_TOO_LONG")
    async with db.transaction() as tx:
        await get_target(tx, viewer_id, target_id)
        await queries.upsert_note(tx, viewer_id, target_id, comment, clock.now())


async def block_domain(db: Database, clock: Clock, emit: Emit, viewer_id: int, domain: str, *, own_domain: str) -> None:
    """Hide everybody on another server, and end the follows between them and the viewer.

    Each follow ends in a transaction of its own; a second call finishes what an interrupted one left. Raises Invalid.
    """
    domain = _checked_domain(domain, own_domain)
    if domain == own_domain:
        raise Invalid("domain", "is this server's own", code="ERR_OWN_DOMAIN")
    async with db.transaction() as tx:
        await people_queries.insert_domain_block(tx, viewer_id, domain, clock.now())
    async with db.read() as conn:
        others = await people_queries.find_tied_to_domain(conn, viewer_id, domain)
    for other in others:
        async with db.transaction() as tx:
            await queries.lock_pair(tx, viewer_id, other)
            for one, target in ((viewer_id, other), (other, viewer_id)):
                await end_follow(tx, emit, one, target)
                await queries.delete_request(tx, one, target)
            await queries.forget_notices(tx, viewer_id, other)


async def unblock_domain(db: Database, viewer_id: int, domain: str, *, own_domain: str) -> None:
    """Lift the block of a domain; one that was not blocked is no error. Raises Invalid."""
    async with db.transaction() as tx:
        await people_queries.delete_domain_block(tx, viewer_id, _checked_domain(domain, own_domain))


async def count_tied_to_domain(db: Database, viewer_id: int, domain: str, *, own_domain: str) -> tuple[int, int]:
    """How many the viewer follows on a domain, and how many there follow the viewer. Raises Invalid."""
    async with db.read() as conn:
        return await people_queries.count_tied_to_domain(conn, viewer_id, _checked_domain(domain, own_domain))


def _checked_domain(domain: str, own_domain: str) -> str:
    return normalise_domain(domain.strip(), allow_port=":" in own_domain)
