"""The review list: people look at what the policy held or wants looked at, and decide. What nobody decides in time, the
policy's own rule for held posts does.

Each decision is a row in the ledger, on the revision that the reviewer saw, and can be turned round. Refusing brings
the author the clause's strike points and makes copies of the post known; turning that round takes both back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Conflict, Forbidden, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation import review_queries
from rostra.moderation.review_queries import Counts, Reason, Shown, Waiting
from rostra.policy.records import Clause
from rostra.posts.withhold import lock_status, put_back, withhold
from rostra.posts.withhold_queries import Subject
from rostra.screening.active import ActivePolicy
from rostra.screening.near_queries import forget_bad, remember_bad

Which = Literal["holds", "cases", "refused"]
PAGE: Final = 20
_HIGHEST: Final = 32_767
_TOGETHER: Final = 200
_NO_CLAUSE: Final = {
    "en": "A moderator has withdrawn this post.",
    "it": "Un moderatore ha ritirato questo post.",
}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided; `actor_id` None is the policy's own rule. `revision` is the one that was looked at."""

    publish: bool
    actor_id: int | None = None
    revision: int | None = None
    note: str = ""


async def list_waiting(db: Database, which: Which, *, after: str = "") -> tuple[list[Shown], str]:
    """A page of the list, the most severe and then the oldest first, and where to go on (empty at the end)."""
    severity, last = _cursor(which, after)
    async with db.read() as conn:
        rows = await review_queries.list_shown(conn, which, severity, last, PAGE + 1)
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return rows, f"{rows[-1].severity}-{rows[-1].id}" if more else ""


async def count_waiting(db: Database) -> Counts:
    """How much waits, and since when."""
    async with db.read() as conn:
        return await review_queries.count_waiting(conn)


async def find_reason(db: Database, *, account_id: int, status_id: int) -> Reason | None:
    """Why the account's own status is withheld, None where it is not."""
    async with db.read() as conn:
        return await review_queries.find_reason(conn, status_id, account_id)


async def decide_hold(
    db: Database, clock: Clock, emit: Emit, policies: ActivePolicy, hold_id: int, decision: Decision
) -> None:
    """Publish a held post or refuse it. Raises NotFound; Conflict where it was decided or edited meanwhile; Forbidden
    where it is the reviewer's own."""
    clauses = (await policies.current(db)).clauses
    async with db.read() as conn:
        hold = _decidable(await review_queries.find_hold(conn, hold_id), decision)
    at = clock.now()
    async with db.transaction() as tx:
        status = await _lock(tx, hold)
        _check_current(await review_queries.lock_hold(tx, hold_id), hold.revision, decision)
        await review_queries.decide_hold(
            tx, hold_id, "release" if decision.publish else "refuse", decision.actor_id, at
        )
        await review_queries.close_cases_of(
            tx, status.id, "dismissed" if decision.publish else "refused", decision.actor_id, at
        )
        if decision.publish:
            await append(tx, at, _entry("hold_released", hold, status, decision))
            await put_back(tx, emit, status, at, fresh=hold.fresh)
        else:
            await _refuse(tx, emit, at, hold, status, decision, clauses, "hold_refused")


async def decide_case(
    db: Database, clock: Clock, emit: Emit, policies: ActivePolicy, case_id: int, decision: Decision
) -> None:
    """Leave a published post be, or withdraw it. Raises as `decide_hold` does."""
    clauses = (await policies.current(db)).clauses
    async with db.read() as conn:
        case = _decidable(await review_queries.find_case(conn, case_id), decision)
    at = clock.now()
    async with db.transaction() as tx:
        status = await _lock(tx, case)
        _check_current(await review_queries.lock_case(tx, case_id), status.revision, decision)
        await review_queries.close_case(
            tx, case_id, "dismissed" if decision.publish else "refused", decision.actor_id, at
        )
        if decision.publish:
            await append(tx, at, _entry("case_dismissed", case, status, decision))
        else:
            event_id = await _refuse(tx, emit, at, case, status, decision, clauses, "status_refused")
            clause = clauses.get(case.clause)
            reason = dict(clause.reason or clause.title) if clause else _NO_CLAUSE
            severity = clause.severity if clause else 1
            await review_queries.insert_refused(
                tx, case, status.revision, event_id, severity, reason, decision.actor_id, at
            )


