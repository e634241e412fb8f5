"""Pages of jurors: offering to be one, what they are asked, the ballot. No names, no pictures, no votes of others."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.appeals.panel_queries import AskedRow
from rostra.appeals.panel_vote import decline, find_juror, get_asked, list_asked, offer, vote
from rostra.appeals.viewpoints import Vote
from rostra.entities.account import timestamp
from rostra.kit.errors import Conflict
from rostra.kit.paging import ById, Id
from rostra.screening.judgement import say
from rostra.web.desk_place import reviewer_of
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_VOTES: Final[dict[str, Vote]] = {"uphold": "uphold", "overturn": "overturn", "unsure": "unsure"}


class OfferForm(msgspec.Struct, frozen=True, kw_only=True):
    willing: bool = False


class VoteForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    vote: str = ""
    reason: str = ""


@pages.get("/panel", access="panel")
async def panels(visit: Visit) -> Response:
    """What the viewer is asked, and whether they want to be."""
    desk, reviewer = visit.res.desk, reviewer_of(visit)
    asked = [_row(one) for one in await list_asked(desk, reviewer)]
    juror = await find_juror(desk, reviewer.account_id)
    return await visit.html(
        "panel/index.html",
        waiting=[one for one in asked if one["open"]],
        voted=[one for one in asked if not one["open"]],
        willing=juror is not None,
    )


@pages.post("/panel/offer", access="panel")
async def offer_oneself(visit: Visit, form: OfferForm) -> Response:
    """Be drawn, or not any more."""
    await offer(visit.res.desk, reviewer_of(visit), willing=form.willing)
    said = (
        visit.gettext("You can be drawn from now on.") if form.willing else visit.gettext("You are not drawn any more.")
    )
    return visit.redirect("/panel", notice=said)


@pages.get("/panel/{id}", access="panel")
async def one_panel(visit: Visit, form: ById) -> Response:
    """The question, and the ballot."""
    return await _panel_page(visit, form.id)


@pages.post("/panel/{id}/vote", access="panel")
async def cast(visit: Visit, form: VoteForm) -> Response:
    """Vote, once."""
    chosen = _VOTES.get(form.vote)
    values = {"vote": form.vote, "reason": form.reason}
    if chosen is None:
        return await _panel_page(visit, form.id, http_status=422, values=values, errors={"vote": "ERR_INCLUSION"})
    try:
        await vote(visit.res.desk, reviewer_of(visit), form.id, chosen, form.reason)
    except Refused as error:
        return await _panel_page(visit, form.id, http_status=422, values=values, errors=errors_of(error))
    except Conflict:
        return visit.redirect("/panel", notice=visit.gettext("This panel is over, or you have voted."))
    return visit.redirect("/panel", notice=visit.gettext("Thank you: your vote is cast."))


@pages.post("/panel/{id}/decline", access="panel")
async def leave(visit: Visit, form: ById) -> Response:
    """Leave it to somebody else."""
    try:
        await decline(visit.res.desk, reviewer_of(visit), form.id)
    except Conflict:
        return visit.redirect("/panel", notice=visit.gettext("This panel is over, or you have voted."))
    return visit.redirect("/panel", notice=visit.gettext("Somebody else is asked."))


async def _panel_page(
    visit: Visit, panel_id: int, *, http_status: int = 200, values: dict[str, str] | None = None, errors: Any = None
) -> Response:
    asked = await get_asked(visit.res.desk, reviewer_of(visit), panel_id)
    question = asked.question
    return await visit.html(
        "panel/one.html",
        http_status=http_status,
        panel=_row(asked),
        question=question,
        clause=say(question["clause"], visit.language) if question.get("clause") else question.get("clause_id", ""),
        clause_text=say(question["clause_text"], visit.language) if question.get("clause_text") else "",
        values=values or {},
        errors=errors or {},
    )


def _row(asked: AskedRow) -> dict[str, Any]:
    question = asked.question
    text = str(question.get("spoiler_text") or question.get("text") or "")
    return {
        "id": str(asked.id),
        "excerpt": text[:160],
        "due_at": timestamp(asked.due_at),
        "open": asked.member_state == "asked" and asked.state == "voting",
        "over": asked.state != "voting",
        "outcome": asked.outcome,
        "vote": asked.vote,
        "reason": asked.reason or "",
    }
