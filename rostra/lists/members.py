"""Who is in a list: only those whom its owner follows or has asked to follow, and the owner."""

from __future__ import annotations

from collections.abc import Sequence

from rostra.events import Emit, ListChanged
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.lists import queries
from rostra.lists.queries import ListRecord


async def find_members(db: Database, list_id: int, window: Window) -> Page[int]:
    """A page of the ids of a list's members, the latest added first; suspended ones are left out."""
    async with db.read() as conn:
        rows = await queries.find_members(conn, list_id, window)
    return Page(
        [account_id for _, account_id in rows],
        newest=rows[0][0] if rows else None,
        oldest=rows[-1][0] if rows else None,
        more=len(rows) == window.limit,
    )


async def find_lists_with(db: Database, owner_id: int, account_id: int) -> list[ListRecord]:
    """The owner's lists that have `account_id` as a member."""
    async with db.read() as conn:
        return await queries.find_lists_with(conn, owner_id, account_id)


async def add_members(
    db: Database, clock: Clock, emit: Emit, owner_id: int, list_id: int, account_ids: Sequence[int]
) -> None:
    """Add to the owner's list, all or none. Raises NotFound for another's list and for those who are not followed."""
    wanted = sorted(set(account_ids))
    async with db.transaction() as tx:
        if await queries.find_list(tx, owner_id, list_id) is None:
            raise NotFound
        if len(await queries.find_eligible(tx, owner_id, wanted)) != len(wanted):
            raise NotFound
        await queries.insert_members(tx, list_id, wanted, clock.now())
        await emit(tx, ListChanged(list_id=list_id, account_id=owner_id))


async def remove_members(db: Database, emit: Emit, owner_id: int, list_id: int, account_ids: Sequence[int]) -> None:
    """Remove from the owner's list; who is not in it is no error. Raises NotFound for another's list."""
    async with db.transaction() as tx:
        if await queries.find_list(tx, owner_id, list_id) is None:
            raise NotFound
        await queries.delete_members(tx, list_id, account_ids)
        await emit(tx, ListChanged(list_id=list_id, account_id=owner_id))
