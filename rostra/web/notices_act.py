"""Working on a notice: deciding about an example and its copies, the answer, its clocks, the evidence pack.

GET, POST /admin/notices/ID/items/ITEM  admin/notices_item.html: the act; POST …/remark
POST /admin/notices/ID/{draft,answer,approve,send,move,clock,pack}; GET …/pack: the file
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.kit.paging import ById, Id
from rostra.moderation.cases.case_queries import find_case
from rostra.moderation.records import Outcome
from rostra.notices import answer as answers
from rostra.notices.act import Act, act, remark
from rostra.notices.clocks import set_clock
from rostra.notices.pack import find_pack, order_pack
from rostra.notices.records import NEXT, Item, State
from rostra.notices.show import get_item, next_open
from rostra.screening.judgement import say
from rostra.web.desk_place import reviewer_of
from rostra.web.desk_quick import wishes_of
from rostra.web.notices import regime_of, show_notice, why_not
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_OUTCOMES: Final[dict[str, Outcome]] = {
    "violates": "violates", "ok": "ok", "unclear": "unclear", "out_of_scope": "out_of_scope",
}  # fmt: skip
_LONGEST: Final = 5000
_EMPTY: Final[dict[str, Any]] = {
    "outcome": "violates", "clause": "", "acts": ["status.remove"], "lasts": {}, "label": "", "facts": "", "note": "",
    "with_copies": True,
}  # fmt: skip


class ItemForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    item_id: Id


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    item_id: Id
    outcome: str = ""
    clause: str = ""
    acts: list[str] = []
    lasts: dict[str, str] = {}
    label: str = ""
    facts: str = ""
    note: str = ""
    with_copies: bool = False
    revision: int | None = None
    seen: str = ""


class RemarkForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    item_id: Id
    text: str = ""


class AnswerForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    text: str = ""


class ApproveForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    answer_id: Id


class SendForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    how: str = "mail"


class MoveForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    to: str
    note: str = ""


class ClockForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    regime: str = ""
    due: str = ""
    why: str = ""


@pages.get("/admin/notices/{id}/items/{item_id}", access="notices")
async def item_page(visit: Visit, form: ItemForm) -> Response:
    """An example with its copies, and the decision to be made."""
    return await _item(visit, form.id, form.item_id)


async def _clause_of(visit: Visit, item: Item) -> str:
    """What the notice says that it breaks, else what its case does."""
    if item.clause or item.case_id is None:
        return item.clause
    async with visit.res.db.read() as conn:
        case = await find_case(conn, item.case_id)
    return case.clause if case is not None else ""


async def _item(visit: Visit, notice_id: int, item_id: int, **values: Any) -> Response:
    found = await get_item(visit.res.desk, reviewer_of(visit), notice_id, item_id)
    current = await visit.res.desk.policies.current(visit.res.db)
    given: dict[str, Any] = {"problem": "", "errors": {}, "http_status": 200}
    given |= {"typed": _EMPTY | {"clause": await _clause_of(visit, found.item)}} | values
    return await visit.html(
        "admin/notices_item.html",
        found=found,
        clauses=[
            (clause.id, say(clause.title, visit.language)) for clause in current.bundle.clauses if not clause.retired
        ],
        labels=[(label.id, say(label.title, visit.language)) for label in current.bundle.labels],
        **given,
    )


@pages.post("/admin/notices/{id}/items/{item_id}", access="notices")
async def act_on_item(visit: Visit, form: ActForm) -> Response:
    """Decide about the example and its copies, and go on with the next that is open."""
    typed = {name: getattr(form, name) for name in _EMPTY}
    try:
        outcome = _OUTCOMES.get(form.outcome)
        if outcome is None:
            raise Invalid("outcome", "is needed", code="ERR_BLANK")
        wanted = Act(
            item_id=form.item_id,
            outcome=outcome,
            clause=form.clause,
            wishes=wishes_of(form.acts, form.lasts, form.label) if outcome == "violates" else (),
            with_copies=form.with_copies,
            revision=form.revision,
            seen=form.seen,
            facts=form.facts.strip()[:_LONGEST],
            note=form.note.strip()[:_LONGEST],
        )
        await act(visit.res.desk, reviewer_of(visit), form.id, wanted)
    except (Conflict, Forbidden, Invalid) as error:
        problem = why_not(visit, error)
        return await _item(visit, form.id, form.item_id, typed=typed, problem=problem, http_status=error.status)
    following = await next_open(visit.res.desk, form.id)
    place = f"/items/{following}" if following else ""
    return visit.redirect(f"/admin/notices/{form.id}{place}", notice=visit.gettext("Decided."))


@pages.post("/admin/notices/{id}/items/{item_id}/remark", access="notices")
async def write_remark(visit: Visit, form: RemarkForm) -> Response:
    """Write something about an example for the answer."""
    await remark(visit.res.desk, reviewer_of(visit), form.id, form.item_id, form.text)
    return visit.redirect(f"/admin/notices/{form.id}#item-{form.item_id}", notice=visit.gettext("Saved."))


@pages.post("/admin/notices/{id}/draft", access="notices")
async def draft_answer(visit: Visit, form: ById) -> Response:
    """Write the answer from the records."""
    return await _do(visit, form.id, answers.draft(visit.res.desk, reviewer_of(visit), form.id), "#answer")


@pages.post("/admin/notices/{id}/answer", access="notices")
async def edit_answer(visit: Visit, form: AnswerForm) -> Response:
    """Put one's own words in its place."""
    done = answers.edit(visit.res.desk, reviewer_of(visit), form.id, form.text)
    return await _do(visit, form.id, done, "#answer", typed={"text": form.text})


