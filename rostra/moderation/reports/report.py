"""Reporting an account, with or without statuses of it, to the moderators of this server."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw

from rostra.entities.account import timestamp
from rostra.entities.report import Report
from rostra.events import Reported
from rostra.kit.db import Reader, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.cases.evidence import take_snapshots
from rostra.moderation.desk import Desk
from rostra.moderation.records import Category, ReportRecord
from rostra.moderation.reports import report_queries as queries
from rostra.relationships.find import get_target
from rostra.screening.cases import NewCase, open_cases

MAX_COMMENT: Final = 1000
# What the first report of somebody who never reported before is worth: as likely right as not, a little less.
_BASE: Final = -1.2
# The clause that a category speaks of where nothing finer was said.
_CLAUSES: Final[dict[Category, str]] = {"spam": "spam.bulk"}
_SEVERITY: Final[dict[Category, int]] = {"spam": 2, "legal": 3, "violation": 2, "other": 2}


class ReportDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A report as its author sends it. Naming rules makes it one of a violation, whatever the category says; `reason`
    is a clause of the policy."""

    target_id: int
    status_ids: Sequence[int] = ()
    rule_ids: Sequence[int] = ()
    category: Category = "other"
    reason: str = ""
    comment: str = ""
    forward: bool = False


async def report(desk: Desk, reporter_id: int, draft: ReportDraft) -> ReportRecord:
    """Take in a report: what it names becomes evidence, and a case of each post, or of the account.

    Raises NotFound for an account or status that is not there for the reporter, Invalid for an unusable comment, rule
    or reason.
    """
    if len(draft.comment) > MAX_COMMENT:
        raise Invalid("comment", f"is too long (maximum is {MAX_COMMENT} characters)", code="ERR_TOO_LONG")
    current = await desk.policies.current(desk.db)
    if draft.reason and draft.reason not in current.clauses:
        raise Invalid("reason", "is none of the policy's clauses")
    async with desk.db.read() as conn:
        await _check(conn, reporter_id, draft)
    at = desk.clock.now()
    category: Category = "violation" if draft.rule_ids else draft.category
    clause_id = draft.reason or (_CLAUSES.get(category, "") if _CLAUSES.get(category) in current.clauses else "")
    clause = current.clauses.get(clause_id)
    record = ReportRecord(
        id=0,
        account_id=reporter_id,
        target_id=draft.target_id,
        status_ids=sorted(set(draft.status_ids)),
        rule_ids=sorted(set(draft.rule_ids)),
        category=category,
        reason=draft.reason,
        comment=draft.comment,
        forward=draft.forward,
        created_at=at,
    )
    case = NewCase(
        kind="status" if record.status_ids else "account",
        subject_id=draft.target_id,
        account_id=draft.target_id,
        source="report",
        clause=clause_id,
        policy=current.bundle.version,
        severity=clause.severity if clause else _SEVERITY[category],
        reports=1,
    )
    async with desk.db.transaction() as tx:
        report_id = await _write(tx, record, case)
        await desk.emit(tx, Reported(report_id=report_id, account_id=reporter_id))
    return msgspec.structs.replace(record, id=report_id)


async def _write(tx: Tx, record: ReportRecord, case: NewCase) -> int:
    at, reporter_id = record.created_at, record.account_id
    assert reporter_id is not None
    reporter = await queries.find_reporter(tx, reporter_id)
    subjects = record.status_ids or [record.target_id]
    seen = await take_snapshots(tx, at, case.kind, subjects)
    weight = 0.0 if reporter.muted else weigh(reporter.upheld, reporter.rejected)
    report_id = await queries.insert_report(
        tx, record, snapshot_ids=sorted(seen.values()), weight=weight, muted=reporter.muted, at=at
    )
    if reporter.muted:
        entry = Entry(type="report_muted", subject_kind="report", subject_id=report_id, actor_id=reporter_id)
        await append(tx, at, entry)
        return report_id
    # Whoever says it twice has said it once.
    again = await queries.find_reported_before(tx, reporter_id, case.kind, subjects)
    fresh = [subject for subject in subjects if subject not in again]
    cases = dict(again)
    if fresh:
        p = 1 / (1 + math.exp(-(_BASE + weight)))
        source = "trusted" if reporter.trusted else "user"
        cases |= await open_cases(tx, at, msgspec.structs.replace(case, p=p), fresh)
        if source == "trusted":
            await queries.mark_trusted(tx, report_id)
    await queries.link_cases(tx, report_id, sorted(cases.values()))
    await append(
        tx,
        at,
        Entry(
            type="report_received",
            subject_kind="report",
            subject_id=report_id,
            clause=case.clause,
            account_id=record.target_id,
            details={"reason": record.reason, "cases": len(cases)},
        ),
    )
    return report_id


def weigh(upheld: int, rejected: int) -> float:
    """What a reporter's word weighs: the logarithm of the odds that they are right, from -2 to 3.

    Somebody unknown is taken to be right seven times in ten, as if they had reported three times before.
    """
    right = (upheld + 2.1) / (upheld + rejected + 3)
    return max(-2.0, min(3.0, math.log(right / (1 - right))))


async def _check(conn: Reader, reporter_id: int, draft: ReportDraft) -> None:
    target = await get_target(conn, reporter_id, draft.target_id)
    if target.suspended:
        raise NotFound
    reportable = await queries.find_reportable(conn, reporter_id, draft.target_id, draft.status_ids)
    if reportable != set(draft.status_ids):
        raise NotFound
    if draft.rule_ids and await queries.find_valid_rules(conn, draft.rule_ids) != set(draft.rule_ids):
        raise Invalid("rule_ids", "does not reference valid rules")


def render_report(record: ReportRecord, target: Raw) -> Report:
    """A report that nobody has acted on yet, as an entity."""
    return Report(
        id=str(record.id),
        action_taken=False,
        action_taken_at=None,
        category=record.category,
        comment=record.comment,
        forwarded=record.forward,
        created_at=timestamp(record.created_at),
        status_ids=[str(status_id) for status_id in record.status_ids],
        rule_ids=[str(rule_id) for rule_id in record.rule_ids],
        target_account=target,
    )
