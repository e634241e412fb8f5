"""The reports that came in, as the staff reads them, with the way to their cases.

GET  /admin/reports               admin/reports.html
GET  /admin/reports/{id}          admin/report.html
POST /admin/reports/{id}/nothing  there is nothing at the addresses of a legal notice
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import may
from rostra.accounts.render import hydrate_accounts_by_id
from rostra.entities.account import timestamp
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import ById, Id
from rostra.moderation.reports.legal import close_unfound
from rostra.moderation.reports.read import ReadReport, Tab, get_report, list_reports
from rostra.screening.judgement import say
from rostra.web.desk_place import reviewer_of
from rostra.web.feeds import decode, decode_list, page_address
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_ON_A_PAGE: Final = 40


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    tab: Tab = "open"
    before: Id = 0


@pages.get("/admin/reports", access="queue")
async def reports(visit: Visit, form: ListForm) -> Response:
    """What people have reported."""
    found = await list_reports(visit.res.db, form.tab, form.before or MAX_ID, _ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    more = page_address(visit, before=shown[-1].id) if len(found) > _ON_A_PAGE else None
    return await visit.html("admin/reports.html", reports=await _show(visit, shown), tab=form.tab, older_url=more)


@pages.get("/admin/reports/{id}", access="queue")
async def one_report(visit: Visit, form: ById) -> Response:
    """One of them, to read. The posts are shown as its reader may see them; the case shows them as they were."""
    report = await get_report(visit.res.db, form.id)
    site = await visit.res.instance.site(visit.res.db)
    return await visit.html(
        "admin/report.html",
        report=(await _show(visit, [report]))[0],
        statuses=decode_list(await (await visit.statuses()).by_ids(report.status_ids)),
        rules=[rule for rule in site["rules"] if int(rule["id"]) in report.rule_ids],
        may_close=may(visit.me.role, "dismiss") and _is_unfound(report),
    )


def _is_unfound(report: ReadReport) -> bool:
    return report.source == "legal" and report.resolved and not report.case_ids and report.outcome is None


@pages.post("/admin/reports/{id}/nothing", access="dismiss")
async def nothing_there(visit: Visit, form: ById) -> Response:
    """Say that there is nothing at the addresses of a notice."""
    await close_unfound(visit.res.desk, reviewer_of(visit), form.id)
    return visit.redirect("/admin/reports?tab=legal", notice=visit.gettext("Closed. The sender is told."))


async def _show(visit: Visit, found: Sequence[ReadReport]) -> list[dict[str, Any]]:
    ids = sorted({who for report in found for who in (report.account_id, report.target_id) if who is not None})
    accounts = await hydrate_accounts_by_id(visit.res.db, ids, visit.res.urls)
    clauses = (await visit.res.desk.policies.current(visit.res.db)).clauses
    sees_senders = may(visit.me.role, "notices")

    def account(account_id: int | None) -> Any:
        return decode(accounts[account_id]) if account_id in accounts else None

    return [
        {
            "id": str(report.id),
            "account": account(report.account_id),
            "target": account(report.target_id),
            "category": report.category,
            "reason": say(clauses[report.reason].title, visit.language) if report.reason in clauses else "",
            "comment": report.comment,
            "forwarded": report.forward,
            "source": report.source,
            "muted": report.muted,
            "outcome": report.outcome or "",
            "closed": report.action_taken_at is not None,
            "created_at": timestamp(report.created_at),
            "posts": len(report.status_ids),
            "cases": [str(case_id) for case_id in report.case_ids],
            "notice": _notice(report, sees_senders=sees_senders),
        }
        for report in found
    ]


def _notice(report: ReadReport, *, sees_senders: bool) -> dict[str, Any] | None:
    if report.explanation is None:
        return None
    return {
        "urls": report.urls or [],
        "explanation": report.explanation,
        "law": report.law or "",
        "sender": report.sender if sees_senders else "",
        "email": report.sender_email if sees_senders else "",
        "resolved": report.resolved,
    }
