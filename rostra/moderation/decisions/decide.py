"""Deciding: what a reviewer says of a case, written once. Everything else is derived from it.

One transaction writes the event in the ledger, the decision with what was seen, its actions with their effect, the
statement of reasons, the strikes and what the ladder asks for, closes the case with its clocks and settles its reports.
Handlers of `Decided` tell the author and the reporters, a little later, so that what is undone at once tells nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.accounts.permissions import check_may
from rostra.events import Decided
from rostra.kit.db import Reader, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.cases import case_queries
from rostra.moderation.cases.evidence import find_latest, find_snapshots, take_snapshot
from rostra.moderation.decisions import action_queries, decision_queries
from rostra.moderation.decisions.actions import RESTRICTIVE, take_effect
from rostra.moderation.decisions.checks import Plan, check, check_current, completed
from rostra.moderation.decisions.settle import settle_reports
from rostra.moderation.decisions.statement import write_statement
from rostra.moderation.decisions.strikes import give_strike, next_step
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import UNPUBLISHED, ActionRow, CaseRow, DecisionRow, Draft, SubjectKind, Wish
from rostra.posts.withhold import lock_status, put_back
from rostra.posts.withhold_queries import Subject
from rostra.screening.cases import NewCase, open_case
from rostra.screening.judgement import LabelTerms
from rostra.screening.labels import put_label
from rostra.screening.near_queries import remember_bad

# How likely it is that what a clock has published breaks the policy: as likely as what was reported once.
_UNSEEN: Final = 0.3
_STRONGER: Final = ("warn", "limit", "freeze", "suspend")
_NO_CLAUSE: Final = {"en": "A moderator has withdrawn this post.", "it": "Un moderatore ha ritirato questo post."}


async def decide_case(
    desk: Desk, reviewer: Reviewer | None, case_id: int, draft: Draft, *, event_id: int | None = None
) -> int:
    """Decide a case; the decision's id. `reviewer` None is a rule or a clock; `event_id` the rule's verdict.

    Raises NotFound; Forbidden where the subject is the reviewer's own or the role does not allow it; Invalid where the
    draft cannot be; Conflict where the case is decided, leased by somebody else or was changed since it was seen.
    """
    async with desk.db.read() as conn:
        case = await case_queries.find_case(conn, case_id)
        if case is None:
            raise NotFound
        plan, is_gone = await _plan(desk, conn, reviewer, case, draft)
    check(plan, case, is_gone=is_gone)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        status = await _lock_subject(tx, case)
        return await _decide(tx, desk, plan, case_id, status, at, event_id)


async def decide_subject(
    desk: Desk,
    reviewer: Reviewer | None,
    kind: SubjectKind,
    subject_id: int,
    draft: Draft,
    *,
    event_id: int | None = None,
) -> int:
    """Decide on a post or an account whether it was reported or not; the decision's id. Raises as `decide_case`."""
    async with desk.db.read() as conn:
        subject = await case_queries.find_subject(conn, kind, subject_id)
        if subject is None:
            raise NotFound
        open_id = await case_queries.find_open(conn, kind, subject_id)
        found = await case_queries.find_case(conn, open_id) if open_id is not None else None
        case = found or _no_case(kind, subject_id, subject[0], draft, desk.clock.now())
        plan, is_gone = await _plan(desk, conn, reviewer, case, draft)
    if reviewer is not None:
        check_may(reviewer.role, "decide")
    check(plan, case, is_gone=is_gone)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        status = await _lock_subject(tx, case)
        if kind == "status" and status is None:
            raise NotFound
        case_id = await case_queries.find_open(tx, kind, subject_id) or await open_case(
            tx,
            at,
            NewCase(
                kind=kind,
                subject_id=subject_id,
                account_id=case.account_id,
                source="rule" if reviewer is None else "person",
                clause=plan.draft.clause,
                policy=plan.current.bundle.version,
                severity=plan.clause.severity if plan.clause else 1,
                event_id=event_id,
            ),
        )
        return await _decide(tx, desk, plan, case_id, status, at, event_id)


async def _plan(desk: Desk, conn: Reader, reviewer: Reviewer | None, case: CaseRow, draft: Draft) -> tuple[Plan, bool]:
    """What deciding needs to know beforehand, and whether the subject is gone."""
    current = await desk.policies.get(conn)
    subject = await case_queries.find_subject(conn, case.subject_kind, case.subject_id)
    whose = await case_queries.find_subject(conn, "account", case.account_id)
    draft = await _with_files(conn, case, completed(draft, case))
    plan = Plan(
        reviewer=reviewer,
        draft=draft,
        current=current,
        clause=current.clauses.get(draft.clause),
        is_local=whose is not None and whose[3],
        role=whose[2] if whose else None,
        is_automatic=reviewer is None,
    )
    return plan, subject is None


