"""Decisions on servers: why a rule was made, for how long, and taking it back with everything.

Each making and changing of a rule is a decision of its own and takes the place of the one before. There is no person
whom it is about: it says why in its own record, and there is no statement of reasons, no strike and no appeal.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.events import DomainPolicyChanged
from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.kit.ids import MAX_ID
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk
from rostra.moderation.domains import decision_queries, domain_queries
from rostra.moderation.domains.decision_queries import DomainDecision
from rostra.moderation.domains.domain_queries import DomainBlock

_TOGETHER: Final = 100


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why a rule is made: a clause of the policy in that version (empty: none was named). `lasts` None is for good."""

    clause: str = ""
    policy: str = ""
    lasts: timedelta | None = None


async def make_why(desk: Desk, clause: str, lasts: timedelta | None) -> Why:
    """A reason by the policy in force. Raises Invalid."""
    current = await desk.policies.current(desk.db)
    if clause and clause not in current.clauses:
        raise Invalid("clause", "is none of the policy's", code="ERR_CLAUSE")
    if lasts is not None and lasts <= timedelta(0):
        raise Invalid("lasts", "must be longer than nothing", code="ERR_DURATION")
    return Why(clause=clause, policy=current.bundle.version, lasts=lasts)


async def record(tx: Tx, block: DomainBlock, event_id: int, actor_id: int | None, why: Why | None, at: datetime) -> int:
    """Write down that a rule was made or changed; the decision's id. `why` None: as the decision before said, until
    when that held."""
    before = await decision_queries.find_holding(tx, block.domain)
    if before is not None:
        await decision_queries.end(tx, before.id, at, "superseded", actor_id)
    kept = before if why is None else None
    given = why or Why()
    return await decision_queries.insert(
        tx,
        block,
        event_id=event_id,
        actor_id=actor_id,
        policy=kept.policy if kept else given.policy,
        clause=kept.clause if kept else given.clause,
        at=at,
        ends_at=kept.ends_at if kept else None if given.lasts is None else at + given.lasts,
        before_id=before.id if before is not None else None,
    )


async def lift(tx: Tx, domain: str, actor_id: int | None, at: datetime) -> None:
    """Have no decision hold any more: the rule is lifted."""
    holding = await decision_queries.find_holding(tx, domain)
    if holding is not None:
        await decision_queries.end(tx, holding.id, at, "reversed", actor_id)


async def reverse_domain(desk: Desk, actor_id: int, decision_id: int) -> None:
    """Take a decision back: what held before it holds again, a rule or none. Raises NotFound, and Conflict where it
    does not hold any more."""
    async with desk.db.transaction() as tx:
        decision = await decision_queries.lock(tx, decision_id)
        if decision is None:
            raise NotFound
        if decision.ended_at is not None:
            raise Conflict("This decision does not hold any more")
        await _end(tx, desk, decision, "reversed", actor_id, desk.clock.now())


async def expire_domains(desk: Desk) -> int:
    """End the decisions whose time is over; how many that were."""
    ended = 0
    while True:
        at = desk.clock.now()
        async with desk.db.read() as conn:
            due = await decision_queries.list_due(conn, at, _TOGETHER)
        for each in due:
            async with desk.db.transaction() as tx:
                decision = await decision_queries.lock(tx, each.id)
                if decision is not None and decision.ended_at is None:
                    await _end(tx, desk, decision, "expired", None, at)
                    ended += 1
        if len(due) < _TOGETHER:
            return ended


async def get_decision(desk: Desk, decision_id: int) -> DomainDecision:
    """One decision. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await decision_queries.find_decision(conn, decision_id)
    if found is None:
        raise NotFound
    return found


async def get_holding(desk: Desk, domain: str) -> DomainDecision:
    """The decision that holds for exactly this domain. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await decision_queries.find_holding(conn, domain)
    if found is None:
        raise NotFound
    return found


async def list_decisions(desk: Desk, *, before: int | None = None, limit: int = 40) -> list[DomainDecision]:
    """Decisions on servers, the latest first."""
    async with desk.db.read() as conn:
        return await decision_queries.list_decisions(conn, before or MAX_ID, limit)


async def _end(tx: Tx, desk: Desk, decision: DomainDecision, why: str, actor_id: int | None, at: datetime) -> None:
    """End one that holds, and have the rule be what it was before, or gone."""
    await decision_queries.end(tx, decision.id, at, why, actor_id)
    before = await _find_before(tx, decision, at)
    if before is None:
        await domain_queries.delete_block(tx, decision.block_id)
    else:
        await decision_queries.hold_again(tx, before.id)
        await domain_queries.update_block(tx, _as_block(before, decision.block_id), at)
    entry = Entry(
        type="domain_decision_ended",
        subject_kind="domain",
        subject_id=decision.block_id,
        actor_id=actor_id,
        clause=decision.clause,
        details={"decision": str(decision.id), "why": why, "again": str(before.id) if before else None},
    )
    await append(tx, at, entry)
    await desk.emit(tx, DomainPolicyChanged(domain=decision.domain))


async def _find_before(tx: Tx, decision: DomainDecision, at: datetime) -> DomainDecision | None:
    """The nearest decision before it that was neither turned round nor would be over by now."""
    found = decision
    while found.before_id is not None:
        before = await decision_queries.find_decision(tx, found.before_id)
        assert before is not None, "decisions are never deleted"
        if before.ended_why == "superseded" and (before.ends_at is None or before.ends_at > at):
            return before
        found = before
    return None


def _as_block(decision: DomainDecision, block_id: int) -> DomainBlock:
    return DomainBlock(
        id=block_id,
        domain=decision.domain,
        severity=decision.severity,
        reject_media=decision.reject_media,
        reject_reports=decision.reject_reports,
        private_comment=decision.private_comment,
        public_comment=decision.public_comment,
        obfuscate=decision.obfuscate,
        created_at=decision.created_at,
    )
