"""Reporting an account, with or without statuses of it, to the moderators of this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw

from rostra.entities.account import timestamp
from rostra.entities.report import Report
from rostra.events import Emit, Reported
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Invalid, NotFound
from rostra.moderation import queries
from rostra.moderation.records import Category, ReportRecord
from rostra.relationships.find import get_target

MAX_COMMENT: Final = 1000


class ReportDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A report as its author sends it. Naming rules makes it one of a violation, whatever the category says."""

    target_id: int
    status_ids: Sequence[int] = ()
    rule_ids: Sequence[int] = ()
    category: Category = "other"
    comment: str = ""
    forward: bool = False


async def report(db: Database, clock: Clock, emit: Emit, reporter_id: int, draft: ReportDraft) -> ReportRecord:
    """Take in a report; making it twice makes two. Raises NotFound for an account or status that is not there for the
    reporter, Invalid for an unusable comment or rule."""
    if len(draft.comment) > MAX_COMMENT:
        raise Invalid("comment", f"is too long (maximum is {MAX_COMMENT} characters)", code="ERR_TOO_LONG")
    async with db.read() as conn:
        await _check(conn, reporter_id, draft)
    at = clock.now()
    category: Category = "violation" if draft.rule_ids else draft.category
    status_ids, rule_ids = sorted(set(draft.status_ids)), sorted(set(draft.rule_ids))
    async with db.transaction() as tx:
        report_id = await queries.insert_report(
            tx,
            reporter_id,
            draft.target_id,
            status_ids=status_ids,
            rule_ids=rule_ids,
            category=category,
            comment=draft.comment,
            forward=draft.forward,
            at=at,
        )
        await emit(tx, Reported(report_id=report_id, account_id=reporter_id))
    return ReportRecord(
        id=report_id,
        account_id=reporter_id,
        target_id=draft.target_id,
        status_ids=status_ids,
        rule_ids=rule_ids,
        category=category,
        comment=draft.comment,
        forward=draft.forward,
        created_at=at,
    )


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
