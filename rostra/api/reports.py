"""Reports to the moderators."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.accounts.render import hydrate_accounts
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.report import Report
from rostra.kit.errors import NotFound
from rostra.kit.paging import Id
from rostra.moderation.records import Category
from rostra.moderation.reports.report import ReportDraft, render_report, report

routes = Routes("reports")


class ReportForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/reports/#post"""

    account_id: Id
    status_ids: Annotated[list[Id], Meta(max_length=100)] = []
    rule_ids: Annotated[list[Id], Meta(max_length=100)] = []
    category: Category = "other"
    comment: str = ""
    forward: bool = False
    # Beyond Mastodon: a clause of the policy.
    reason: str = ""


@routes.post("/api/v1/reports", scopes="write:reports", family="reports")
async def create_report(call: Call, form: ReportForm) -> Report:
    """Report an account to the moderators."""
    draft = ReportDraft(
        target_id=form.account_id,
        status_ids=form.status_ids,
        rule_ids=form.rule_ids,
        category=form.category,
        comment=form.comment,
        forward=form.forward,
        reason=form.reason,
    )
    made = await report(call.res.desk, call.me.account_id, draft)
    target = await hydrate_accounts(call.res.db, [form.account_id], call.res.urls)
    if not target:
        raise NotFound
    return render_report(made, target[0])
