"""Moving from one account to another: what has to be so before, and what follows, in batches.

The old account stays and sends its visitors on; it neither posts nor follows until its owner takes that back. What
moderation has said of it stays with it, too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from rostra.archive import move_queries as queries
from rostra.archive.aliases import find_named
from rostra.archive.move_queries import Link, LockedMove, Move, Mover
from rostra.events import Emit, Moved, ProfileChanged, TokensRevoked
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Forbidden, Invalid, NotFound, Refused
from rostra.relationships.bulk import block_all, follow_all, unfollow_all
from rostra.text.urls import Urls

BETWEEN_MOVES: Final = timedelta(days=30)
BATCH: Final = 200
_MOST_LINKS: Final = 20

Hindrance = Literal["suspended", "frozen", "limited", "too_soon"]
_WHY: Final[dict[Hindrance, str]] = {
    "suspended": "A suspended account cannot move: what was decided on it would be left behind",
    "frozen": "A frozen account cannot move: what was decided on it would be left behind",
    "limited": "A limited account cannot move: what was decided on it would be left behind",
    "too_soon": "You have moved less than 30 days ago",
}


class Hindered(Refused):
    """The account cannot move now; `why` says what stands against it."""

    def __init__(self, why: Hindrance) -> None:
        self.why: Hindrance = why
        super().__init__(_WHY[why])


async def find_move(db: Database, account_id: int) -> Move | None:
    """The last move of an account."""
    async with db.read() as conn:
        return await queries.find_newest_move(conn, account_id)


async def list_links(db: Database, account_id: int) -> list[Link]:
    """The accounts that somebody has moved to or come from, for those who look at the person."""
    async with db.read() as conn:
        return await queries.find_links(conn, account_id, _MOST_LINKS)


async def find_hindrance(db: Database, clock: Clock, account_id: int) -> Hindrance | None:
    """What stands against a move of this account, if anything. Raises NotFound."""
    async with db.transaction() as tx:
        mover = (await queries.lock_movers(tx, [account_id])).get(account_id)
    if mover is None:
        raise NotFound
    return _hindrance(mover, clock.now())


async def start_move(
    db: Database,
    clock: Clock,
    emit: Emit,
    urls: Urls,
    account_id: int,
    named: str,
    *,
    mode: Literal["redirect", "followers"],
) -> int:
    """Have an account send its visitors to another one, and its followers too (`mode`); the move's id. The caller has
    asked for the password.

    Raises Hindered, Invalid("target") where the other account is none, does not name this one as its alias or has moved
    away itself, and Elsewhere where it is on another server.
    """
    at = clock.now()
    async with db.read() as conn:
        target = await find_named(conn, urls, named, "target")
    if target.id == account_id:
        raise Invalid("target", "is this account itself")
    async with db.transaction() as tx:
        movers = await queries.lock_movers(tx, [account_id, target.id])
        mover, goal = movers.get(account_id), movers.get(target.id)
        if mover is None:
            raise NotFound
        if why := _hindrance(mover, at):
            raise Hindered(why)
        _check_target(mover, goal)
        move_id = await queries.insert_move(tx, account_id, target.id, mode, at)
        await queries.set_moved(tx, account_id, target.id, at)
        await emit(tx, Moved(account_id=account_id, target_id=target.id, move_id=move_id, follows=mode == "followers"))
        await _tell(tx, emit, account_id)
    return move_id


async def undo_move(db: Database, clock: Clock, emit: Emit, account_id: int) -> None:
    """Send nobody on any more. Followers who have gone do not come back by that; what is still on its way stops."""
    async with db.transaction() as tx:
        mover = (await queries.lock_movers(tx, [account_id])).get(account_id)
        if mover is None or mover.moved_to_id is None:
            raise NotFound
        if mover.frozen or mover.suspended:
            raise Forbidden
        await queries.end_moves(tx, account_id, clock.now())
        await queries.set_moved(tx, account_id, None, None)
        await emit(tx, Moved(account_id=account_id, target_id=None))
        await _tell(tx, emit, account_id)


async def carry_over(db: Database, clock: Clock, emit: Emit, move_id: int) -> None:
    """Bring the followers of an account to where it has gone, from wherever it was left; and what others hold against
    the old account, first of all."""
    after = 0
    while (last := await _carry_blocks(db, clock, emit, move_id, after)) is not None:
        after = last
    while await carry_batch(db, clock, emit, move_id):
        pass


async def carry_batch(db: Database, clock: Clock, emit: Emit, move_id: int) -> bool:
    """One batch of followers: they follow the new account instead of the old one. Who may not follow it stays. Nobody
    is told: a move is one piece of news, not one for each follower. Whether there are more."""
    async with db.transaction() as tx:
        move = await queries.lock_move(tx, move_id)
        if move is None or move.state != "running":
            return False
        at = clock.now()
        followers = await queries.find_followers(tx, move, BATCH)
        if followers:
            await _carry(tx, emit, move, followers, at)
        if len(followers) < BATCH:
            await queries.copy_quiet(tx, move, at)
            await queries.finish(tx, move_id, at)
        return len(followers) == BATCH


async def _carry(tx: Tx, emit: Emit, move: LockedMove, followers: list[queries.Follower], at: datetime) -> None:
    wishes = [follower.wish(move.target_id) for follower in followers]
    became = await follow_all(tx, emit, wishes, at, tells=False)
    gone = [who for (who, _), outcome in became.items() if outcome in ("followed", "requested", "changed")]
    await queries.carry_memberships(tx, move, gone, at)
    # What they have read of the old account stays in their home timelines.
    await unfollow_all(tx, emit, [(who, move.account_id) for who in gone], empties_homes=False)
    await queries.advance(tx, move.id, followers[-1].id, len(gone))


async def _carry_blocks(db: Database, clock: Clock, emit: Emit, move_id: int, after: int) -> int | None:
    """Whoever has blocked the old account has blocked the new one; where this batch ended, None at the end."""
    async with db.transaction() as tx:
        move = await queries.lock_move(tx, move_id)
        if move is None or move.state != "running":
            return None
        blockers = await queries.find_blockers(tx, move, after, BATCH)
        await block_all(tx, emit, [(who, move.target_id) for _, who in blockers], clock.now())
        return blockers[-1][0] if len(blockers) == BATCH else None


async def _tell(tx: Tx, emit: Emit, account_id: int) -> None:
    """Others see it in the profile; this person's apps and sessions notice at once what they may do now."""
    await emit(tx, ProfileChanged(account_id=account_id))
    await emit(tx, TokensRevoked(account_id=account_id))


def _hindrance(mover: Mover, at: datetime) -> Hindrance | None:
    if mover.suspended:
        return "suspended"
    if mover.frozen:
        return "frozen"
    if mover.limited:
        return "limited"
    return "too_soon" if mover.last_moved_at and at - mover.last_moved_at < BETWEEN_MOVES else None


def _check_target(mover: Mover, target: Mover | None) -> None:
    if target is None or target.suspended or not target.usable:
        raise Invalid("target", "is not the address of any account here")
    if mover.uri not in target.also_known_as:
        raise Invalid("target", "does not name this account as its alias: add it there first")
    if target.moved_to_id is not None:
        raise Invalid("target", "has moved away itself")