async def turn_round(db: Database, clock: Clock, emit: Emit, status_id: int, *, actor_id: int, note: str = "") -> None:
    """Publish a refused post after all: its strikes are lifted and its copies are no longer known as bad.

    Raises NotFound where there is nothing to turn round, Forbidden where it is the reviewer's own.
    """
    async with db.read() as conn:
        hold = await review_queries.find_latest_hold(conn, status_id)
    at, decision = clock.now(), Decision(publish=True, actor_id=actor_id, note=note)
    async with db.transaction() as tx:
        status = await lock_status(tx, status_id)
        if status is None or status.withheld != "refused":
            raise NotFound
        if status.account_id == actor_id:
            raise Forbidden("Somebody else has to look at your own post")
        was = hold or _waiting_of(status)
        await append(tx, at, _entry("refusal_reversed", was, status, decision))
        for event_id in await review_queries.list_strikes_of(tx, status.account_id, status.id):
            lifted = _entry("strike_lifted", was, status, decision, {"event_id": str(event_id)})
            await append(tx, at, lifted)
        await forget_bad(tx, status.id)
        await put_back(tx, emit, status, at, fresh=was.fresh)


async def expire(db: Database, clock: Clock, emit: Emit, policies: ActivePolicy) -> int:
    """Let the policy's rule decide what nobody has looked at in time; how many that were."""
    decided = 0
    while True:
        async with db.read() as conn:
            due = await review_queries.list_due(conn, clock.now(), _TOGETHER)
        for hold_id, to in due:
            try:
                await decide_hold(db, clock, emit, policies, hold_id, Decision(publish=to == "release"))
            except (Conflict, NotFound):
                continue
            decided += 1
        if len(due) < _TOGETHER:
            return decided


async def _refuse(
    tx: Tx,
    emit: Emit,
    at: datetime,
    waiting: Waiting,
    status: Subject,
    decision: Decision,
    clauses: Mapping[str, Clause],
    event: str,
) -> int:
    event_id = await append(tx, at, _entry(event, waiting, status, decision))
    await withhold(tx, emit, status, "refused")
    if decision.actor_id is None:
        # Nobody has looked at it: that the time is over proves nothing against the author.
        return event_id
    await remember_bad(tx, event_id, status.id, waiting.clause, at)
    clause = clauses.get(waiting.clause)
    if clause is not None and clause.strikes is not None and clause.strikes.points:
        strikes = {"points": clause.strikes.points, "expires_at": (at + clause.strikes.expires).isoformat()}
        await append(tx, at, _entry("strike", waiting, status, decision, strikes))
    return event_id


def _entry(
    event: str, waiting: Waiting, status: Subject, decision: Decision, more: Mapping[str, Any] | None = None
) -> Entry:
    details: dict[str, Any] = {"rule": waiting.rule, **(more or {})}
    if decision.note:
        details["note"] = decision.note
    return Entry(
        type=event,
        subject_kind="status",
        subject_id=status.id,
        revision=status.revision,
        account_id=status.account_id,
        actor_id=decision.actor_id,
        policy=waiting.policy,
        clause=waiting.clause,
        details=details,
    )


def _decidable(waiting: Waiting | None, decision: Decision) -> Waiting:
    """What was found, if it is there and not the reviewer's own."""
    if waiting is None:
        raise NotFound
    if decision.actor_id == waiting.account_id:
        raise Forbidden("Somebody else has to look at your own post")
    return waiting


async def _lock(tx: Tx, waiting: Waiting) -> Subject:
    status = await lock_status(tx, waiting.status_id)
    if status is None:
        raise NotFound
    return status


def _check_current(is_open: bool, revision: int, decision: Decision) -> None:
    """Raises Conflict where it is decided already, or is not what the reviewer saw."""
    if not is_open or decision.revision not in (None, revision):
        raise Conflict("Somebody has decided this already, or the author has changed it: look again")


def _waiting_of(status: Subject) -> Waiting:
    return Waiting(
        id=0,
        status_id=status.id,
        account_id=status.account_id,
        revision=status.revision,
        fresh=False,
        policy="",
        clause="",
        rule="",
    )


def _cursor(which: Which, after: str) -> tuple[int, int]:
    severity, _, last = after.partition("-")
    if severity.isdecimal() and last.isdecimal() and len(last) < 19 and len(severity) < 5:
        return int(severity), int(last)
    return _HIGHEST, 2**63 - 1 if which == "refused" else 0
