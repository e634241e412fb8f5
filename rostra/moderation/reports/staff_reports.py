"""Reports one by one, the way Mastodon's tools handle them: each act is one on the case that the report belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from rostra.accounts.permissions import check_may
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.kit.paging import Window
from rostra.ledger.append import Entry, append
from rostra.moderation.cases.queue import release, take
from rostra.moderation.decisions.decide import decide_case
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import Category, Draft
from rostra.moderation.reports import staff_report_queries as queries
from rostra.moderation.reports.staff_report_queries import OpenCase, ReportFilter, ReportRule, StaffReport
from rostra.screening.cases import NewCase, open_case

__all__ = ["OpenCase", "ReportFilter", "ReportRule", "StaffReport"]


async def list_staff_reports(desk: Desk, wanted: ReportFilter, window: Window) -> list[StaffReport]:
    """A page of reports, the latest first."""
    async with desk.db.read() as conn:
        found = await queries.list_reports(conn, wanted, window, desk.clock.now())
    return sorted(found, key=lambda report: report.id, reverse=True)


async def get_staff_report(desk: Desk, report_id: int) -> StaffReport:
    """One report. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await queries.find_report(conn, report_id, desk.clock.now())
    if found is None:
        raise NotFound
    return found


async def list_open_cases(desk: Desk, report_id: int) -> list[OpenCase]:
    """The open cases of a report."""
    async with desk.db.read() as conn:
        return await queries.list_open_cases(conn, report_id)


async def list_report_rules(desk: Desk, ids: Sequence[int]) -> dict[int, ReportRule]:
    """The rules that reports name, by id."""
    if not ids:
        return {}
    async with desk.db.read() as conn:
        return await queries.list_rules(conn, ids)


async def change_report(
    desk: Desk, reviewer: Reviewer, report_id: int, *, category: Category | None, rule_ids: Sequence[int] | None
) -> None:
    """Say anew what a report is about; None leaves it. Raises NotFound, Invalid and Forbidden."""
    check_may(reviewer.role, "dismiss")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        report = await queries.lock_report(tx, report_id, at)
        if report is None:
            raise NotFound
        rules = report.rule_ids if rule_ids is None else sorted(set(rule_ids))
        if rule_ids and not await queries.are_rules(tx, rules):
            raise Invalid("rule_ids", "does not reference valid rules")
        kept = category or report.category
        # Of rules only a violation names any.
        rules = rules if kept == "violation" else []
        await queries.update_report(tx, report_id, kept, rules)
        details: dict[str, object] = {"category": kept, "rules": [str(rule) for rule in rules]}
        await append(tx, at, _entry("report_changed", report, reviewer, details))


async def assign(desk: Desk, reviewer: Reviewer, report_id: int) -> None:
    """Lease the report's cases. Raises NotFound, Conflict where they are closed or somebody else has one."""
    check_may(reviewer.role, "queue")
    await get_staff_report(desk, report_id)
    cases = await list_open_cases(desk, report_id)
    if not cases:
        raise Conflict("This report is closed")
    for case in cases:
        await take(desk, reviewer, case.id)


async def unassign(desk: Desk, reviewer: Reviewer, report_id: int) -> None:
    """Give the report's cases back. Raises NotFound."""
    check_may(reviewer.role, "queue")
    await get_staff_report(desk, report_id)
    for case in await list_open_cases(desk, report_id):
        await release(desk, reviewer, case.id)


async def resolve(desk: Desk, reviewer: Reviewer, report_id: int) -> None:
    """Find nothing wrong with what a report is about: its open cases are decided so, and with them all reports of the
    same. Where all is decided already nothing changes. Raises NotFound, and what `decide_case` does."""
    check_may(reviewer.role, "dismiss")
    report = await get_staff_report(desk, report_id)
    if report.action_taken_at is not None:
        return
    cases = await list_open_cases(desk, report_id)
    for case in cases:
        await decide_case(desk, reviewer, case.id, Draft(outcome="ok", revision=case.revision))
    if not cases:
        # What it was about is gone.
        at = desk.clock.now()
        async with desk.db.transaction() as tx:
            await queries.close_report(tx, report_id, at)
            await append(tx, at, _entry("report_closed", report, reviewer, {}))


async def reopen(desk: Desk, reviewer: Reviewer, report_id: int) -> None:
    """Have a report looked at again, in a case of its own or in the one that is open of the same. What was decided
    stays until somebody turns it round. Raises NotFound."""
    check_may(reviewer.role, "dismiss")
    at = desk.clock.now()
    current = await desk.policies.current(desk.db)
    async with desk.db.transaction() as tx:
        report = await queries.lock_report(tx, report_id, at)
        if report is None:
            raise NotFound
        if report.action_taken_at is None:
            return
        is_post = bool(report.status_ids)
        case_id = await open_case(tx, at, NewCase(
            kind="status" if is_post else "account",
            subject_id=report.status_ids[0] if is_post else report.target_id,
            account_id=report.target_id,
            source="report",
            policy=current.bundle.version,
            severity=2,
            reports=1,
        ))  # fmt: skip
        await queries.reopen_report(tx, report_id, case_id)
        await append(tx, at, _entry("report_reopened", report, reviewer, {"case": str(case_id)}))


def _entry(what: str, report: StaffReport, reviewer: Reviewer, details: dict[str, object]) -> Entry:
    return Entry(
        type=what,
        subject_kind="report",
        subject_id=report.id,
        account_id=report.target_id,
        actor_id=reviewer.account_id,
        details=details,
    )