@pages.post("/admin/notices/{id}/approve", access="notices")
async def approve_answer(visit: Visit, form: ApproveForm) -> Response:
    """Stand by the answer that was shown."""
    done = answers.approve(visit.res.desk, reviewer_of(visit), form.id, form.answer_id)
    return await _do(visit, form.id, done, "#answer")


@pages.post("/admin/notices/{id}/send", access="notices")
async def send_answer(visit: Visit, form: SendForm) -> Response:
    """Send it by mail, or say that it was sent."""
    done = answers.send(visit.res.desk, reviewer_of(visit), form.id, by_hand=form.how == "hand")
    return await _do(visit, form.id, done, "#answer")


@pages.post("/admin/notices/{id}/move", access="notices")
async def move_notice(visit: Visit, form: MoveForm) -> Response:
    """Say what came back, or that it is over."""
    wanted: State | None = next((state for state in NEXT if state == form.to), None)
    if wanted is None:
        raise NotFound
    done = answers.move(visit.res.desk, reviewer_of(visit), form.id, wanted, form.note.strip())
    return await _do(visit, form.id, done)


@pages.post("/admin/notices/{id}/clock", access="notices")
async def change_clock(visit: Visit, form: ClockForm) -> Response:
    """Have another clock run, or give one another end."""
    regime = regime_of(form.regime)
    try:
        due_at = datetime.fromisoformat(form.due)
    except ValueError:
        due_at = None
    if regime is None or due_at is None:
        problem = visit.gettext("Write the moment as in 2026-05-04 18:30 (UTC).")
        return await show_notice(visit, form.id, problem=problem, http_status=422)
    due_at = due_at if due_at.tzinfo else due_at.replace(tzinfo=UTC)
    done = set_clock(visit.res.desk, reviewer_of(visit), form.id, regime, due_at, form.why.strip())
    return await _do(visit, form.id, done)


@pages.post("/admin/notices/{id}/pack", access="notices")
async def make_pack(visit: Visit, form: ById) -> Response:
    """Have the evidence pack made."""
    await order_pack(visit.res.desk, reviewer_of(visit), form.id)
    notice = visit.gettext("The pack is being made. It is here in a few seconds.")
    return visit.redirect(f"/admin/notices/{form.id}#pack", notice=notice)


@pages.get("/admin/notices/{id}/pack", access="notices")
async def download_pack(visit: Visit, form: ById) -> Response:
    """The newest evidence pack."""
    body = await find_pack(visit.res.desk, form.id)
    headers = {
        "content-disposition": f'attachment; filename="evidence-{form.id}.zip"',
        "cache-control": "private, no-store",
    }
    return Response(body, media_type="application/zip", headers=headers)


async def _do(visit: Visit, notice_id: int, done: Any, place: str = "", **values: Any) -> Response:
    """Wait for what a form wants done; what stops it is said on the page."""
    try:
        await done
    except (Conflict, Forbidden, Invalid) as error:
        return await show_notice(visit, notice_id, problem=why_not(visit, error), http_status=error.status, **values)
    return visit.redirect(f"/admin/notices/{notice_id}{place}", notice=visit.gettext("Done."))
