"""SQL of lists and their members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.entities.personal import RepliesPolicy
from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window, both_orders

OWN_LISTS: Final = "select id, title, replies_policy, exclusive from lists where account_id = $1 order by id"

OWN_LIST: Final = "select id, title, replies_policy, exclusive from lists where account_id = $1 and id = $2"

LISTS_WITH: Final = """
select l.id, l.title, l.replies_policy, l.exclusive from lists l
join list_accounts la on la.list_id = l.id and la.account_id = $2
where l.account_id = $1 order by l.id
"""

# Nothing is written, and no id answered, where the owner has $6 lists already.
INSERT_LIST: Final = """
insert into lists (id, account_id, title, replies_policy, exclusive, created_at)
select make_id($5), $1, $2, $3, $4, $5 where (select count(*) from lists where account_id = $1) < $6
returning id
"""

UPDATE_LIST: Final = """
update lists set title = coalesce($3, title), replies_policy = coalesce($4, replies_policy),
  exclusive = coalesce($5, exclusive)
where account_id = $1 and id = $2 returning id, title, replies_policy, exclusive
"""

DELETE_LIST: Final = "delete from lists where account_id = $1 and id = $2 returning id"

MEMBERS: Final = both_orders("""
select id, account_id from (
  select la.id, la.account_id from list_accounts la join accounts a on a.id = la.account_id
  where la.list_id = $1 and la.id < $2 and la.id > $3 and a.suspended_at is null
  order by la.id desc /*page*/ limit $4) page
order by id desc
""")

# Those among $2 whom the owner follows, has asked to follow, or is.
ELIGIBLE: Final = """
select a.id from accounts a where a.id = any($2::bigint[]) and (a.id = $1
  or exists (select from follows f where f.account_id = $1 and f.target_id = a.id)
  or exists (select from follow_requests r where r.account_id = $1 and r.target_id = a.id))
"""

INSERT_MEMBERS: Final = """
insert into list_accounts (id, list_id, account_id)
select make_id($3), $1, given.id from unnest($2::bigint[]) as given(id) on conflict do nothing
"""

DELETE_MEMBERS: Final = "delete from list_accounts where list_id = $1 and account_id = any($2::bigint[])"


class ListRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A list, without its members."""

    id: int
    title: str
    replies_policy: RepliesPolicy
    exclusive: bool


async def find_lists(db: Reader, owner_id: int) -> list[ListRecord]:
    """All lists of an account, in the order in which they were made."""
    return as_records(ListRecord, await db.fetch(OWN_LISTS, owner_id))


async def find_list(db: Reader, owner_id: int, list_id: int) -> ListRecord | None:
    """A list, if it is this account's."""
    return find_record(ListRecord, await db.fetchrow(OWN_LIST, owner_id, list_id))


async def find_lists_with(db: Reader, owner_id: int, account_id: int) -> list[ListRecord]:
    """The owner's lists that have `account_id` as a member."""
    return as_records(ListRecord, await db.fetch(LISTS_WITH, owner_id, account_id))


async def insert_list(
    tx: Tx, owner_id: int, *, title: str, replies_policy: RepliesPolicy, exclusive: bool, at: datetime, most: int
) -> int | None:
    """Write a list and return its id; None where the owner has `most` of them already."""
    return await tx.fetchval(INSERT_LIST, owner_id, title, replies_policy, exclusive, at, most)


async def update_list(
    tx: Tx, owner_id: int, list_id: int, title: str | None, replies_policy: RepliesPolicy | None, exclusive: bool | None
) -> ListRecord | None:
    """Change what is given (None leaves it) of the owner's list."""
    row = await tx.fetchrow(UPDATE_LIST, owner_id, list_id, title, replies_policy, exclusive)
    return find_record(ListRecord, row)


async def delete_list(tx: Tx, owner_id: int, list_id: int) -> bool:
    """Delete the owner's list; whether there was one."""
    return await tx.fetchval(DELETE_LIST, owner_id, list_id) is not None


async def find_members(db: Reader, list_id: int, window: Window) -> list[tuple[int, int]]:
    """A page of members as (row id, account id), the latest added first."""
    rows = await db.fetch(window.choose(MEMBERS), list_id, window.below, window.above, window.limit)
    return [(row["id"], row["account_id"]) for row in rows]


async def find_eligible(db: Reader, owner_id: int, account_ids: Sequence[int]) -> set[int]:
    """Those among `account_ids` whom the owner may put into a list."""
    return {row["id"] for row in await db.fetch(ELIGIBLE, owner_id, account_ids)}


async def insert_members(tx: Tx, list_id: int, account_ids: Sequence[int], at: datetime) -> None:
    """Add members; those that are there already stay."""
    await tx.execute(INSERT_MEMBERS, list_id, account_ids, at)


async def delete_members(tx: Tx, list_id: int, account_ids: Sequence[int]) -> None:
    """Remove members."""
    await tx.execute(DELETE_MEMBERS, list_id, account_ids)
