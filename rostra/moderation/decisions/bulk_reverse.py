"""Turning a bulk decision round as a whole: ordered by a person, carried out by the worker that makes such decisions.

Each decision of it that still stands is turned round by itself, with its actions, strikes and notices. What was decided
anew meanwhile stays as it is, and so does what whoever ordered it may not turn round, which is their own content. It
goes on for as long as they may.
"""

from __future__ import annotations

from typing import Final

from rostra.accounts.permissions import Permission, check_may
from rostra.kit.errors import Conflict, RostraError, Unavailable
from rostra.kit.jobs import enqueue
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import bulk_queries
from rostra.moderation.decisions.bulk import BULK, BulkWanted, get_bulk
from rostra.moderation.decisions.bulk_queries import BulkRow
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.decisions.second_look import find_reviewer
from rostra.moderation.desk import Desk, Reviewer

_TOGETHER: Final = 50


async def order_reversal(desk: Desk, reviewer: Reviewer, bulk_id: int, note: str = "") -> None:
    """Have all that still stands of a bulk decision turned round; `note` says why, to colleagues.

    Raises NotFound; Forbidden for who may not turn round what somebody else decided; Conflict while it is carried out,
    and where nothing of it stands.
    """
    bulk = await get_bulk(desk, bulk_id)
    check_may(reviewer.role, _right_over(bulk, reviewer.account_id))
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if not await bulk_queries.start_reversing(tx, bulk_id, reviewer.account_id, reviewer.role, note):
            raise Conflict("Nothing of this can be turned round now: it is still carried out, or nothing of it stands")
        entry = Entry(
            type="bulk_reversed",
            subject_kind="decision",
            subject_id=bulk_id,
            actor_id=reviewer.account_id,
            policy=bulk.policy,
            details={"items": bulk.done - bulk.reversed},
        )
        await append(tx, at, entry)
        await enqueue(tx, [BULK.job(BulkWanted(bulk_id=bulk_id))])


async def run_reversal(desk: Desk, bulk_id: int) -> None:
    """Turn round what is left of it, where that was ordered. Bears being repeated, and being killed at any moment."""
    bulk = await get_bulk(desk, bulk_id)
    if bulk.state != "reversing":
        return
    after = ("", 0)
    while True:
        async with desk.db.read() as conn:
            standing = await bulk_queries.list_standing(conn, bulk_id, after, _TOGETHER)
            reviewer = await find_reviewer(conn, bulk.reversed_by, _right_over(bulk, bulk.reversed_by))
        if not standing or reviewer is None:
            break
        for _, decision_id in standing:
            await _turn_round(desk, reviewer, decision_id)
        after = standing[-1][0]
    async with desk.db.transaction() as tx:
        await bulk_queries.finish_reversing(tx, bulk_id, complete=not standing)


async def _turn_round(desk: Desk, reviewer: Reviewer, decision_id: int) -> None:
    try:
        await reverse(desk, reviewer, decision_id, "review")
    except Unavailable:
        raise
    except RostraError:
        # Turned round meanwhile, or about content of their own, which stands.
        return


def _right_over(bulk: BulkRow, account_id: int | None) -> Permission:
    return "decide" if bulk.actor_id == account_id else "escalated"
