"""Reporting somebody to the moderators."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from rostra.kit.paging import Id, PageForm
from rostra.moderation.report import Category, ReportDraft, report
from rostra.timelines.by_author import Choice, by_author
from rostra.web.feeds import decode_list
from rostra.web.page import Pages
from rostra.web.people import show_account
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_TO_CHOOSE_FROM = 10


class ReportForm(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Id
    status_ids: list[Id] = []
    category: Category = "other"
    rule_ids: list[Id] = []
    comment: str = ""
    forward: bool = False


@pages.get("/report", access="me")
async def ask(visit: Visit, form: ReportForm) -> Response:
    """What is wrong?"""
    return await _form(visit, form)


async def _form(visit: Visit, form: ReportForm, **values: Any) -> Response:
    account = await show_account(visit, form.account_id)
    reader = await visit.statuses()
    recent = await by_author(
        reader, PageForm(limit=_TO_CHOOSE_FROM).window(), form.account_id, Choice(exclude_reblogs=True)
    )
    chosen = decode_list(await reader.by_ids(form.status_ids))
    picked = {status["id"] for status in chosen}
    others = [status for status in decode_list(recent.items) if status["id"] not in picked]
    shown: dict[str, Any] = {
        "account": account,
        "statuses": chosen + others,
        "chosen": picked,
        "values": msgspec.structs.asdict(form),
        "errors": {},
        "remote": "@" in account["acct"],
    }
    return await visit.html("report.html", **(shown | values))


@pages.post("/web/reports", access="me")
async def send(visit: Visit, form: ReportForm) -> Response:
    """Pass it on to the moderators."""
    res = visit.res
    draft = ReportDraft(
        target_id=form.account_id,
        status_ids=form.status_ids,
        rule_ids=form.rule_ids,
        category=form.category,
        comment=form.comment,
        forward=form.forward,
    )
    try:
        await report(res.desk, visit.me.account_id, draft)
    except Refused as error:
        return await _form(visit, form, http_status=422, errors=errors_of(error))
    return visit.redirect("/home", notice=visit.gettext("Thank you. The moderators will look at it."))
