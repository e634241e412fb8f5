"""Turning a decision round: wholly, with visibility, counters, strikes and what reporters were told.

Undoing one's own decision soon after opens the case again; a review or an appeal leaves it closed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rostra.accounts.permissions import check_may
from rostra.events import DecisionReversed
from rostra.kit.errors import Conflict, Forbidden, Involved, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.cases import case_queries
from rostra.moderation.cases.queue import LONGEST_NOTE
from rostra.moderation.decisions import action_queries, decision_queries
from rostra.moderation.decisions.actions import end
from rostra.moderation.decisions.settle import settle_reports, unsettle_reports
from rostra.moderation.decisions.strikes import lift_strikes
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import DecisionRow, Reversal
from rostra.posts.withhold import lock_status
from rostra.screening.near_queries import forget_bad

# Within this time whoever decided may take it back as if nothing had been decided.
UNDO: Final = timedelta(minutes=10)


async def reverse(desk: Desk, reviewer: Reviewer | None, decision_id: int, why: Reversal, *, note: str = "") -> None:
    """Take a decision back; `note` tells colleagues why, in the case. `reviewer` None is the server: an outcome
    of an appeal, a newer verdict.

    Raises NotFound; Conflict where it was reversed already or is too old to be undone; Forbidden where the role does
    not allow it, or the content is the reviewer's own.
    """
    async with desk.db.read() as conn:
        decision = await decision_queries.find_decision(conn, decision_id)
    if decision is None:
        raise NotFound
    at = desk.clock.now()
    actor_id = _check(reviewer, decision, why)
    if why == "undo" and at - decision.created_at > UNDO:
        raise Conflict("It is too late to undo this: turn it round instead")
    async with desk.db.transaction() as tx:
        status = await lock_status(tx, decision.subject_id) if decision.subject_kind == "status" else None
        locked = await decision_queries.lock_decision(tx, decision_id)
        if locked is None or locked.reversed_at is not None:
            raise Conflict("This decision was turned round already")
        await decision_queries.mark_reversed(tx, decision_id, at, actor_id, why)
        fresh = status is not None and await decision_queries.was_fresh(tx, status.id)
        for action in await action_queries.list_actions(tx, [decision_id]):
            await end(
                tx, desk.emit, at, action, "superseded" if why == "superseded" else "reversed", status, fresh=fresh
            )
        await lift_strikes(tx, at, decision.account_id, decision_id, actor_id)
        if status is not None and decision.outcome == "violates":
            await forget_bad(tx, status.id)
        await append(tx, at, _entry(decision, actor_id, why))
        if decision.case_id is not None and actor_id is not None and note.strip():
            await case_queries.insert_note(tx, decision.case_id, actor_id, note.strip()[:LONGEST_NOTE], at)
        if decision.case_id is not None and why != "superseded":
            await unsettle_reports(tx, decision.case_id)
            if why != "undo" or not await case_queries.reopen_case(tx, decision.case_id):
                await case_queries.set_outcome(
                    tx, decision.case_id, "ok" if decision.outcome == "violates" else "unclear"
                )
                await settle_reports(tx, decision.case_id, at)
        await desk.emit(tx, DecisionReversed(decision_id=decision_id, account_id=decision.account_id, why=why))


def _check(reviewer: Reviewer | None, decision: DecisionRow, why: Reversal) -> int | None:
    if reviewer is None:
        return None
    if reviewer.account_id == decision.account_id:
        raise Involved
    if decision.reviewer_id == reviewer.account_id:
        check_may(reviewer.role, "dismiss")
    elif why == "undo":
        raise Forbidden("Only who decided can undo it: turn it round instead")
    else:
        check_may(reviewer.role, "decide" if decision.automated_decision else "escalated")
    return reviewer.account_id


def _entry(decision: DecisionRow, actor_id: int | None, why: Reversal) -> Entry:
    details = {"decision": str(decision.id), "why": why}
    if why in ("undo", "superseded") or decision.outcome != "violates":
        # Nothing to be learnt from it but that nothing was said.
        details["outcome"] = "undone"
    return Entry(
        type="decision_reversed",
        subject_kind=decision.subject_kind,
        subject_id=decision.subject_id,
        revision=decision.revision,
        account_id=decision.account_id,
        actor_id=actor_id,
        policy=decision.policy,
        clause=decision.clause,
        details=details,
    )
