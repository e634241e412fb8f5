"""What time decides: held posts that nobody has looked at, actions that come to their end, clocks that run out.

A suspension or a freeze that ends puts its account back before a reviewer: whether it was enough is theirs to say. So
does a held post that its clock publishes: nobody has said that it is all right.
"""

from __future__ import annotations

from typing import Final

from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, NotFound
from rostra.ledger.append import Entry, append
from rostra.levers.enforce import is_lever
from rostra.moderation.cases import case_queries
from rostra.moderation.cases.open import open_case
from rostra.moderation.decisions import action_queries, expiry_queries
from rostra.moderation.decisions.actions import end
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.expiry_queries import DueHold
from rostra.moderation.desk import Desk
from rostra.moderation.records import ActionRow, Draft, Wish
from rostra.posts.withhold import lock_status

_TOGETHER: Final = 200
# How much an account that comes back is looked at: as much as a report that may be right.
_P: Final = 0.3


async def expire_holds(desk: Desk) -> int:
    """Let the policy's rule decide what nobody has looked at in time; how many that were."""
    decided = 0
    while True:
        async with desk.db.read() as conn:
            due = await expiry_queries.list_due_holds(conn, desk.clock.now(), _TOGETHER)
        for hold in due:
            try:
                await decide_subject(desk, None, "status", hold.status_id, _by_the_clock(hold))
            except (Conflict, NotFound):
                continue
            decided += 1
        if len(due) < _TOGETHER:
            return decided


def _by_the_clock(hold: DueHold) -> Draft:
    if hold.expires_to == "refuse":
        facts = f"An automated rule of the policy ({hold.rule}) held the content, and nobody looked at it in time."
        return Draft(
            outcome="violates", clause=hold.clause, wishes=(Wish(kind="remove"),), reason=hold.reason, facts=facts
        )
    # What a crisis lever holds was suspected of nothing.
    return Draft(outcome="unclear", clause=hold.clause, look_again=not is_lever(hold.rule))


async def expire_actions(desk: Desk) -> int:
    """End the actions whose time is over; how many that were."""
    ended = 0
    while True:
        async with desk.db.read() as conn:
            due = await expiry_queries.list_due_actions(conn, desk.clock.now(), _TOGETHER)
        for action in due:
            ended += await _expire(desk, action)
        if len(due) < _TOGETHER:
            return ended


async def _expire(desk: Desk, action: ActionRow) -> bool:
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        status_id = await _find_status(tx, action)
        status = await lock_status(tx, status_id) if status_id is not None else None
        if not await end(tx, desk.emit, at, action, "expired", status):
            return False
        if action.kind in ("freeze", "suspend"):
            await open_case(
                tx,
                at,
                kind="account",
                subject_id=action.subject_id,
                account_id=action.account_id,
                clause=await expiry_queries.find_clause(tx, action.decision_id),
                severity=2,
                policy="",
                source="expiry",
                p=_P,
            )
    return True


async def _find_status(tx: Tx, action: ActionRow) -> int | None:
    """The post that an action is on, or whose file it is on."""
    if action.subject_kind == "media":
        return await action_queries.find_status_of(tx, action.subject_id)
    return action.subject_id if action.subject_kind == "status" else None


async def miss_deadlines(desk: Desk) -> int:
    """Mark the clocks that ran out, for ever; how many that were."""
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        missed = await case_queries.miss_deadlines(tx, at)
        for deadline_id, case_id, regime in missed:
            details = {"deadline": str(deadline_id), "regime": regime}
            await append(
                tx, at, Entry(type="deadline_missed", subject_kind="case", subject_id=case_id, details=details)
            )
    return len(missed)
