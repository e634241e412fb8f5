"""The review list: what moderators look at, and what becomes of it. Deciding is `rostra.moderation.review`'s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from rostra.kit.errors import Conflict, Forbidden, NotFound
from rostra.kit.paging import Id
from rostra.moderation.overview_queries import count_for_review
from rostra.moderation.review import Decision, Which, decide_case, decide_hold, list_waiting, turn_round
from rostra.moderation.review_queries import Shown
from rostra.policy.records import Clause
from rostra.screening.judgement import say
from rostra.screening.overview import get_current
from rostra.web.marked import mark_field
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

Kind = Literal["hold", "case", "refused"]
_TABS: Final[dict[Kind, Which]] = {"hold": "holds", "case": "cases", "refused": "refused"}
_LONGEST_NOTE: Final = 500


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A post as the template takes it: texts with their words marked, figures by name. `number` is what a decision is
    sent to: the id of the hold or the case, or of the refused post."""

    number: int
    shown: Shown
    acct: str
    days: int
    clause_title: str
    reason: str
    text: Markup
    warning: Markup
    options: list[Markup]
    pictures: list[tuple[str, Markup]]
    scores: list[tuple[str, int]]
    found: list[str]
    is_own: bool


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    tab: Kind = "hold"
    after: str = ""


class DecisionForm(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    id: Id
    decision: Literal["publish", "refuse"]
    revision: int = -1
    note: str = ""
    # The item that comes after it on the page, and where the page began.
    next: str = ""
    after: str = ""


@pages.get("/admin/review", access="queue")
async def review_page(visit: Visit, form: ListForm) -> Response:
    """What waits, the most severe first."""
    return await _list(visit, form.tab, form.after)


async def _list(visit: Visit, tab: Kind, after: str, **values: Any) -> Response:
    db = visit.res.db
    shown, following = await list_waiting(db, _TABS[tab], after=after)
    async with db.read() as conn:
        counts = await count_for_review(conn)
    clauses = (await get_current(db, visit.res.screen.policies)).clauses
    values = {"problem": "", "http_status": 200} | values
    return await visit.html(
        "admin/review.html",
        tab=tab,
        items=[_item(visit, tab, each, clauses) for each in shown],
        counts=counts,
        after=after,
        older_url=f"/admin/review?tab={tab}&after={following}" if following else None,
        **values,
    )


def _item(visit: Visit, tab: Kind, shown: Shown, clauses: Mapping[str, Clause]) -> Item:
    clause = clauses.get(shown.clause)
    spans, scores = shown.spans, shown.found.get("scores") or {}
    return Item(
        number=shown.status_id if tab == "refused" else shown.id,
        shown=shown,
        acct=f"{shown.username}@{shown.domain}" if shown.domain else shown.username,
        days=_days(shown.joined_at, visit.res.clock.now()),
        clause_title=say(clause.title, visit.language) if clause else shown.clause,
        reason=say(shown.reason, visit.language),
        text=mark_field(shown.text, spans, "text"),
        warning=mark_field(shown.spoiler_text, spans, "spoiler_text"),
        options=[mark_field(option, spans, f"poll[options][{n}]") for n, option in enumerate(shown.poll_options)],
        pictures=[
            (
                visit.res.urls.stored(picture["key"]),
                mark_field(picture["description"] or "", spans, f"description[{n}]"),
            )
            for n, picture in enumerate(shown.media)
            if picture["key"]
        ],
        scores=sorted(((name, round(100 * value)) for name, value in scores.items()), key=lambda each: -each[1]),
        found=_found(shown),
        is_own=shown.account_id == visit.me.account_id,
    )


def _days(since: datetime, now: datetime) -> int:
    return max(0, (now - since).days)


def _found(shown: Shown) -> list[str]:
    """The names of what was found, each once: of marks, phrases, lists and banks."""
    names = [span[3] for span in shown.spans]
    for key in ("matches", "lists", "banks", "domains", "crashed"):
        names += shown.found.get(key) or []
    return list(dict.fromkeys(names))


@pages.post("/admin/review/{kind}/{id}", access="queue")
async def decide(visit: Visit, form: DecisionForm) -> Response:
    """Publish or refuse, and go on with the next."""
    try:
        await _decide(visit, form)
    except (Conflict, NotFound):
        problem = visit.gettext("Somebody has decided this already, or its author has changed it. Nothing was done.")
        return await _list(visit, form.kind, form.after, problem=problem, http_status=409)
    except Forbidden:
        problem = visit.gettext("Somebody else has to look at your own post.")
        return await _list(visit, form.kind, form.after, problem=problem, http_status=403)
    done = visit.gettext("Published.") if form.decision == "publish" else visit.gettext("Refused.")
    after = form.after if form.after.replace("-", "").isdecimal() else ""
    query = f"?tab={form.kind}" + (f"&after={after}" if after else "")
    place = f"#item-{form.next}" if form.next.isdecimal() else ""
    return visit.redirect(f"/admin/review{query}{place}", notice=done)


async def _decide(visit: Visit, form: DecisionForm) -> None:
    res, me, note = visit.res, visit.me.account_id, form.note.strip()[:_LONGEST_NOTE]
    if form.kind == "refused":
        if form.decision != "publish":
            raise NotFound
        await turn_round(res.db, res.clock, res.emit, form.id, actor_id=me, note=note)
        return
    decision = Decision(publish=form.decision == "publish", actor_id=me, revision=form.revision, note=note)
    act = decide_hold if form.kind == "hold" else decide_case
    await act(res.db, res.clock, res.emit, res.screen.policies, form.id, decision)
