"""What becomes of a decision when an appeal against it is decided, all of it in the transaction that decides.

Overturned: the decision is reversed wholly. Modified: reversed, and a new one is made that is lighter. A reporter's
appeal that is granted: what had been found harmless is decided on anew. Whoever reported it has their outcome again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rostra.appeals import queries
from rostra.appeals.records import AppealRow, Ruling
from rostra.appeals.within import desk_within
from rostra.events import AppealDecided
from rostra.kit.db import Tx
from rostra.kit.errors import Invalid
from rostra.ledger.append import Entry, append
from rostra.moderation.cases import case_queries
from rostra.moderation.decisions import action_queries
from rostra.moderation.decisions.decide import decide_case
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.decisions.settle import unsettle_reports
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActedOn, ActionKind, ActionRow, DecisionRow, Draft, Wish
from rostra.screening.cases import NewCase, open_case

# How much an action takes from somebody. What an appeal leads to must not be more than what it was against.
_GRAVITY: Final[dict[tuple[ActionKind, ActedOn], int]] = {
    ("warn", "account"): 0,
    ("label", "status"): 1,
    ("sensitive", "status"): 1,
    ("sensitive", "media"): 1,
    ("label", "account"): 2,
    ("interaction-off", "status"): 2,
    ("remove", "media"): 2,
    ("limit", "status"): 2,
    ("sensitive", "account"): 2,
    ("remove", "status"): 3,
    ("limit", "account"): 4,
    ("freeze", "account"): 5,
    ("suspend", "account"): 6,
}


async def settle(
    tx: Tx, desk: Desk, appeal: AppealRow, decision: DecisionRow, ruling: Ruling, reviewer: Reviewer | None, *, by: str
) -> int | None:
    """Decide a locked appeal and do what follows; the new decision's id, where there is one. `reviewer` None: a panel,
    or what was appealed against is gone. `by` is said in the ledger.

    Raises Invalid where a ruling cannot be, and what deciding raises.
    """
    at = desk.clock.now()
    answer = {appeal.language: ruling.answer.strip()} if ruling.answer.strip() else {}
    actor_id = reviewer.account_id if reviewer else None
    await queries.decide(tx, appeal.id, ruling.finding, actor_id, at, answer)
    inner = desk_within(desk, tx)
    new_id: int | None = None
    if ruling.finding != "upheld":
        if decision.reversed_at is None:
            await reverse(inner, None, decision.id, "appeal")
        if ruling.finding == "modified" or appeal.side == "reporter":
            assert reviewer is not None, "a panel makes no new decisions"
            new_id = await _decide_anew(tx, inner, decision, ruling, reviewer)
            await queries.name_new_decision(tx, appeal.id, new_id)
    await append(tx, at, _entry(appeal, decision, ruling, new_id, actor_id, by))
    await desk.emit(tx, AppealDecided(appeal_id=appeal.id))
    return new_id


async def _decide_anew(tx: Tx, desk: Desk, decision: DecisionRow, ruling: Ruling, reviewer: Reviewer) -> int:
    current = await desk.policies.current(desk.db)
    clause_id = ruling.clause or decision.clause
    clause = current.clauses.get(clause_id)
    case_id = await open_case(
        tx,
        desk.clock.now(),
        NewCase(
            kind=decision.subject_kind,
            subject_id=decision.subject_id,
            account_id=decision.account_id,
            source="appeal",
            clause=clause_id,
            policy=current.bundle.version,
            severity=clause.severity if clause else 1,
        ),
    )
    if decision.case_id is not None:
        # Those who reported it were right after all, in whatever it is decided to be now.
        await unsettle_reports(tx, decision.case_id)
        await case_queries.set_outcome(tx, decision.case_id, "violates")
        await queries.join_case(tx, decision.case_id, case_id)
    draft = Draft(
        outcome="violates",
        clause=clause_id,
        wishes=ruling.wishes,
        facts=ruling.facts or decision.facts,
        revision=ruling.revision,
        origin=decision.origin,
    )
    return await decide_case(desk, reviewer, case_id, draft)


async def check_lighter(tx: Tx, decision: DecisionRow, ruling: Ruling) -> None:
    """Raises Invalid where what is to be done instead takes more from somebody than what was done."""
    done = await action_queries.list_actions(tx, [decision.id])
    most = max((_GRAVITY[action.kind, action.subject_kind] for action in done), default=0)
    for wish in ruling.wishes:
        if _GRAVITY.get((wish.kind, wish.on), 99) > most or _is_longer(wish, done):
            raise Invalid("actions", "must be lighter than what was appealed against", code="ERR_NOT_LIGHTER")


def _is_longer(wish: Wish, done: list[ActionRow]) -> bool:
    """Whether the same was done for a shorter time."""
    same = [action for action in done if (action.kind, action.subject_kind) == (wish.kind, wish.on)]
    if not same or any(action.ends_at is None for action in same):
        return False
    longest = max((_span(action.starts_at, action.ends_at) for action in same), default=timedelta(0))
    return wish.lasts is None or wish.lasts > longest


def _span(start: datetime, end: datetime | None) -> timedelta:
    return timedelta(0) if end is None else end - start


def _entry(
    appeal: AppealRow, decision: DecisionRow, ruling: Ruling, new_id: int | None, actor_id: int | None, by: str
) -> Entry:
    details = {"decision": str(decision.id), "side": appeal.side, "finding": ruling.finding, "by": by}
    if new_id is not None:
        details["new_decision"] = str(new_id)
    return Entry(
        type="appeal_decided",
        subject_kind="appeal",
        subject_id=appeal.id,
        account_id=decision.account_id,
        actor_id=actor_id,
        policy=decision.policy,
        clause=decision.clause,
        details=details,
    )
