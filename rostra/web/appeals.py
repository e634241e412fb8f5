"""Appeals as their reviewers see them: the list by what is due, one with all that was said, and its outcome.

Reviewers know each other by pseudonyms only here; what they write is read by those concerned.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import may
from rostra.appeals.panel_draw import ask_known, send_to_panel
from rostra.appeals.read import AppealFile, count_appeals, get_appeal, list_appeals, overturn_rates
from rostra.appeals.records import LONGEST, AppealShown, Finding, Rate, Ruling
from rostra.appeals.review import decide_appeal, release, take, take_next
from rostra.entities.account import timestamp
from rostra.kit.errors import Conflict, Forbidden
from rostra.kit.errors import Refused as RefusedByState
from rostra.kit.paging import ById, Id
from rostra.screening.judgement import say
from rostra.web.decisions import act_of, show_snapshot
from rostra.web.desk_decide import problems_of
from rostra.web.desk_place import reviewer_of
from rostra.web.desk_quick import ON_ACCOUNT, ON_STATUS, wishes_of
from rostra.web.feeds import page_address
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_FINDINGS: Final[dict[str, Finding]] = {"upheld": "upheld", "overturned": "overturned", "modified": "modified"}


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    tab: Literal["filed", "panel", "decided"] = "filed"
    after: str = ""


class DecideForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    finding: str = ""
    answer: str = ""
    clause: str = ""
    acts: list[str] = []
    lasts: dict[str, str] = {}
    label: str = ""
    revision: int | None = None

    @property
    def typed(self) -> dict[str, Any]:
        """What stands in the form, to be shown again."""
        return {name: getattr(self, name) for name in ("finding", "answer", "clause", "acts", "lasts", "label")}


_BLANK: Final = DecideForm(id=0).typed


@pages.get("/admin/appeals", access="decide")
async def appeals(visit: Visit, form: ListForm) -> Response:
    """What waits, what is due first; or what was decided, with how often decisions fall."""
    desk = visit.res.desk
    found, more = await list_appeals(desk, reviewer_of(visit), form.tab, form.after)
    clauses = (await desk.policies.current(desk.db)).clauses
    rates = await overturn_rates(desk) if form.tab == "decided" and not form.after else {}
    return await visit.html(
        "admin/appeals.html",
        appeals=[_row(visit, one) | {"clause": _title(visit, clauses, one.clause)} for one in found],
        tab=form.tab,
        counts=await count_appeals(desk),
        rates={by: [_rate(visit, clauses, by, rate) for rate in some] for by, some in rates.items()},
        older_url=page_address(visit, after=more) if more else None,
    )


@pages.post("/admin/appeals/next", access="decide")
async def next_appeal(visit: Visit) -> Response:
    """Take the one that is due first."""
    taken = await take_next(visit.res.desk, reviewer_of(visit))
    if taken is None:
        return visit.redirect("/admin/appeals", notice=visit.gettext("Nothing waits that is for you."))
    return visit.redirect(f"/admin/appeals/{taken}")


@pages.get("/admin/appeals/{id}", access="decide")
async def one_appeal(visit: Visit, form: ById) -> Response:
    """One of them."""
    return await _appeal_page(visit, form.id)


@pages.post("/admin/appeals/{id}/take", access="decide")
async def take_one(visit: Visit, form: ById) -> Response:
    """Keep it from others for five minutes."""
    try:
        await take(visit.res.desk, reviewer_of(visit), form.id)
    except Conflict:
        return visit.redirect(f"/admin/appeals/{form.id}", notice=_elsewhere(visit))
    return visit.redirect(f"/admin/appeals/{form.id}")


@pages.post("/admin/appeals/{id}/release", access="decide")
async def give_back(visit: Visit, form: ById) -> Response:
    """Leave it to others."""
    await release(visit.res.desk, reviewer_of(visit), form.id)
    return visit.redirect("/admin/appeals", notice=visit.gettext("Given back."))


@pages.post("/admin/appeals/{id}/panel", access="decide")
async def to_panel(visit: Visit, form: ById) -> Response:
    """Have a panel look at it."""
    try:
        await send_to_panel(visit.res.desk, reviewer_of(visit), form.id)
    except RefusedByState as error:
        return await _appeal_page(visit, form.id, http_status=422, problem=_why_no_panel(visit, str(error.text)))
    except Conflict:
        return visit.redirect(f"/admin/appeals/{form.id}", notice=_elsewhere(visit))
    return visit.redirect("/admin/appeals", notice=visit.gettext("A panel is drawn and asked."))


@pages.post("/admin/appeals/{id}/known", access="measure")
async def as_known_question(visit: Visit, form: ById) -> Response:
    """Ask jurors what staff know already."""
    try:
        await ask_known(visit.res.desk, reviewer_of(visit), form.id)
    except RefusedByState as error:
        return await _appeal_page(visit, form.id, http_status=422, problem=_why_no_panel(visit, str(error.text)))
    notice = visit.gettext("Five jurors are asked, and do not know that the answer is known.")
    return visit.redirect(f"/admin/appeals/{form.id}", notice=notice)


@pages.post("/admin/appeals/{id}/decide", access="decide")
async def decide(visit: Visit, form: DecideForm) -> Response:
    """Decide it; all that follows is done."""
    finding = _FINDINGS.get(form.finding)
    if finding is None:
        errors = {"finding": "ERR_INCLUSION"}
        return await _appeal_page(visit, form.id, http_status=422, typed=form.typed, errors=errors)
    try:
        wishes = () if finding == "upheld" else wishes_of(form.acts, form.lasts, form.label)
        ruling = Ruling(finding=finding, answer=form.answer, clause=form.clause, wishes=wishes, revision=form.revision)
        await decide_appeal(visit.res.desk, reviewer_of(visit), form.id, ruling)
    except Refused as error:
        return await _appeal_page(
            visit, form.id, http_status=422, typed=form.typed, errors=problems_of(visit, errors_of(error))
        )
    except Forbidden:
        problem = visit.gettext("This is not for you: you had a part in it, or your role does not allow what it needs.")
        return await _appeal_page(visit, form.id, http_status=403, typed=form.typed, problem=problem)
    except Conflict:
        return await _appeal_page(visit, form.id, http_status=409, typed=form.typed, problem=_elsewhere(visit))
    return visit.redirect("/admin/appeals", notice=visit.gettext("Decided. Those concerned are told."))


async def _appeal_page(
    visit: Visit,
    appeal_id: int,
    *,
    http_status: int = 200,
    typed: dict[str, Any] | None = None,
    errors: Any = None,
    problem: str = "",
) -> Response:
    desk, reviewer = visit.res.desk, reviewer_of(visit)
    whole = await get_appeal(desk, reviewer, appeal_id)
    current = await desk.policies.current(desk.db)
    decision, appeal = whole.decision, whole.appeal
    mine = appeal.assigned_to == reviewer.account_id and not _lease_over(visit, whole)
    return await visit.html(
        "admin/appeal.html",
        http_status=http_status,
        appeal=_shown(visit, whole),
        decision=_decision(visit, whole, _title(visit, current.clauses, decision.clause)),
        seen=show_snapshot(whole.seen),
        changed=whole.seen is not None and whole.revision not in (None, whole.seen.revision),
        gone=decision.subject_kind == "status" and whole.revision is None,
        revision=whole.revision,
        said=[msgspec.to_builtins(one) for one in whole.said],
        before=[
            msgspec.to_builtins(one) | {"clause": _title(visit, current.clauses, one.clause)} for one in whole.before
        ],
        state=_state(visit, whole, mine=mine),
        clauses=[(clause.id, say(clause.title, visit.language)) for clause in current.clauses.values()],
        labels=[(label.id, say(label.title, visit.language)) for label in current.labels.values()],
        on_status=ON_STATUS if decision.subject_kind == "status" else (),
        on_account=ON_ACCOUNT if may(visit.me.role, "sanction") else (),
        longest=LONGEST,
        typed=typed or _BLANK | {"clause": decision.clause},
        errors=errors or {},
        problem=problem,
        may_ask=may(visit.me.role, "measure"),
    )


def _lease_over(visit: Visit, whole: AppealFile) -> bool:
    until = whole.appeal.lease_until
    return until is None or until <= visit.res.clock.now()


def _state(visit: Visit, whole: AppealFile, *, mine: bool) -> str:
    """What the viewer can do with it: `open` (take it), `mine` (decide it), or why not."""
    appeal = whole.appeal
    if appeal.decided_at is not None:
        return "decided"
    if appeal.state == "panel":
        return "panel"
    if whole.took_part:
        return "part"
    if mine:
        return "mine"
    return "open" if appeal.assigned_to is None or _lease_over(visit, whole) else "taken"


def _row(visit: Visit, one: AppealShown) -> dict[str, Any]:
    now = visit.res.clock.now()
    return {
        "id": str(one.id),
        "side": one.side,
        "state": one.state,
        "text": one.text,
        "language": one.language,
        "about": one.subject_kind,
        "filed_at": timestamp(one.filed_at),
        "due_at": one.due_at,
        "decided_at": timestamp(one.decided_at) if one.decided_at else None,
        "automated": one.automated_decision,
        "took_part": one.took_part,
        "taken": one.lease_until is not None and one.lease_until > now and one.assigned_to != visit.me.account_id,
    }


def _shown(visit: Visit, whole: AppealFile) -> dict[str, Any]:
    appeal = whole.appeal
    return {
        "id": str(appeal.id),
        "side": appeal.side,
        "state": appeal.state,
        "text": appeal.text,
        "evidence": appeal.evidence,
        "language": appeal.language,
        "filed_at": timestamp(appeal.filed_at),
        "due_at": appeal.due_at,
        "decided_at": timestamp(appeal.decided_at) if appeal.decided_at else None,
        "answer": say(appeal.answer, visit.language) if appeal.answer else "",
        "new_decision_id": str(appeal.new_decision_id) if appeal.new_decision_id else None,
        "panel": _panel(whole),
    }


def _panel(whole: AppealFile) -> dict[str, Any] | None:
    """What a panel that has given it back had found; while it votes nothing is told."""
    panel = whole.panel
    if panel is None or panel.state == "voting" or panel.tally is None:
        return None
    return {
        "state": panel.state,
        "outcome": panel.outcome,
        "groups": [panel.tally["0"], panel.tally["1"]],
        "reasons": [msgspec.to_builtins(one) for one in whole.reasons],
    }


def _decision(visit: Visit, whole: AppealFile, clause: str) -> dict[str, Any]:
    decision = whole.decision
    reason = say(decision.reason, visit.language) if decision.reason else ""
    return {
        "id": str(decision.id),
        "about": decision.subject_kind,
        "outcome": decision.outcome,
        "clause": clause,
        "rule": decision.rule,
        "policy": decision.policy,
        "facts": decision.facts,
        # Where nobody has written one it is the clause's title once more.
        "reason": "" if reason == clause else reason,
        "automated": decision.automated_decision,
        "created_at": timestamp(decision.created_at),
        "acts": [act_of(action) for action in whole.actions],
    }


def _title(visit: Visit, clauses: Any, clause_id: str) -> str:
    clause = clauses.get(clause_id)
    return say(clause.title, visit.language) if clause else clause_id


def _rate(visit: Visit, clauses: Any, by: str, rate: Rate) -> dict[str, Any]:
    return {
        "key": rate.key,
        "name": _title(visit, clauses, rate.key) if by == "clause" else rate.key,
        "decided": rate.decided,
        "overturned": rate.overturned,
        "modified": rate.modified,
        "share": round(100 * (rate.overturned + rate.modified) / rate.decided),
    }


def _elsewhere(visit: Visit) -> str:
    return visit.gettext("Somebody else has it, or it is decided already.")


def _why_no_panel(visit: Visit, reason: str) -> str:
    if reason == "jurors":
        return visit.gettext(
            "There are too few jurors who have no part in this: a member of the staff has to look at it."
        )
    return visit.gettext("A panel sees only posts that are words, and none that are harsh: this one is for the staff.")
