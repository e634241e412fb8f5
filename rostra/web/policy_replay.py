"""Replays of a policy over stored posts: what would change, and the sample that people judge."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from starlette.responses import Response

from rostra.kit.paging import Id
from rostra.screening.judgement import say
from rostra.screening.overview import get_current
from rostra.screening.replay import get_replay, label_sample, list_replays
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

Change = Literal["hit", "freed"]
_SHOWN: Final = 20


class ReplayForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    change: Change | None = None
    labelled: bool = False


class LabelForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    status_id: Id
    change: Change = "hit"
    right: Literal["1", "0", ""] = ""
    labelled: bool = False
    next: str = ""


@pages.get("/admin/policy/replays", access="queue")
async def replays_page(visit: Visit) -> Response:
    """The latest replays."""
    return await visit.html("admin/policy_replays.html", replays=await list_replays(visit.res.db))


@pages.get("/admin/policy/replays/{id}", access="queue")
async def replay_page(visit: Visit, form: ReplayForm) -> Response:
    """How far it is, or what came of it, with posts to judge: those that nobody has looked at come first."""
    row, samples, precisions = await get_replay(visit.res.db, form.id)
    change = form.change or ("hit" if any(s.change == "hit" for s in samples) or not samples else "freed")
    of_kind = [sample for sample in samples if sample.change == change]
    open_ones = [sample for sample in of_kind if (sample.is_right is not None) == form.labelled]
    clauses = (await get_current(visit.res.db, visit.res.screen.policies)).clauses
    return await visit.html(
        "admin/policy_replay.html",
        replay=row,
        result=row.result or {},
        precisions=precisions,
        change=change,
        labelled=form.labelled,
        sampled=len(of_kind),
        open_ones=len(open_ones),
        samples=open_ones[:_SHOWN],
        titles={clause.id: say(clause.title, visit.language) for clause in clauses.values()},
    )


@pages.post("/admin/policy/replays/{id}/samples/{status_id}", access="queue")
async def judge_sample(visit: Visit, form: LabelForm) -> Response:
    """Say whether a change is right, and go on with the next."""
    is_right = {"1": True, "0": False, "": None}[form.right]
    await label_sample(visit.res.db, form.id, form.status_id, is_right=is_right, actor_id=visit.me.account_id)
    place = f"#sample-{form.next}" if form.next.isdecimal() else "#samples"
    more = "&labelled=1" if form.labelled else ""
    return visit.redirect(f"/admin/policy/replays/{form.id}?change={form.change}{more}{place}")
