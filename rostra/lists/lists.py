"""Making, changing and deleting lists."""

from __future__ import annotations

from typing import Final

from rostra.entities import personal as entities
from rostra.entities.personal import RepliesPolicy
from rostra.events import Emit, ListChanged
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.lists import queries
from rostra.lists.queries import ListRecord

MAX_LISTS: Final = 50
MAX_TITLE: Final = 256


def render_list(record: ListRecord) -> entities.List:
    """A list as an entity."""
    return entities.List(
        id=str(record.id), title=record.title, replies_policy=record.replies_policy, exclusive=record.exclusive
    )


async def find_lists(db: Database, owner_id: int) -> list[ListRecord]:
    """All lists of an account, in the order in which they were made."""
    async with db.read() as conn:
        return await queries.find_lists(conn, owner_id)


async def access_list(db: Database, owner_id: int, list_id: int) -> ListRecord:
    """A list of this account. Raises NotFound for any other."""
    async with db.read() as conn:
        found = await queries.find_list(conn, owner_id, list_id)
    if found is None:
        raise NotFound
    return found


async def create_list(
    db: Database,
    clock: Clock,
    emit: Emit,
    owner_id: int,
    *,
    title: str,
    replies_policy: RepliesPolicy = "list",
    exclusive: bool = False,
) -> ListRecord:
    """Make a list. Raises Invalid for an unusable title and for one list too many."""
    title = _checked_title(title)
    async with db.transaction() as tx:
        list_id = await queries.insert_list(
            tx,
            owner_id,
            title=title,
            replies_policy=replies_policy,
            exclusive=exclusive,
            at=clock.now(),
            most=MAX_LISTS,
        )
        if list_id is None:
            raise Invalid("base", f"you can have no more than {MAX_LISTS} lists")
        await emit(tx, ListChanged(list_id=list_id, account_id=owner_id))
    return ListRecord(id=list_id, title=title, replies_policy=replies_policy, exclusive=exclusive)


async def change_list(
    db: Database,
    emit: Emit,
    owner_id: int,
    list_id: int,
    *,
    title: str | None = None,
    replies_policy: RepliesPolicy | None = None,
    exclusive: bool | None = None,
) -> ListRecord:
    """Change what is given. Raises Invalid for an unusable title and NotFound for another's list."""
    title = None if title is None else _checked_title(title)
    async with db.transaction() as tx:
        changed = await queries.update_list(tx, owner_id, list_id, title, replies_policy, exclusive)
        if changed is None:
            raise NotFound
        await emit(tx, ListChanged(list_id=list_id, account_id=owner_id))
    return changed


async def delete_list(db: Database, emit: Emit, owner_id: int, list_id: int) -> None:
    """Delete a list with its members. Raises NotFound for another's list."""
    async with db.transaction() as tx:
        if not await queries.delete_list(tx, owner_id, list_id):
            raise NotFound
        await emit(tx, ListChanged(list_id=list_id, account_id=owner_id))


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise Invalid("title", "can't be blank", code="ERR_BLANK")
    if len(title) > MAX_TITLE:
        raise Invalid("title", f"is too long (maximum is {MAX_TITLE} characters)", code="ERR_TOO_LONG")
    return title
