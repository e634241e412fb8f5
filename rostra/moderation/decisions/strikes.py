"""Strikes: points that clauses bring, with an end, and the policy's ladder of what follows. Both are functions of
events: no counter is kept anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rostra.kit.db import Reader, Tx
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import decision_queries
from rostra.moderation.records import CaseRow, Wish
from rostra.policy.records import Clause, Step


async def give_strike(tx: Tx, at: datetime, case: CaseRow, clause: Clause, decision_id: int, actor_id: int) -> None:
    """Write down the clause's points, where it brings any."""
    if clause.strikes is None or not clause.strikes.points:
        return
    details = {
        "points": clause.strikes.points,
        "expires_at": (at + clause.strikes.expires).isoformat(),
        "decision": str(decision_id),
        "rule": case.rule,
    }
    entry = Entry(
        type="strike",
        subject_kind=case.subject_kind,
        subject_id=case.subject_id,
        account_id=case.account_id,
        actor_id=actor_id,
        policy=case.policy,
        clause=clause.id,
        details=details,
    )
    await append(tx, at, entry)


async def lift_strikes(tx: Tx, at: datetime, account_id: int, decision_id: int, actor_id: int | None) -> int:
    """Take back what a decision brought; how many strikes that were."""
    lifted = await decision_queries.list_strikes_of(tx, account_id, decision_id)
    for event_id in lifted:
        entry = Entry(
            type="strike_lifted",
            subject_kind="account",
            subject_id=account_id,
            account_id=account_id,
            actor_id=actor_id,
            details={"event_id": str(event_id), "decision": str(decision_id)},
        )
        await append(tx, at, entry)
    return len(lifted)


async def next_step(
    conn: Reader, ladder: Sequence[Step], account_id: int, clause: Clause | None, at: datetime
) -> Wish | None:
    """What the ladder asks for if the clause's points were added now; None where no step is reached by them."""
    points = clause.strikes.points if clause is not None and clause.strikes is not None else 0
    if not points or not ladder:
        return None
    before = await decision_queries.count_strikes(conn, account_id, at)
    return step_between(ladder, before, before + points)


def step_between(ladder: Sequence[Step], before: int, after: int) -> Wish | None:
    """The highest step that lies above `before` and not above `after`."""
    reached = [step for step in ladder if before < step.points <= after]
    if not reached:
        return None
    step = max(reached, key=lambda each: each.points)
    return Wish(kind=step.then, on="account", lasts=step.lasts)