async def _with_files(conn: Reader, case: CaseRow, draft: Draft) -> Draft:
    """The draft with each file of the post by its own id, also where a like one of another post was named."""
    if not any(wish.on == "media" for wish in draft.wishes):
        return draft
    wishes: dict[Wish, None] = {}
    for wish in draft.wishes:
        if wish.on != "media" or wish.media_id is None:
            wishes[wish] = None
            continue
        meant = await action_queries.list_meant(conn, case.subject_id, wish.media_id)
        if not meant:
            raise Invalid("media", "is none of this post's")
        wishes |= {msgspec.structs.replace(wish, media_id=each): None for each in meant}
    return msgspec.structs.replace(draft, wishes=tuple(wishes))


def _no_case(kind: SubjectKind, subject_id: int, account_id: int, draft: Draft, at: datetime) -> CaseRow:
    """A case that is yet to be opened, for the checks."""
    return CaseRow(
        id=0, subject_kind=kind, subject_id=subject_id, account_id=account_id, state="queued", source="person",
        policy="", clause=draft.clause, rule="", severity=1, assigned_to=None, lease_until=None, opened_at=at,
    )  # fmt: skip


async def _lock_subject(tx: Tx, case: CaseRow) -> Subject | None:
    """Lock the post before its case, as everybody does; an account is locked by its case."""
    return await lock_status(tx, case.subject_id) if case.subject_kind == "status" else None


async def _decide(
    tx: Tx, desk: Desk, plan: Plan, case_id: int, status: Subject | None, at: datetime, event_id: int | None
) -> int:
    locked = await case_queries.lock_case(tx, case_id)
    check_current(plan, locked, status, at)
    assert locked is not None
    return await _write(tx, desk, plan, locked, status, at, event_id)


async def _write(
    tx: Tx, desk: Desk, plan: Plan, case: CaseRow, status: Subject | None, at: datetime, event_id: int | None
) -> int:
    draft, reviewer = plan.draft, plan.reviewer
    actor_id = reviewer.account_id if reviewer else None
    snapshot_id = await take_snapshot(tx, at, case.subject_kind, case.subject_id)
    seen = (
        (await find_snapshots(tx, [snapshot_id]))[snapshot_id]
        if snapshot_id
        else await find_latest(tx, case.subject_kind, case.subject_id)
    )
    revision = status.revision if status else seen.revision if seen else 0
    wishes = await _with_ladder(tx, plan, case, at)
    written = await append(tx, at, _entry(plan, case, revision, wishes))
    decision_id = await decision_queries.insert_decision(
        tx,
        (
            case.id, case.subject_kind, case.subject_id, revision, case.account_id, actor_id, seen.id if seen else None,
            event_id or written, plan.current.bundle.version, draft.clause, case.rule, draft.outcome,
            _reason(plan), draft.facts, draft.confidence, await _origin(tx, plan, case),
            case.source in ("rule", "hold"), plan.is_automatic, draft.bulk_id, at,
        ),
    )  # fmt: skip
    decision = await decision_queries.find_decision(tx, decision_id)
    assert decision is not None
    if await _settle_hold(tx, desk, plan, case, status, decision, wishes, at):
        wishes = tuple((wish, UNPUBLISHED if wish.is_removal else detail) for wish, detail in wishes)
    actions = await _act(tx, desk, plan, decision, wishes, status, at)
    restricts = any(action.kind in RESTRICTIVE for action in actions)
    if plan.is_local:
        await write_statement(tx, desk.urls, decision, actions, plan.clause, plan.current.labels, seen)
    if actor_id is not None and draft.outcome == "violates" and plan.clause is not None:
        await give_strike(tx, at, case, plan.clause, decision_id, actor_id)
        # What only files were wrong with says nothing of the words.
        if case.subject_kind == "status" and not (wishes and all(wish.on == "media" for wish, _ in wishes)):
            await remember_bad(tx, written, case.subject_id, draft.clause, at)
    if draft.note and actor_id is not None:
        await case_queries.insert_note(tx, case.id, actor_id, draft.note, at)
    await case_queries.close_case(tx, case.id, at, actor_id=actor_id, outcome=draft.outcome, decision_id=decision_id)
    settled = await settle_reports(tx, case.id, at)
    if draft.look_again:
        await _put_before_somebody(tx, plan, case, written, at)
    event = Decided(
        decision_id=decision_id,
        account_id=case.account_id,
        restricts=restricts,
        is_local=plan.is_local,
        report_ids=settled,
        at=at,
    )
    await desk.emit(tx, event)
    return decision_id


async def _put_before_somebody(tx: Tx, plan: Plan, case: CaseRow, event_id: int, at: datetime) -> None:
    await open_case(
        tx,
        at,
        NewCase(
            kind=case.subject_kind,
            subject_id=case.subject_id,
            account_id=case.account_id,
            source="unseen",
            clause=case.clause,
            rule=case.rule,
            policy=plan.current.bundle.version,
            severity=case.severity,
            p=_UNSEEN,
            event_id=event_id,
        ),
    )


def _reason(plan: Plan) -> dict[str, str]:
    """What the author reads: the reviewer's words, else the clause's own."""
    if plan.draft.outcome != "violates":
        return {}
    if plan.draft.reason:
        return plan.draft.reason
    return dict(plan.clause.reason or plan.clause.title) if plan.clause else _NO_CLAUSE


