"""Following: at once, or by a request where the target is locked or the follower is limited; and the way back."""

from __future__ import annotations

import re
from typing import Final

from rostra.events import Emit, FollowAccepted, Followed, FollowRequested, Unfollowed
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Forbidden, Invalid, NotFound
from rostra.relationships import people_queries, queries
from rostra.relationships.find import get_target
from rostra.relationships.records import FollowOptions

DEFAULT_OPTIONS: Final = FollowOptions()
HAS_MOVED: Final = "Your account has moved to another one: take that back to post or follow from here"
_MAX_LANGUAGES: Final = 50
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BATCH: Final = 500


async def follow(
    db: Database, clock: Clock, emit: Emit, viewer_id: int, target_id: int, options: FollowOptions = DEFAULT_OPTIONS
) -> None:
    """Follow or ask to; where that was done already, change the options.

    Raises NotFound for an unknown or suspended target, Forbidden for oneself, where a block stands between the two, and
    for an account that has moved away; Invalid for unusable languages.
    """
    _check_languages(options.languages)
    if viewer_id == target_id:
        raise Forbidden
    at = clock.now()
    async with db.transaction() as tx:
        await queries.lock_pair(tx, viewer_id, target_id)
        target = await get_target(tx, viewer_id, target_id)
        if target.suspended:
            raise NotFound
        if target.blocks_viewer or target.blocked_by_viewer or target.domain_blocked:
            raise Forbidden
        if await queries.update_follow(tx, viewer_id, target_id, options):
            return
        if target.viewer_moved:
            raise Forbidden(HAS_MOVED)
        if target.locked or target.viewer_silenced:
            await queries.insert_request(tx, viewer_id, target_id, options, at)
            await emit(tx, FollowRequested(account_id=viewer_id, target_id=target_id))
        else:
            await queries.insert_follow(tx, viewer_id, target_id, options, at)
            await emit(tx, Followed(account_id=viewer_id, target_id=target_id))


async def unfollow(db: Database, emit: Emit, viewer_id: int, target_id: int) -> None:
    """End a follow, or withdraw a request; neither being there is no error. Raises NotFound for an unknown target."""
    async with db.transaction() as tx:
        await queries.lock_pair(tx, viewer_id, target_id)
        await get_target(tx, viewer_id, target_id)
        await queries.delete_request(tx, viewer_id, target_id)
        await end_follow(tx, emit, viewer_id, target_id)


async def remove_follower(db: Database, emit: Emit, viewer_id: int, follower_id: int) -> None:
    """Have `follower_id` no longer follow the viewer. Raises NotFound for an unknown account."""
    async with db.transaction() as tx:
        await queries.lock_pair(tx, viewer_id, follower_id)
        await get_target(tx, viewer_id, follower_id)
        await end_follow(tx, emit, follower_id, viewer_id)


async def end_follow(tx: Tx, emit: Emit, account_id: int, target_id: int) -> None:
    """Delete a follow, if there is one, and say so. The pair must be locked."""
    if await queries.delete_follow(tx, account_id, target_id):
        await emit(tx, Unfollowed(account_id=account_id, target_id=target_id))


async def accept_request(db: Database, clock: Clock, emit: Emit, account_id: int, requester_id: int) -> None:
    """Let `requester_id` follow, as they asked. Raises NotFound where they did not ask."""
    async with db.transaction() as tx:
        await queries.lock_pair(tx, account_id, requester_id)
        options = await queries.delete_request(tx, requester_id, account_id, refused=False)
        if options is None:
            raise NotFound
        await queries.insert_follow(tx, requester_id, account_id, options, clock.now())
        await emit(tx, FollowAccepted(account_id=requester_id, target_id=account_id))
        await emit(tx, Followed(account_id=requester_id, target_id=account_id))


async def reject_request(db: Database, account_id: int, requester_id: int) -> None:
    """Refuse a request. Raises NotFound where there is none."""
    async with db.transaction() as tx:
        await queries.lock_pair(tx, account_id, requester_id)
        if await queries.delete_request(tx, requester_id, account_id) is None:
            raise NotFound


async def accept_all_requests(db: Database, clock: Clock, emit: Emit, account_id: int) -> None:
    """Once an account is no longer locked, accept whoever waits, but for those who are limited on this server.

    Does nothing for a locked account.
    """
    while True:
        async with db.read() as conn:
            waiting = await people_queries.find_waiting(conn, account_id, _BATCH)
        for requester_id in waiting:
            try:
                await accept_request(db, clock, emit, account_id, requester_id)
            except NotFound:
                continue
        if len(waiting) < _BATCH:
            return


def _check_languages(languages: list[str] | None) -> None:
    if languages is None:
        return
    if len(languages) > _MAX_LANGUAGES:
        raise Invalid("languages", f"must not be more than {_MAX_LANGUAGES}")
    if not all(_LANGUAGE.fullmatch(language) for language in languages):
        raise Invalid("languages", "must be language codes such as en or pt-BR")
