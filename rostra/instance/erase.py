"""Leaving for good. The account is hidden and every way in ended at once; a job then takes it apart in pieces.

All of it can be repeated: a worker that dies in between leaves less for the next one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from rostra.accounts.queries import insert_departed
from rostra.accounts.sessions import end_all_access
from rostra.accounts.user_queries import count_owners, lock_user
from rostra.events import AccountClosed, AccountDeleted, Emit, StatusDeleted
from rostra.instance import erase_queries as queries
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger import erase as ledger
from rostra.ledger.append import Entry, append

_BATCH: Final = 200
_KEYS_PER_EVENT: Final = 1_000


async def close_account(
    db: Database, clock: Clock, emit: Emit, account_id: int, *, actor_id: int | None = None
) -> None:
    """Hide an account, end every way in, and have it erased. Raises NotFound, and Invalid for the last owner.

    `actor_id` is the member of staff who does it; None where people do so themselves.
    """
    async with db.transaction() as tx:
        user = await lock_user(tx, account_id)
        if user is None:
            raise NotFound
        if user.role == "owner" and await count_owners(tx) < 2:
            raise Invalid("base", "The server must have an owner: make somebody else the owner first.")
        await queries.close_account(tx, account_id, clock.now())
        await end_all_access(tx, emit, account_id)
        await emit(tx, AccountClosed(account_id=account_id))
        if actor_id is not None:
            closed = Entry(type="account_erased", subject_kind="account", subject_id=account_id, actor_id=actor_id)
            await append(tx, clock.now(), closed)


async def erase_account(db: Database, clock: Clock, emit: Emit, account_id: int) -> None:
    """Take a closed account apart; nothing happens where there is none. The files are AccountDeleted's to remove."""
    async with db.read() as conn:
        leaver = await queries.find_leaver(conn, account_id)
    if leaver is None:
        return
    for piece in (_erase_statuses, _erase_mentions, _erase_favourites, _erase_follows):
        await _until_done(db, emit, account_id, piece)
    await _leave_ledger(db, clock, account_id)
    async with db.transaction() as tx:
        keys = await queries.list_keys(tx, account_id)
        await queries.delete_account(tx, account_id)
        await insert_departed(tx, leaver["username"], clock.now())
        for start in range(0, max(len(keys), 1), _KEYS_PER_EVENT):
            some = keys[start : start + _KEYS_PER_EVENT]
            await emit(tx, AccountDeleted(account_id=account_id, media_keys=some))


async def _until_done(
    db: Database, emit: Emit, account_id: int, piece: Callable[[Tx, Emit, int], Awaitable[bool]]
) -> None:
    more = True
    while more:
        async with db.transaction() as tx:
            more = await piece(tx, emit, account_id)


async def _leave_ledger(db: Database, clock: Clock, account_id: int) -> None:
    """What is appended about them from now on is erased by the hour (`ledger.erase_departed`)."""
    more = True
    while more:
        async with db.transaction() as tx:
            more = await ledger.erase_account(tx, clock.now(), account_id)


async def _erase_statuses(tx: Tx, emit: Emit, account_id: int) -> bool:
    rows = await queries.list_statuses(tx, account_id, _BATCH)
    ids: list[int] = [row["id"] for row in rows]
    # What nobody but those mentioned can see is not counted as a reply.
    answered = [row["in_reply_to_id"] for row in rows if row["in_reply_to_id"] and row["visibility"] in _LISTED]
    boosted = [row["reblog_of_id"] for row in rows if row["reblog_of_id"]]
    await queries.lock_statuses(tx, sorted({*ids, *answered, *boosted}))
    await queries.count_fewer_replies(tx, answered)
    await queries.count_fewer_reblogs(tx, boosted)
    boosts = await queries.count_fewer_boosts(tx, ids, account_id)
    await queries.orphan_replies(tx, ids, account_id)
    await queries.delete_statuses(tx, ids, sorted({row["conversation_id"] for row in rows}))
    if ids:
        # One event for all: those who look at a timeline see them go. The files come last, with the account's.
        await emit(tx, StatusDeleted(status_id=ids[0], account_id=account_id, boost_ids=[*ids[1:], *boosts]))
    return len(rows) == _BATCH


_LISTED: Final = ("public", "unlisted")


async def _erase_mentions(tx: Tx, _: Emit, account_id: int) -> bool:
    status_ids = await queries.list_mentions(tx, account_id, _BATCH)
    await queries.delete_mentions(tx, account_id, status_ids)
    return len(status_ids) == _BATCH


async def _erase_favourites(tx: Tx, _: Emit, account_id: int) -> bool:
    rows = await queries.list_favourites(tx, account_id, _BATCH)
    await queries.lock_statuses(tx, sorted({row["status_id"] for row in rows}))
    await queries.delete_favourites(tx, [row["id"] for row in rows])
    return len(rows) == _BATCH


async def _erase_follows(tx: Tx, _: Emit, account_id: int) -> bool:
    rows = await queries.list_follows(tx, account_id, _BATCH)
    await queries.delete_follows(tx, [row["id"] for row in rows])
    return len(rows) == _BATCH
