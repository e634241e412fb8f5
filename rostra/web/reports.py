"""Reporting somebody to the moderators, and what became of one's reports.

GET  /report                       report.html: what is wrong, which posts, what else to do about the person
POST /web/reports
GET  /settings/reports             settings/reports.html
GET  /settings/reports/{id}        settings/report.html: its state and outcome
POST /settings/reports/{id}/appeal
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.accounts.render import hydrate_accounts_by_id
from rostra.appeals.file import Standing, file_appeal, find_standing
from rostra.appeals.records import LONGEST
from rostra.entities.account import timestamp
from rostra.kit.errors import Conflict, NotFound
from rostra.kit.errors import Refused as RefusedByState
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import ById, Id, PageForm
from rostra.moderation.reports.report import MAX_COMMENT, ReportDraft, report
from rostra.moderation.reports.report_outcome import get_own_report, list_own_reports, state_of, state_of_part
from rostra.moderation.reports.report_outcome_queries import OwnReport, Part
from rostra.posts.hydrate import StatusReader
from rostra.posts.thread import get_context
from rostra.relationships.block import block, mute
from rostra.relationships.follow import unfollow
from rostra.screening.judgement import say
from rostra.timelines.by_author import Choice, by_author
from rostra.web.feeds import decode, decode_list, page_address, relationships_of
from rostra.web.formats import Entity
from rostra.web.page import Pages
from rostra.web.people import show_account
from rostra.web.reasons import category_of, groups_of
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_TO_CHOOSE_FROM: Final = 10
_ABOVE, _BELOW = 4, 6
_ON_A_PAGE: Final = 20
# What was found to be nothing can be appealed against one by one; more than this at once nobody does.
_MOST_APPEALS: Final = 5


class ReportForm(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Id
    status_ids: list[Id] = []
    # A clause of the policy, or `rule`, or `other`.
    reason: str = ""
    rule_ids: list[Id] = []
    comment: str = ""
    forward: bool = False
    mute: bool = False
    block: bool = False
    unfollow: bool = False


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    before: Id = 0


class AppealForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    decision_id: Id
    text: str = ""


@pages.get("/report", access="me")
async def ask(visit: Visit, form: ReportForm) -> Response:
    """What is wrong?"""
    return await _form(visit, form)


async def _form(visit: Visit, form: ReportForm, **values: Any) -> Response:
    account = await show_account(visit, form.account_id)
    reader = await visit.statuses()
    thread = await _thread(visit, reader, form)
    recent = await by_author(
        reader, PageForm(limit=_TO_CHOOSE_FROM).window(), form.account_id, Choice(exclude_reblogs=True)
    )
    there = {status["id"] for status in thread}
    current = await visit.res.desk.policies.current(visit.res.db)
    shown: dict[str, Any] = {
        "account": account,
        "thread": thread,
        "statuses": [status for status in decode_list(recent.items) if status["id"] not in there],
        "chosen": {str(status_id) for status_id in form.status_ids},
        "groups": groups_of(current.bundle.clauses, visit.language),
        "relationship": (await relationships_of(visit, [account])).get(account["id"]),
        "longest": MAX_COMMENT,
        "values": msgspec.structs.asdict(form),
        "errors": {},
        "remote": "@" in account["acct"],
    }
    return await visit.html("report.html", **(shown | values))


async def _thread(visit: Visit, reader: StatusReader, form: ReportForm) -> list[Entity]:
    """The posts that were chosen, the first of them with what is around it, in the order of reading."""
    chosen = decode_list(await reader.by_ids(form.status_ids))
    if not chosen:
        return []
    first = int(chosen[0]["id"])
    context = await get_context(
        visit.res.db, reader, viewer_id=visit.me.account_id, status_id=first, at=visit.res.clock.now()
    )
    above, below = decode_list(context.ancestors[-_ABOVE:]), decode_list(context.descendants[:_BELOW])
    around = {status["id"] for status in [*above, *below]}
    return [*above, chosen[0], *below, *(status for status in chosen[1:] if status["id"] not in around)]


@pages.post("/web/reports", access="me")
async def send(visit: Visit, form: ReportForm) -> Response:
    """Pass it on to the moderators, and do what else was wished for."""
    if not form.reason or (form.reason == "rule" and not form.rule_ids):
        return await _form(visit, form, http_status=422, errors={"reason": "ERR_INCLUSION"})
    clauses = (await visit.res.desk.policies.current(visit.res.db)).clauses
    reason = "" if form.reason in ("rule", "other") else form.reason
    draft = ReportDraft(
        target_id=form.account_id,
        status_ids=form.status_ids,
        rule_ids=form.rule_ids if form.reason == "rule" else (),
        category=category_of(clauses.get(reason)),
        reason=reason,
        comment=form.comment,
        forward=form.forward,
    )
    try:
        made = await report(visit.res.desk, visit.me.account_id, draft)
    except Refused as error:
        return await _form(visit, form, http_status=422, errors=errors_of(error))
    await _part(visit, form)
    return visit.redirect(f"/settings/reports/{made.id}", notice=visit.gettext("Thank you. Your report has arrived."))


async def _part(visit: Visit, form: ReportForm) -> None:
    """What the reporter does for themselves, whatever moderators decide."""
    res, me, other = visit.res, visit.me.account_id, form.account_id
    if other == me:
        return
    if form.unfollow:
        await unfollow(res.db, res.emit, me, other)
    if form.mute:
        await mute(res.db, res.clock, me, other)
    if form.block:
        await block(res.db, res.clock, res.emit, me, other)


@pages.get("/settings/reports", access="me")
async def own_reports(visit: Visit, form: ListForm) -> Response:
    """What the viewer has reported, the latest first."""
    found = await list_own_reports(visit.res.desk, visit.me.account_id, form.before or MAX_ID, _ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    more = page_address(visit, before=shown[-1].id) if len(found) > _ON_A_PAGE else None
    return await visit.html("settings/reports.html", reports=await _rows(visit, shown), older_url=more)


@pages.get("/settings/reports/{id}", access="me")
async def own_report(visit: Visit, form: ById) -> Response:
    """One of them: what was reported, what became of it, what can be done about that."""
    return await _report_page(visit, form.id)


@pages.post("/settings/reports/{id}/appeal", access="me")
async def appeal(visit: Visit, form: AppealForm) -> Response:
    """Have somebody else look at what was found to be nothing."""
    me, path = visit.me.account_id, f"/settings/reports/{form.id}"
    _, parts = await get_own_report(visit.res.desk, me, form.id)
    if form.decision_id not in {part.decision_id for part in parts}:
        raise NotFound
    try:
        await file_appeal(visit.res.desk, decision_id=form.decision_id, text=form.text, account_id=me)
    except Refused as error:
        return await _report_page(visit, form.id, form, http_status=422, errors=errors_of(error))
    except (Conflict, RefusedByState):
        return visit.redirect(path, notice=visit.gettext("An appeal cannot be filed against this any more."))
    notice = visit.gettext("Your appeal is filed. Somebody who had no part in the decision will look at it.")
    return visit.redirect(path, notice=notice)


async def _report_page(
    visit: Visit, report_id: int, typed: AppealForm | None = None, *, http_status: int = 200, errors: Any = None
) -> Response:
    found, parts = await get_own_report(visit.res.desk, visit.me.account_id, report_id)
    site = await visit.res.instance.site(visit.res.db)
    reader = await visit.statuses()
    return await visit.html(
        "settings/report.html",
        http_status=http_status,
        report=(await _rows(visit, [found]))[0],
        statuses=decode_list(await reader.by_ids(found.status_ids)),
        rules=[rule for rule in site["rules"] if int(rule["id"]) in found.rule_ids],
        became={str(part.subject_id): state_of_part(part, visit.res.clock.now()) for part in parts},
        appeals=await _appeals(visit, parts),
        longest=LONGEST,
        typed={"decision_id": typed.decision_id, "text": typed.text} if typed else {},
        errors=errors or {},
    )


async def _appeals(visit: Visit, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """What was found to be nothing, and whether that can be appealed against."""
    desk, me = visit.res.desk, visit.me.account_id
    shown: list[dict[str, Any]] = []
    dismissed = [one for one in parts if one.decision_id and one.decided not in (None, "violates") and not one.reversed]
    for part in dismissed[:_MOST_APPEALS]:
        standing = await find_standing(desk, part.decision_id or 0, account_id=me)
        if standing is not None and standing.side == "reporter":
            shown.append({"about": part.subject_kind, "subject_id": str(part.subject_id)} | _appeal(visit, standing))
    return shown


def _appeal(visit: Visit, standing: Standing) -> dict[str, Any]:
    appealed = standing.appeal
    is_own = appealed is not None and appealed.account_id == visit.me.account_id
    return {
        "decision_id": str(standing.decision.id),
        "open": standing.is_open(visit.res.clock.now()),
        "until": standing.until,
        "state": appealed.state if appealed else "",
        "mine": is_own,
        "by_panel": standing.by_panel,
        "due_at": timestamp(appealed.due_at) if appealed else None,
        "answer": say(appealed.answer, visit.language) if appealed and is_own and appealed.answer else "",
    }


async def _rows(visit: Visit, found: Sequence[OwnReport]) -> list[dict[str, Any]]:
    ids = sorted({one.target_id for one in found})
    accounts = await hydrate_accounts_by_id(visit.res.db, ids, visit.res.urls)
    clauses = (await visit.res.desk.policies.current(visit.res.db)).clauses
    return [
        {
            "id": str(one.id),
            "account": decode(accounts[one.target_id]),
            "posts": len(one.status_ids),
            "category": one.category,
            "reason": say(clauses[one.reason].title, visit.language) if one.reason in clauses else "",
            "comment": one.comment,
            "forwarded": one.forward,
            "created_at": timestamp(one.created_at),
            "state": state_of(one),
            "outcome": one.outcome or "",
            "decided_at": timestamp(one.action_taken_at) if one.action_taken_at else None,
            "automated": one.automated,
            "detected": one.detected,
        }
        for one in found
        if one.target_id in accounts
    ]
