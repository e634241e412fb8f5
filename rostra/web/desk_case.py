"""The page of one case, and what reviewers do with it besides deciding: take, keep, pass on, write down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, NotFound
from rostra.kit.paging import Id
from rostra.measurement.golden_cases import read_turn
from rostra.moderation.cases import queue
from rostra.moderation.cases.dossier import Dossier, read_dossier
from rostra.moderation.cases.queue_queries import find_reviewer
from rostra.moderation.cases.rest import list_colleagues, note_looked, read_today
from rostra.moderation.cases.reviewer_queries import find_exposure
from rostra.moderation.cases.templates import list_templates
from rostra.web import desk_golden
from rostra.web.desk import go_on, powers_of
from rostra.web.desk_done import find_done
from rostra.web.desk_place import Place, parse_place, reviewer_of
from rostra.web.desk_view import CaseView, Viewer, view_of
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_NOTHING_TYPED: Final[Mapping[str, Any]] = {}


class CaseForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    within: str = ""
    done: Id | None = None


class LeaveForm(msgspec.Struct, frozen=True, kw_only=True):
    """`since`: when the page was made, in seconds of the epoch."""

    id: Id
    within: str = ""
    since: int = 0
    note: str = ""
    to: Id | None = None


@pages.get("/admin/desk/cases/{id}", access="queue")
async def case_page(visit: Visit, form: CaseForm) -> Response:
    """A case with all that lies beside it."""
    return await show_case(visit, form.id, parse_place(form.within), done=form.done)


async def show_case(
    visit: Visit,
    case_id: int,
    place: Place,
    *,
    done: int | None = None,
    typed: Mapping[str, Any] = _NOTHING_TYPED,
    errors: Mapping[str, str] = _NOTHING_TYPED,
    problem: str = "",
    http_status: int = 200,
) -> Response:
    """The page of a case. `typed` is what stood in its form, kept whatever became of it; `problem` why it is shown
    again."""
    res, me = visit.res, visit.me
    turn = await desk_golden.find_turn(visit, case_id)
    dossier = await (read_turn(res.desk, reviewer_of(visit), turn) if turn else read_dossier(res.desk, case_id))
    at = res.clock.now()
    async with res.db.read() as conn:
        kept = await find_reviewer(conn, me.account_id)
        today = await read_today(conn, me.account_id, kept, at)
        colleagues = await list_colleagues(conn, me.account_id)
        templates = await list_templates(conn)
    viewer = Viewer(account_id=me.account_id, role=me.role, language=visit.language, at=at, urls=res.urls)
    view = view_of(dossier, templates, viewer)
    return await visit.html(
        "admin/desk_case.html",
        http_status=http_status,
        d=dossier,
        v=view,
        typed=_filled(dossier, view) | dict(typed),
        errors=errors,
        problem=problem,
        place=place,
        since=int(at.timestamp()),
        kept=kept,
        today=today,
        colleagues=colleagues,
        done=await find_done(visit, done or dossier.case.decision_id),
        may=powers_of(visit),
    )


def _filled(d: Dossier, v: CaseView) -> dict[str, Any]:
    """What the form holds before anybody has typed anything."""
    clauses = {clause.id for clause in v.clauses}
    return {
        "outcome": "",
        "clause": d.case.clause if d.case.clause in clauses else "",
        "acts": [],
        "lasts": {},
        "media": [],
        "label": "",
        "reason": "",
        "facts": "",
        "note": "",
        "confidence": "",
        "template": "",
        "revision": str(d.status.revision) if d.status is not None else "",
    }


async def leave(visit: Visit, form: LeaveForm) -> None:
    """Count the time that the reviewer has looked at a case. Raises NotFound."""
    turn = await desk_golden.find_turn(visit, form.id)
    if turn is not None:
        await desk_golden.look_away(visit, turn, spent_since(visit, form.since))
        return
    async with visit.res.db.read() as conn:
        exposure = await find_exposure(conn, form.id)
    if exposure is None:
        raise NotFound
    await note_looked(visit.res.desk, reviewer_of(visit), exposure, spent_since(visit, form.since))


def spent_since(visit: Visit, since: int) -> int:
    """Seconds since a page was made, as its form says; nothing where it says nothing sensible."""
    return max(0, int(visit.res.clock.now().timestamp()) - since) if since > 0 else 0


@pages.post("/admin/desk/cases/{id}/take", access="queue")
async def take(visit: Visit, form: LeaveForm) -> Response:
    """Have a case for oneself."""
    place = parse_place(form.within)
    if await desk_golden.find_turn(visit, form.id) is not None:
        return visit.redirect(place.case_path(form.id))
    try:
        await queue.take(visit.res.desk, reviewer_of(visit), form.id)
    except Conflict as error:
        return await show_case(visit, form.id, place, problem=_told(visit, error), http_status=409)
    return visit.redirect(place.case_path(form.id))


@pages.post("/admin/desk/cases/{id}/renew", access="queue")
async def renew(visit: Visit, form: LeaveForm) -> Response:
    """Keep it for five more minutes; 409 where it is not ours any more."""
    if await desk_golden.find_turn(visit, form.id) is None:
        await queue.renew(visit.res.desk, reviewer_of(visit), form.id)
    return Response(status_code=204)


@pages.post("/admin/desk/cases/{id}/left", access="queue")
async def left(visit: Visit, form: LeaveForm) -> Response:
    """The page was closed without a decision: the time counts all the same."""
    await leave(visit, form)
    return Response(status_code=204)


@pages.post("/admin/desk/cases/{id}/skip", access="queue")
async def skip(visit: Visit, form: LeaveForm) -> Response:
    """Give it back and go on with the next."""
    await queue.release(visit.res.desk, reviewer_of(visit), form.id)
    await leave(visit, form)
    return await go_on(visit, parse_place(form.within).skip(form.id))


@pages.post("/admin/desk/cases/{id}/release", access="queue")
async def release(visit: Visit, form: LeaveForm) -> Response:
    """Give it back and go to the list."""
    await queue.release(visit.res.desk, reviewer_of(visit), form.id)
    await leave(visit, form)
    return visit.redirect(parse_place(form.within).list_path(), notice=visit.gettext("Given back."))


@pages.post("/admin/desk/cases/{id}/escalate", access="dismiss")
async def escalate(visit: Visit, form: LeaveForm) -> Response:
    """Pass it to those above, with a note, and go on."""
    place = parse_place(form.within)
    turn = await desk_golden.find_turn(visit, form.id)
    if turn is not None and form.note.strip():
        return await desk_golden.answer(visit, turn, "unclear", "", place=place, seconds=spent_since(visit, form.since))
    try:
        await queue.escalate(visit.res.desk, reviewer_of(visit), form.id, form.note)
    except Refused:
        problem = visit.gettext("Say in the note why somebody else has to look at it.")
        return await show_case(
            visit, form.id, place, typed={"note": form.note}, errors={"note": problem}, problem=problem, http_status=422
        )
    except Conflict as error:
        return await show_case(
            visit, form.id, place, typed={"note": form.note}, problem=_told(visit, error), http_status=409
        )
    await leave(visit, form)
    return await go_on(visit, place, notice=visit.gettext("Escalated."))


@pages.post("/admin/desk/cases/{id}/hand_over", access="queue")
async def hand_over(visit: Visit, form: LeaveForm) -> Response:
    """Keep it for a colleague, and go on."""
    res, place = visit.res, parse_place(form.within)
    async with res.db.read() as conn:
        colleagues = {each.id: each for each in await list_colleagues(conn, visit.me.account_id)}
    to = colleagues.get(form.to or 0)
    if to is None:
        problem = visit.gettext("Choose who takes it over.")
        return await show_case(
            visit, form.id, place, typed={"note": form.note}, errors={"to": problem}, problem=problem, http_status=422
        )
    turn = await desk_golden.find_turn(visit, form.id)
    if turn is not None:
        return await desk_golden.answer(visit, turn, "unclear", "", place=place, seconds=spent_since(visit, form.since))
    try:
        await queue.hand_over(res.desk, reviewer_of(visit), form.id, queue.as_reviewer(to.id, to.role), form.note)
    except Conflict as error:
        return await show_case(visit, form.id, place, problem=_told(visit, error), http_status=409)
    await leave(visit, form)
    return await go_on(visit, place, notice=visit.gettext("Handed over to %(who)s.", who=f"@{to.username}"))


@pages.post("/admin/desk/cases/{id}/note", access="queue")
async def note(visit: Visit, form: LeaveForm) -> Response:
    """Write something down for colleagues, and stay."""
    place = parse_place(form.within)
    if await desk_golden.find_turn(visit, form.id) is not None:
        # There is no case that it could be kept with.
        return visit.redirect(place.case_path(form.id))
    try:
        await queue.add_note(visit.res.desk, reviewer_of(visit), form.id, form.note)
    except Refused as error:
        return await show_case(visit, form.id, place, errors=errors_of(error), http_status=422)
    return visit.redirect(place.case_path(form.id), notice=visit.gettext("Noted."))


def _told(visit: Visit, error: Conflict) -> str:
    if isinstance(error, queue.CaseClosed):
        return visit.gettext("It is decided already: somebody was quicker. What was decided stands below.")
    return visit.gettext("A colleague is looking at this case now. You can read it, or take another.")
