"""Many at once: what a decision would reach, shown before; how far it is, while a worker carries it out."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import may
from rostra.kit.errors import Invalid
from rostra.kit.paging import Id
from rostra.moderation.cases.dossier import list_cases_by_id, list_copies
from rostra.moderation.cases.dossier_queries import find_copies, find_names
from rostra.moderation.cases.pictures import list_alike
from rostra.moderation.cases.reviewer_queries import find_usernames
from rostra.moderation.decisions import bulk_queries
from rostra.moderation.decisions.bulk import approve_bulk, get_bulk, order_of, preview, start_bulk, stop_bulk
from rostra.moderation.decisions.bulk_queries import BulkRow, Preview
from rostra.moderation.decisions.bulk_reverse import order_reversal
from rostra.moderation.decisions.second_look import may_approve, needed, right_over
from rostra.moderation.records import Draft, SubjectKind
from rostra.screening.judgement import say
from rostra.web.desk import title_of
from rostra.web.desk_decide import problems_of
from rostra.web.desk_place import reviewer_of
from rostra.web.desk_quick import wishes_of
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_LISTED: Final = 60


class ChosenForm(msgspec.Struct, frozen=True, kw_only=True):
    """`cases` of the list, or the near-copies of a post, or the posts with pictures like a post's."""

    cases: list[Id] = []
    near_of: Id | None = None
    like: Id | None = None
    clause: str = ""


class StartForm(msgspec.Struct, frozen=True, kw_only=True):
    """`subjects` are ids with dots between them, `out` those that were taken out again."""

    kind: Literal["status", "account"] = "status"
    subjects: str = ""
    out: list[Id] = []
    outcome: Literal["violates", "ok", "out_of_scope"] = "violates"
    clause: str = ""
    acts: list[str] = []
    lasts: dict[str, str] = {}
    media: list[Id] = []
    label: str = ""
    facts: str = ""
    note: str = ""


class BulkForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class ReverseForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    note: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One of those that would be decided."""

    id: int
    acct: str
    excerpt: str
    case_id: int | None


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """What a second person is shown of a decision over many: what it reaches now, and the first of them."""

    kind: SubjectKind
    reach: Preview
    listed: list[Listed]
    is_mine: bool
    may_approve: bool
    may_stop: bool


@pages.post("/admin/desk/bulk", access="decide")
async def choose(visit: Visit, form: ChosenForm) -> Response:
    """What was chosen, and what is to be done with it."""
    desk = visit.res.desk
    if form.near_of is not None:
        ids = await list_copies(desk, form.near_of)
        return await _preview(visit, "status", ids, 0, {"clause": form.clause})
    if form.like is not None:
        ids, media = await list_alike(desk, form.like)
        return await _preview(visit, "status", ids, 0, {"clause": form.clause, "media": media})
    cases = await list_cases_by_id(desk, form.cases)
    statuses = [case.subject_id for case in cases if case.subject_kind == "status"]
    accounts = [case.subject_id for case in cases if case.subject_kind == "account"]
    if not cases:
        return visit.redirect("/admin/desk", notice=visit.gettext("Nothing was chosen, or it is decided already."))
    # Of those that differ nothing is taken for granted.
    found = {case.clause for case in cases}
    clause = found.pop() if len(found) == 1 else ""
    kind: SubjectKind = "status" if statuses else "account"
    left_out = len(accounts) if statuses else 0
    return await _preview(visit, kind, statuses or accounts, left_out, {"clause": clause})


async def _preview(
    visit: Visit,
    kind: SubjectKind,
    ids: list[int],
    left_out: int,
    typed: dict[str, Any],
    errors: dict[str, str] | None = None,
) -> Response:
    desk = visit.res.desk
    reach = await preview(desk, kind, ids)
    reviewer = reviewer_of(visit)
    async with desk.db.read() as conn:
        second = await needed(conn, reviewer, reach.items, "decide" if kind == "status" else "sanction")
    current = await desk.policies.current(desk.db)
    clauses = [
        (clause.id, say(clause.title, visit.language)) for clause in current.bundle.clauses if not clause.retired
    ]
    blank: dict[str, Any] = {
        "outcome": "violates", "clause": "", "acts": [], "lasts": {}, "media": [], "label": "", "facts": "", "note": "",
        "out": [],
    }  # fmt: skip
    return await visit.html(
        "admin/desk_bulk_new.html",
        http_status=422 if errors else 200,
        kind=kind,
        ids=ids,
        listed=await _list(visit, kind, ids[:_LISTED]),
        left_out=left_out,
        reach=reach,
        second=second,
        clauses=clauses,
        labels=[(label.id, say(label.title, visit.language)) for label in current.bundle.labels],
        typed=blank | typed,
        errors=errors or {},
    )


async def _list(visit: Visit, kind: SubjectKind, ids: list[int]) -> list[Listed]:
    async with visit.res.db.read() as conn:
        rows = (await find_copies(conn, [], ids))[1] if kind == "status" else await find_names(conn, ids)
    return [
        Listed(
            id=int(row["id"]),
            acct=f"{row['username']}@{row['domain']}" if row["domain"] else row["username"],
            excerpt=row["text"],
            case_id=int(row["case_id"]) if row.get("case_id") else None,
        )
        for row in rows
    ]


@pages.post("/admin/desk/bulk/start", access="decide")
async def start(visit: Visit, form: StartForm) -> Response:
    """Have a worker carry it out."""
    chosen = [int(each) for each in form.subjects.split(".") if each.isdecimal() and len(each) < 20]
    ids = [each for each in chosen if each not in set(form.out)]
    try:
        made = await start_bulk(visit.res.desk, reviewer_of(visit), form.kind, ids, _draft(form))
    except Refused as error:
        typed = {
            "outcome": form.outcome, "clause": form.clause, "acts": form.acts, "lasts": form.lasts,
            "media": form.media, "label": form.label, "facts": form.facts, "note": form.note, "out": form.out,
        }  # fmt: skip
        return await _preview(visit, form.kind, chosen, 0, typed, problems_of(visit, errors_of(error)))
    return visit.redirect(f"/admin/desk/bulk/{made}")


def _draft(form: StartForm) -> Draft:
    """What is done to each. Raises Invalid."""
    wishes = wishes_of(form.acts, form.lasts, form.label, form.media) if form.outcome == "violates" else ()
    if form.outcome == "violates" and not wishes:
        raise Invalid("actions", "are needed: what is to be done?", code="ERR_BLANK")
    return Draft(
        outcome=form.outcome, clause=form.clause, wishes=wishes, facts=form.facts.strip(), note=form.note.strip()
    )


@pages.get("/admin/desk/bulk/{id}", access="queue")
async def progress(visit: Visit, form: BulkForm) -> Response:
    """How far it is, and what was skipped; of one that waits, what a second person has to look at."""
    desk = visit.res.desk
    bulk = await get_bulk(desk, form.id)
    current = await desk.policies.current(desk.db)
    concerned = [each for each in (bulk.actor_id, bulk.approved_by, bulk.stopped_by) if each is not None]
    async with visit.res.db.read() as conn:
        skipped = await bulk_queries.list_skipped(conn, form.id)
        names = await find_usernames(conn, concerned)
    return await visit.html(
        "admin/desk_bulk.html",
        bulk=bulk,
        draft=order_of(bulk)[1],
        names=names,
        waits=await _waits(visit, bulk) if bulk.state == "waiting" else None,
        clause=title_of(current.clauses, str(bulk.draft.get("clause", "")), visit.language),
        skipped=skipped,
        may_reverse=may(reviewer_of(visit).role, "decide" if bulk.actor_id == visit.me.account_id else "escalated"),
    )


async def _waits(visit: Visit, bulk: BulkRow) -> Waits:
    kind, draft = order_of(bulk)
    reviewer = reviewer_of(visit)
    async with visit.res.db.read() as conn:
        ids = [item.subject_id for item in await bulk_queries.list_items(conn, bulk.id, bulk.total)]
    return Waits(
        kind=kind,
        reach=await preview(visit.res.desk, kind, ids),
        listed=await _list(visit, kind, ids[:_LISTED]),
        is_mine=bulk.actor_id == reviewer.account_id,
        may_approve=may_approve(reviewer, bulk, right_over(kind, draft)),
        may_stop=may(reviewer.role, "decide"),
    )


@pages.post("/admin/desk/bulk/{id}/approve", access="decide")
async def approve(visit: Visit, form: BulkForm) -> Response:
    """Let what somebody else has ordered be carried out."""
    await approve_bulk(visit.res.desk, reviewer_of(visit), form.id)
    return visit.redirect(f"/admin/desk/bulk/{form.id}")


@pages.post("/admin/desk/bulk/{id}/stop", access="decide")
async def stop(visit: Visit, form: BulkForm) -> Response:
    """Decide nothing more of it."""
    await stop_bulk(visit.res.desk, reviewer_of(visit), form.id)
    return visit.redirect(f"/admin/desk/bulk/{form.id}", notice=visit.gettext("Stopped."))


@pages.post("/admin/desk/bulk/{id}/reverse", access="decide")
async def turn_round(visit: Visit, form: ReverseForm) -> Response:
    """Have a worker turn all of it round that still stands, and say why."""
    await order_reversal(visit.res.desk, reviewer_of(visit), form.id, form.note.strip())
    return visit.redirect(f"/admin/desk/bulk/{form.id}")
