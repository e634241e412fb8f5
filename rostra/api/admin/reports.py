"""Reports as staff sees them, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.accounts.admin import find_admin_accounts
from rostra.accounts.permissions import may
from rostra.accounts.records import Viewer
from rostra.api.admin.staff import PAGE, page_of_rows, staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminAccount, AdminReport
from rostra.entities.instance import Rule
from rostra.entities.status import RawStatus
from rostra.kit.errors import NotFound
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Category
from rostra.moderation.reports import staff_reports
from rostra.moderation.reports.staff_reports import ReportFilter, ReportRule, StaffReport
from rostra.posts.hydrate import StatusReader

routes = Routes("admin")


class ReportsForm(PageForm, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/reports/#get"""

    resolved: bool = False
    unresolved: bool = False
    account_id: Id | None = None
    target_account_id: Id | None = None
    by_target_domain: str | None = None


class ChangedReport(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/reports/#update"""

    id: Id
    category: Category | None = None
    rule_ids: Annotated[list[Id], Meta(max_length=100)] | None = None


def _reviewer(me: Viewer) -> Reviewer:
    return Reviewer(account_id=me.account_id, role=me.role)


async def _hydrate(call: Call, reports: Sequence[StaffReport]) -> list[AdminReport]:
    """Reports with their accounts, posts and rules: four statements, however many they are. E-mail and IP addresses
    are for those only who look after people's logins."""
    res, me = call.res, call.me
    ids = {who for r in reports for who in (r.account_id, r.target_id, r.assigned_to, r.handled_by) if who is not None}
    accounts = await find_admin_accounts(res.db, res.urls, sorted(ids), private=may(me.role, "people"))
    rules = await staff_reports.list_report_rules(res.desk, sorted({rule for r in reports for rule in r.rule_ids}))
    reader = StatusReader(res.db, res.urls, me.account_id, res.clock.now(), locale=me.locale)
    posts = await reader.by_id_for_staff(sorted({post for r in reports for post in r.status_ids}))
    return [_render(r, accounts, rules, posts) for r in reports if r.target_id in accounts]


def _render(
    report: StaffReport, accounts: dict[int, AdminAccount], rules: dict[int, ReportRule], posts: dict[int, RawStatus]
) -> AdminReport:
    def whose(account_id: int | None) -> AdminAccount | None:
        return None if account_id is None else accounts.get(account_id)

    return AdminReport(
        id=str(report.id),
        action_taken=report.action_taken_at is not None,
        action_taken_at=timestamp(report.action_taken_at) if report.action_taken_at else None,
        category=report.category,
        comment=report.comment,
        forwarded=report.forward,
        created_at=timestamp(report.created_at),
        updated_at=timestamp(report.action_taken_at or report.created_at),
        account=whose(report.account_id),
        target_account=accounts[report.target_id],
        assigned_account=whose(report.assigned_to),
        action_taken_by_account=whose(report.handled_by),
        statuses=[posts[status_id] for status_id in report.status_ids if status_id in posts],
        rules=[
            Rule(id=str(rule.id), text=rule.text, hint=rule.hint)
            for rule in map(rules.get, report.rule_ids)
            if rule is not None
        ],
    )


async def _show(call: Call, report_id: int) -> AdminReport:
    shown = await _hydrate(call, [await staff_reports.get_staff_report(call.res.desk, report_id)])
    if not shown:
        raise NotFound
    return shown[0]


@routes.get("/api/v1/admin/reports", scopes="admin:read:reports")
async def list_admin_reports(call: Call, form: ReportsForm) -> Page[AdminReport]:
    """Reports: those that wait, unless it is asked for those that were dealt with."""
    staff(call, "queue")
    wanted = ReportFilter(
        resolved=None if form.resolved and form.unresolved else form.resolved,
        account_id=form.account_id,
        target_id=form.target_account_id,
        target_domain=form.by_target_domain.strip().lower() if form.by_target_domain else None,
    )
    window = form.window(default=PAGE)
    rows = await staff_reports.list_staff_reports(call.res.desk, wanted, window)
    page = page_of_rows(rows, rows, window)
    return Page(await _hydrate(call, rows), newest=page.newest, oldest=page.oldest, more=page.more)


@routes.get("/api/v1/admin/reports/{id}", scopes="admin:read:reports")
async def show_admin_report(call: Call, form: ById) -> AdminReport:
    """One report."""
    staff(call, "queue")
    return await _show(call, form.id)


@routes.put("/api/v1/admin/reports/{id}", scopes="admin:write:reports")
async def change_admin_report(call: Call, form: ChangedReport) -> AdminReport:
    """Say anew what a report is about."""
    me = staff(call, "dismiss")
    await staff_reports.change_report(
        call.res.desk, _reviewer(me), form.id, category=form.category, rule_ids=form.rule_ids
    )
    return await _show(call, form.id)


@routes.post("/api/v1/admin/reports/{id}/assign_to_self", scopes="admin:write:reports")
async def assign_admin_report(call: Call, form: ById) -> AdminReport:
    """Take a report on: for five minutes its case is nobody else's."""
    await staff_reports.assign(call.res.desk, _reviewer(staff(call, "queue")), form.id)
    return await _show(call, form.id)


@routes.post("/api/v1/admin/reports/{id}/unassign", scopes="admin:write:reports")
async def unassign_admin_report(call: Call, form: ById) -> AdminReport:
    """Give a report back."""
    await staff_reports.unassign(call.res.desk, _reviewer(staff(call, "queue")), form.id)
    return await _show(call, form.id)


@routes.post("/api/v1/admin/reports/{id}/resolve", scopes="admin:write:reports")
async def resolve_admin_report(call: Call, form: ById) -> AdminReport:
    """Find nothing wrong with what was reported."""
    await staff_reports.resolve(call.res.desk, _reviewer(staff(call, "dismiss")), form.id)
    return await _show(call, form.id)


@routes.post("/api/v1/admin/reports/{id}/reopen", scopes="admin:write:reports")
async def reopen_admin_report(call: Call, form: ById) -> AdminReport:
    """Have a report looked at again."""
    await staff_reports.reopen(call.res.desk, _reviewer(staff(call, "dismiss")), form.id)
    return await _show(call, form.id)