async def _origin(tx: Tx, plan: Plan, case: CaseRow) -> str:
    return plan.draft.origin if plan.draft.origin != "own" else await decision_queries.find_best_source(tx, case.id)


async def _with_ladder(tx: Tx, plan: Plan, case: CaseRow, at: datetime) -> tuple[tuple[Wish, str], ...]:
    """The wishes with what the ladder adds to them, each with its detail. Staff are not punished by arithmetic."""
    draft = plan.draft
    wishes = [(wish, wish.label) for wish in draft.wishes]
    if plan.reviewer is None or draft.outcome != "violates" or not plan.is_local or plan.role not in (None, "user"):
        return tuple(wishes)
    step = await next_step(tx, plan.current.bundle.ladder, case.account_id, plan.clause, at)
    if step is None:
        return tuple(wishes)
    on_account = [
        _STRONGER.index(wish.kind) for wish in draft.wishes if wish.on == "account" and wish.kind in _STRONGER
    ]
    if max(on_account, default=-1) < _STRONGER.index(step.kind):
        wishes.append((step, "ladder"))
    return tuple(wishes)


async def _act(
    tx: Tx,
    desk: Desk,
    plan: Plan,
    decision: DecisionRow,
    wishes: Sequence[tuple[Wish, str]],
    status: Subject | None,
    at: datetime,
) -> list[ActionRow]:
    for wish, detail in wishes:
        await action_queries.insert_action(
            tx,
            decision.id,
            wish.kind,
            wish.on,
            _acted_on(wish, decision),
            decision.account_id,
            detail=detail,
            starts_at=at,
            ends_at=None if wish.lasts is None else at + wish.lasts,
        )
        if wish.kind == "label":
            await _label(tx, plan, decision, wish, at)
    actions = await action_queries.list_actions(tx, [decision.id])
    for action in actions:
        await take_effect(tx, desk.emit, action, status)
    return actions


def _acted_on(wish: Wish, decision: DecisionRow) -> int:
    if wish.on == "media":
        assert wish.media_id is not None, "a wish for a file names it"
        return wish.media_id
    return decision.subject_id if wish.on == "status" else decision.account_id


async def _label(tx: Tx, plan: Plan, decision: DecisionRow, wish: Wish, at: datetime) -> None:
    if plan.reviewer is None:
        # The rule has put it on already, with the post.
        return
    label = plan.current.labels[wish.label]
    on: SubjectKind = "account" if wish.on == "account" else "status"
    terms = LabelTerms(label.id, dict(label.title), label.sensitive)
    await put_label(
        tx, at, on, _acted_on(wish, decision), terms, account_id=decision.account_id, actor_id=plan.reviewer.account_id,
        policy=decision.policy,
    )  # fmt: skip


async def _settle_hold(
    tx: Tx,
    desk: Desk,
    plan: Plan,
    case: CaseRow,
    status: Subject | None,
    decision: DecisionRow,
    wishes: Sequence[tuple[Wish, str]],
    at: datetime,
) -> bool:
    """What waited is published, unless it is removed; what was published and is removed says why in the same place.
    Whether it was removed before it was ever published."""
    if case.subject_kind != "status" or status is None:
        return False
    removed = any(wish.is_removal for wish, _ in wishes)
    actor_id = plan.reviewer.account_id if plan.reviewer else None
    hold = await decision_queries.lock_hold(tx, status.id)
    if hold is not None:
        verb = "refuse" if removed else "release"
        reason = decision.reason if plan.draft.reason else {}
        await decision_queries.decide_hold(tx, hold["id"], at, verb, actor_id, reason)
        if not removed:
            await put_back(tx, desk.emit, status, at, fresh=hold["fresh"])
        return removed and hold["fresh"]
    if removed:
        severity = plan.clause.severity if plan.clause else 1
        await decision_queries.insert_refused(
            tx,
            (
                status.id, case.account_id, status.revision, decision.event_id, decision.policy, decision.clause,
                case.rule, severity, at, decision.reason, actor_id,
            ),
        )  # fmt: skip
    return False


def _entry(plan: Plan, case: CaseRow, revision: int, wishes: Sequence[tuple[Wish, str]]) -> Entry:
    details = {
        "case": str(case.id),
        "outcome": plan.draft.outcome,
        "actions": [_named(wish) for wish, _ in wishes],
        "origin": plan.draft.origin,
        "rule": case.rule,
    }
    if plan.draft.bulk_id is not None:
        details["bulk"] = str(plan.draft.bulk_id)
    return Entry(
        type="decision",
        subject_kind=case.subject_kind,
        subject_id=case.subject_id,
        revision=revision,
        account_id=case.account_id,
        actor_id=plan.reviewer.account_id if plan.reviewer else None,
        policy=plan.current.bundle.version,
        clause=plan.draft.clause,
        details=details,
    )


def _named(wish: Wish) -> dict[str, str | int | None]:
    lasts = None if wish.lasts is None else int(wish.lasts.total_seconds())
    named: dict[str, str | int | None] = {"kind": wish.kind, "on": wish.on, "seconds": lasts}
    if wish.media_id is not None:
        named["media"] = str(wish.media_id)
    return {**named, "label": wish.label} if wish.label else named
