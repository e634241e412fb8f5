"""Whether somebody else looks at a bulk decision before it is carried out, and from how many on.

It is against mistakes: what one person does wrong at once with thousands of posts is told to all of their authors.
Where nobody else could look, nothing waits, and the ledger says so.
"""

from __future__ import annotations

from typing import Final

from rostra.accounts.permissions import Permission, check_may, may, roles_with
from rostra.kit.db import Reader
from rostra.kit.errors import Conflict, Involved, OutOfRange
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import second_look_queries
from rostra.moderation.decisions.bulk_queries import BulkRow, SecondLook
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import Draft, SubjectKind

MOST: Final = 20_000


def right_over(kind: SubjectKind, draft: Draft) -> Permission:
    """What one has to be allowed to do for ordering it, and for looking at it."""
    on_accounts = kind == "account" or any(wish.on == "account" for wish in draft.wishes)
    return "sanction" if on_accounts else "decide"


async def needed(conn: Reader, reviewer: Reviewer, items: int, right: Permission) -> SecondLook:
    """Whether a decision over so many waits for somebody else who has that right, or would, were there anybody."""
    limit = await second_look_queries.find_limit(conn)
    if limit == 0 or items <= limit:
        return "none"
    another = await second_look_queries.has_another(conn, roles_with(right), reviewer.account_id)
    return "asked" if another else "alone"


def may_approve(reviewer: Reviewer, bulk: BulkRow, right: Permission) -> bool:
    """Whether they may look at it, as far as who they are goes."""
    return bulk.actor_id != reviewer.account_id and may(reviewer.role, right)


async def check_approval(conn: Reader, reviewer: Reviewer, bulk: BulkRow, right: Permission) -> None:
    """Raises Involved for whoever ordered it, Forbidden for roles that could not have; Conflict where whoever ordered
    it may not decide any more."""
    if bulk.actor_id == reviewer.account_id:
        raise Involved("Somebody else has to look at what you have ordered")
    check_may(reviewer.role, right)
    if await find_reviewer(conn, bulk.actor_id, right) is None:
        raise Conflict("Whoever ordered this may not decide any more: stop it, and order it anew")


async def find_reviewer(conn: Reader, account_id: int | None, right: Permission) -> Reviewer | None:
    """Whoever ordered something, as they may act now; None where they have not got that right any more."""
    role = None if account_id is None else await second_look_queries.find_role(conn, account_id)
    return Reviewer(account_id=account_id, role=role) if account_id and role and may(role, right) else None


async def change_limit(desk: Desk, reviewer: Reviewer, limit: int) -> None:
    """Set over how many a bulk decision waits; 0: none does. Raises Invalid, and Forbidden where the role does not
    allow it."""
    check_may(reviewer.role, "settings")
    if not 0 <= limit <= MOST:
        raise OutOfRange("second_look_over", 0, MOST)
    async with desk.db.transaction() as tx:
        if not await second_look_queries.set_limit(tx, limit):
            return
        entry = Entry(
            type="second_look_set",
            subject_kind="decision",
            subject_id=0,
            actor_id=reviewer.account_id,
            details={"over": limit},
        )
        await append(tx, desk.clock.now(), entry)
