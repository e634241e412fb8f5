"""What was just decided and can be taken back, shown above whatever comes next; and turning older decisions round."""

from __future__ import annotations

from datetime import datetime

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, NotFound
from rostra.kit.paging import Id
from rostra.moderation.cases.queue import release, take
from rostra.moderation.decisions.action_queries import list_actions
from rostra.moderation.decisions.decision_queries import find_decision
from rostra.moderation.decisions.reverse import UNDO, reverse
from rostra.moderation.decisions.tell_queries import find_told_at
from rostra.moderation.records import DecisionRow
from rostra.web.desk_place import parse_place, reviewer_of
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the reviewer's own that can still be undone, until then. `actions` are kinds."""

    decision: DecisionRow
    actions: list[str]
    until: datetime


class UndoForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    within: str = ""
    # The case that was open meanwhile, to be given back.
    here: Id | None = None


class ReverseForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    note: str = ""
    within: str = ""


async def find_done(visit: Visit, decision_id: int | None) -> Done | None:
    """What can be undone of it; None where nothing can, or nothing was decided."""
    if decision_id is None:
        return None
    async with visit.res.db.read() as conn:
        decision = await find_decision(conn, decision_id)
        actions = await list_actions(conn, [decision_id])
    if decision is None or decision.reversed_at is not None or decision.reviewer_id != visit.me.account_id:
        return None
    until = decision.created_at + UNDO
    if until <= visit.res.clock.now():
        return None
    return Done(decision=decision, actions=[action.kind for action in actions], until=until)


@pages.post("/admin/desk/decisions/{id}/undo", access="queue")
async def undo(visit: Visit, form: UndoForm) -> Response:
    """Take back what one has just decided, and look at it again."""
    desk, reviewer, place = visit.res.desk, reviewer_of(visit), parse_place(form.within)
    case_id = await _case_of(visit, form.id)
    async with visit.res.db.read() as conn:
        told_at = await find_told_at(conn, form.id)
    await reverse(desk, reviewer, form.id, "undo")
    said = visit.gettext("Undone. Nobody was told of it.")
    if told_at is not None:
        said = visit.gettext("Undone. Who was told of the decision is told of this, too.")
    if form.here is not None:
        await release(desk, reviewer, form.here)
    if case_id is None:
        return visit.redirect(place.list_path(), notice=said)
    try:
        await take(desk, reviewer, case_id)
    except Conflict:
        # Another case of the subject was opened meanwhile, or somebody was quicker: the page says which.
        return visit.redirect(place.case_path(case_id))
    return visit.redirect(place.case_path(case_id), notice=said)


@pages.post("/admin/desk/decisions/{id}/reverse", access="queue")
async def turn_round(visit: Visit, form: ReverseForm) -> Response:
    """Turn a decision round after a second look, and say why."""
    desk, reviewer, place = visit.res.desk, reviewer_of(visit), parse_place(form.within)
    case_id = await _case_of(visit, form.id)
    await reverse(desk, reviewer, form.id, "review", note=form.note)
    if case_id is None:
        return visit.redirect(place.list_path(tab="closed"), notice=visit.gettext("Turned round."))
    return visit.redirect(place.case_path(case_id), notice=visit.gettext("Turned round."))


async def _case_of(visit: Visit, decision_id: int) -> int | None:
    async with visit.res.db.read() as conn:
        decision = await find_decision(conn, decision_id)
    if decision is None:
        raise NotFound
    return decision.case_id
