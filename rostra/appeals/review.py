"""Reviewing appeals: leases of five minutes as for cases, and the finding.

Never by anybody who had a part in it before, which the database refuses as well.
"""

from __future__ import annotations

from datetime import datetime

from rostra.accounts.permissions import check_may
from rostra.appeals import queries
from rostra.appeals.outcome import check_lighter, settle
from rostra.appeals.records import LONGEST, AppealRow, Ruling
from rostra.events import DecisionReversed
from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.moderation.cases.queue import LEASE
from rostra.moderation.decisions import action_queries, decision_queries
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import DecisionRow

_NOT_YOURS = "Somebody who had no part in this has to look at it"


async def take_next(desk: Desk, reviewer: Reviewer) -> int | None:
    """Lease the appeal that is due first of those that the reviewer may look at; its id, None where there is none."""
    check_may(reviewer.role, "decide")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        return await queries.lease_next(tx, reviewer.account_id, at, at + LEASE)


async def take(desk: Desk, reviewer: Reviewer, appeal_id: int) -> None:
    """Lease one, or keep it for another five minutes. Raises NotFound; Forbidden for who had a part in it; Conflict
    where somebody else looks at it, it is before a panel or decided."""
    check_may(reviewer.role, "decide")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        appeal, _ = await _lock(tx, reviewer, appeal_id)
        if not await queries.lease(tx, appeal.id, reviewer.account_id, at, at + LEASE):
            raise Conflict("Somebody else is looking at this appeal")


async def release(desk: Desk, reviewer: Reviewer, appeal_id: int) -> None:
    """Give one back. Nothing happens where the lease is not the reviewer's."""
    async with desk.db.transaction() as tx:
        await queries.release(tx, appeal_id, reviewer.account_id)


async def decide_appeal(desk: Desk, reviewer: Reviewer, appeal_id: int, ruling: Ruling) -> int | None:
    """Decide an appeal; the id of the new decision, where there is one. All that follows is done with it.

    Raises NotFound; Forbidden for who had a part in it, or where the role does not allow what is to be done or undone;
    Conflict where somebody else looks at it, or it is decided; Invalid where a reason is missing, or what is to be done
    instead is not lighter.
    """
    check_may(reviewer.role, "decide")
    if not ruling.answer.strip():
        raise Invalid("answer", "can't be blank", code="ERR_BLANK")
    if len(ruling.answer) > LONGEST:
        raise Invalid("answer", f"is too long (maximum is {LONGEST} characters)", code="ERR_TOO_LONG")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        appeal, decision = await _lock(tx, reviewer, appeal_id)
        if _is_leased(appeal, at, but_to=reviewer.account_id):
            raise Conflict("Somebody else is looking at this appeal")
        await _check(tx, reviewer, appeal, decision, ruling)
        return await settle(tx, desk, appeal, decision, ruling, reviewer, by="reviewer")


async def _lock(tx: Tx, reviewer: Reviewer, appeal_id: int) -> tuple[AppealRow, DecisionRow]:
    appeal = await queries.lock_appeal(tx, appeal_id)
    decision = await decision_queries.find_decision(tx, appeal.decision_id) if appeal else None
    if appeal is None or decision is None:
        raise NotFound
    if appeal.state != "filed":
        raise Conflict("A panel is looking at this appeal" if appeal.state == "panel" else "This appeal is decided")
    if await queries.took_part(tx, decision.id, reviewer.account_id):
        raise Forbidden(_NOT_YOURS)
    return appeal, decision


async def _check(tx: Tx, reviewer: Reviewer, appeal: AppealRow, decision: DecisionRow, ruling: Ruling) -> None:
    done = await action_queries.list_actions(tx, [decision.id])
    if ruling.finding != "upheld" and any(action.subject_kind == "account" for action in done):
        check_may(reviewer.role, "sanction")
    if appeal.side == "reporter" and ruling.finding == "modified":
        raise Invalid("finding", "is for appeals of authors: grant it, and say what is to be done")
    if appeal.side == "author" and ruling.finding == "modified":
        if not ruling.wishes:
            raise Invalid("actions", "are needed: what is to be done instead", code="ERR_BLANK")
        await check_lighter(tx, decision, ruling)
    if appeal.side == "reporter" and ruling.finding == "overturned" and not ruling.clause:
        raise Invalid("clause", "is needed: a clause of the policy in force", code="ERR_CLAUSE")


def _is_leased(appeal: AppealRow, at: datetime, *, but_to: int) -> bool:
    return appeal.assigned_to not in (None, but_to) and appeal.lease_until is not None and appeal.lease_until > at


async def close_moot(desk: Desk, event: DecisionReversed) -> None:
    """Grant the appeals against a decision that was taken back by itself meanwhile; nobody has to look at them."""
    if event.why == "appeal":
        return
    async with desk.db.transaction() as tx:
        appeal = await queries.find_of_decision(tx, event.decision_id, "author")
        appeal = await queries.lock_appeal(tx, appeal.id) if appeal else None
        decision = await decision_queries.find_decision(tx, event.decision_id)
        if appeal is None or decision is None or appeal.decided_at is not None:
            return
        await settle(tx, desk, appeal, decision, Ruling(finding="overturned"), None, by="reversal")
