"""Deciding a case in the browser: by one key or by the long form. Whatever stops it, nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, Forbidden, Invalid, Involved, NotFound, Outranked
from rostra.kit.paging import Id
from rostra.measurement.golden_case_queries import Turn
from rostra.moderation.cases.case_queries import find_case
from rostra.moderation.cases.dossier_queries import find_author
from rostra.moderation.cases.dossier_queries import find_case as find_whole
from rostra.moderation.cases.rest import note_looked
from rostra.moderation.cases.reviewer_queries import find_exposure, find_template
from rostra.moderation.cases.templates import fill
from rostra.moderation.decisions.actions import check_wish
from rostra.moderation.decisions.decide import decide_case
from rostra.moderation.records import CaseRow, Draft, Outcome
from rostra.screening.judgement import say
from rostra.web import desk_golden
from rostra.web.desk import go_on
from rostra.web.desk_case import show_case, spent_since
from rostra.web.desk_place import ORIGINS, Place, parse_place, reviewer_of
from rostra.web.desk_quick import find_quick, wishes_of
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_LONGEST: Final = 5000
_OUTCOMES: Final[dict[str, Outcome]] = {
    "violates": "violates", "ok": "ok", "unclear": "unclear", "out_of_scope": "out_of_scope",
}  # fmt: skip
_SURE: Final[dict[str, float]] = {"unsure": 0.5, "fairly": 0.75, "certain": 0.95}


class DecideForm(msgspec.Struct, frozen=True, kw_only=True):
    """`quick` is the name of a decision of one key, which takes the place of outcome and acts."""

    id: Id
    quick: str = ""
    outcome: str = ""
    clause: str = ""
    acts: list[str] = []
    lasts: dict[str, str] = {}
    media: list[Id] = []
    label: str = ""
    reason: str = ""
    reason_language: Literal["en", "it"] = "en"
    template: Id | None = None
    use: bool = False
    facts: str = ""
    note: str = ""
    confidence: str = ""
    revision: int | None = None
    within: str = ""
    since: int = 0

    @property
    def typed(self) -> dict[str, Any]:
        """What stands in the form, to be shown again."""
        return {
            "outcome": self.outcome,
            "clause": self.clause,
            "acts": self.acts,
            "lasts": self.lasts,
            "media": [str(each) for each in self.media],
            "label": self.label,
            "reason": self.reason,
            "facts": self.facts,
            "note": self.note,
            "confidence": self.confidence,
            "template": str(self.template or ""),
        }


@pages.post("/admin/desk/cases/{id}/decide", access="dismiss")
async def decide(visit: Visit, form: DecideForm) -> Response:
    """Decide, and go on with the next case."""
    desk, reviewer, place = visit.res.desk, reviewer_of(visit), parse_place(form.within)
    turn = await desk_golden.find_turn(visit, form.id)
    if turn is not None:
        return await _golden(visit, form, turn, place)
    async with visit.res.db.read() as conn:
        case = await find_case(conn, form.id)
        exposure = await find_exposure(conn, form.id)
    if case is None:
        raise NotFound
    if form.use:
        filled = await _fill(visit, form, case)
        return await show_case(visit, form.id, place, typed=form.typed | {"reason": filled})
    try:
        made = await decide_case(desk, reviewer, form.id, _draft(form, case))
    except Conflict:
        problem = await _what_changed(visit, form)
        return await show_case(visit, form.id, place, typed=form.typed, problem=problem, http_status=409)
    except Forbidden as error:
        problem = _why_not(visit, error)
        return await show_case(visit, form.id, place, typed=form.typed, problem=problem, http_status=403)
    except Refused as error:
        return await show_case(
            visit, form.id, place, typed=form.typed, errors=problems_of(visit, errors_of(error)), http_status=422,
            problem=visit.gettext("Something is missing. Nothing was decided yet."),
        )  # fmt: skip
    await note_looked(desk, reviewer, exposure or 0, spent_since(visit, form.since))
    return await go_on(visit, place, done=made)


async def _golden(visit: Visit, form: DecideForm, turn: Turn, place: Place) -> Response:
    """The same for a golden item, which looks like a case: nothing is decided, an answer is taken."""
    quick = find_quick("status", form.quick) if form.quick else None
    outcome = quick.outcome if quick else _OUTCOMES.get(form.outcome)
    seconds = spent_since(visit, form.since)
    if form.use:
        return await show_case(visit, form.id, place, typed=form.typed)
    try:
        if outcome is None:
            raise Invalid("outcome", "is needed", code="ERR_BLANK")
        if quick is None and outcome == "violates":
            for wish in wishes_of(form.acts, form.lasts, form.label, form.media):
                check_wish(wish)
        return await desk_golden.answer(visit, turn, outcome, form.clause, place=place, seconds=seconds)
    except Forbidden as error:
        problem = _why_not(visit, error)
        return await show_case(visit, form.id, place, typed=form.typed, problem=problem, http_status=403)
    except Refused as error:
        return await show_case(
            visit, form.id, place, typed=form.typed, errors=problems_of(visit, errors_of(error)), http_status=422,
            problem=visit.gettext("Something is missing. Nothing was decided yet."),
        )  # fmt: skip


def _draft(form: DecideForm, case: CaseRow) -> Draft:
    """What the form asks for. Raises Invalid."""
    quick = find_quick(case.subject_kind, form.quick) if form.quick else None
    outcome = quick.outcome if quick else _OUTCOMES.get(form.outcome)
    if outcome is None:
        raise Invalid("outcome", "is needed", code="ERR_BLANK")
    wishes = quick.wishes if quick else wishes_of(form.acts, form.lasts, form.label, form.media)
    reason = form.reason.strip()[:_LONGEST]
    return Draft(
        outcome=outcome,
        clause=form.clause,
        wishes=wishes if outcome == "violates" else (),
        reason={form.reason_language: reason} if reason and outcome == "violates" else {},
        facts=form.facts.strip()[:_LONGEST],
        confidence=_SURE.get(form.confidence),
        note=form.note.strip()[:_LONGEST],
        revision=form.revision,
        origin=ORIGINS.get(case.source, "own"),
    )


async def _fill(visit: Visit, form: DecideForm, case: CaseRow) -> str:
    """The words of the chosen template, for those without script."""
    res = visit.res
    current = await res.desk.policies.current(res.db)
    async with res.db.read() as conn:
        template = await find_template(conn, form.template) if form.template else None
        author = await find_author(conn, case.account_id, res.clock.now(), case.id)
    if template is None or author is None:
        return form.reason
    clause = current.clauses.get(form.clause)
    values = {
        "author": author.display_name or author.username,
        "clause": say(clause.title, form.reason_language) if clause else form.clause,
        "server": res.urls.domain,
    }
    return fill(template.text, form.reason_language, values)


async def _what_changed(visit: Visit, form: DecideForm) -> str:
    """What happened under the reviewer's hands, said kindly."""
    async with visit.res.db.read() as conn:
        case = await find_whole(conn, form.id)
    assert case is not None
    kept = visit.gettext("What you had written is still below.")
    if case.state == "closed":
        who = f"@{case.closed_by}" if case.closed_by else visit.gettext("the server")
        return visit.gettext("This was decided by %(who)s while you looked at it.", who=who) + " " + kept
    leased = case.lease_until is not None and case.lease_until > visit.res.clock.now()
    if leased and case.assigned_to not in (None, visit.me.account_id):
        told = visit.gettext("Your time with it ran out, and %(who)s looks at it now.", who=f"@{case.holder}")
        return f"{told} {kept}"
    told = visit.gettext("Its author has changed it while you looked at it. What was changed is marked: look again.")
    return f"{told} {kept}"


def _why_not(visit: Visit, error: Forbidden) -> str:
    if isinstance(error, Involved):
        return visit.gettext("This is your own: somebody else has to look at it.")
    if isinstance(error, Outranked):
        return visit.gettext("This person has your role or one above it: somebody above both of you has to decide.")
    return visit.gettext("Your role does not allow this. Escalate it with a note instead.")


def problems_of(visit: Visit, errors: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with a decision in the reader's language, by field."""
    wrong = errors.get("actions", "")
    if wrong == "ERR_NOT_LIGHTER":
        together = wrong
    elif wrong == "ERR_BLANK":
        together = visit.gettext("Choose at least one of these actions.")
    else:
        together = visit.gettext("These actions do not go together.")
    words = {
        "outcome": visit.gettext("Choose what you think of it."),
        "clause": visit.gettext("Choose the clause that it breaks."),
        "label": visit.gettext("Choose which label."),
        "media": visit.gettext("Choose which of the files."),
        "actions": together,
    }
    return {field: words.get(field, text) for field, text in errors.items()}
