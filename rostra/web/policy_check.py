"""Checking a version of the policy and putting it into force: ordered here, carried out by a worker, looked at here.

POST /admin/policy/versions/VERSION/check       orders a check; …/activate: note, seen, without_replay=1
GET /admin/policy/checks/ID                     admin/policy_check.html while it runs; then the version's page with what
                                                was found, or the editor with it, where a file was checked while it
                                                was written (`policy_change`)
"""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict
from rostra.kit.paging import Id
from rostra.screening.check_job import GIVEN_UP, get_check, order_activation, order_check
from rostra.screening.check_queries import CheckRow
from rostra.screening.overview import get_version
from rostra.screening.replay import is_replayed
from rostra.web.page import Pages
from rostra.web.policy import show_version
from rostra.web.policy_change import show_editor
from rostra.web.visit import Visit

pages = Pages()

_LONGEST_NOTE: Final = 300


class CheckForm(msgspec.Struct, frozen=True, kw_only=True):
    """`seen` is the version that was in force when the page was made."""

    version: str
    note: str = ""
    seen: str = ""
    without_replay: bool = False


class NumberForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


@pages.post("/admin/policy/versions/{version}/check", access="policy")
async def check_version(visit: Visit, form: CheckForm) -> Response:
    """Have all found that is wrong with a version, its failing tests included."""
    made = await order_check(visit.res.db, visit.res.clock, form.version, author_id=visit.me.account_id)
    return visit.redirect(f"/admin/policy/checks/{made}")


@pages.post("/admin/policy/versions/{version}/activate", access="policy")
async def activate_version(visit: Visit, form: CheckForm) -> Response:
    """Have it put into force: when it passes its checks, and was tried or somebody says to go without."""
    res = visit.res
    view = await get_version(res.db, form.version)
    name = view.version.version
    if not form.without_replay and not await is_replayed(res.db, res.clock, name):
        problem = visit.gettext(
            "It was not tried on stored posts within the last week. Replay it first, or say that it shall go without."
        )
        return await show_version(visit, view, problem=problem)
    note = form.note.strip()[:_LONGEST_NOTE] or view.version.note
    try:
        made = await order_activation(res.db, res.clock, name, seen=form.seen, note=note, author_id=visit.me.account_id)
    except Conflict:
        res.screen.policies.forget()
        return await show_version(visit, view, problem=_overtaken(visit), http_status=409)
    return visit.redirect(f"/admin/policy/checks/{made}")


def _overtaken(visit: Visit) -> str:
    return visit.gettext(
        "The policy in force has changed since you looked, so nothing was done. "
        "Look at what this version would change in it now, and activate it again if you still want to."
    )


@pages.get("/admin/policy/checks/{id}", access="policy")
async def check_page(visit: Visit, form: NumberForm) -> Response:
    """How far it is, or what came of it."""
    res = visit.res
    row = await get_check(res.db, form.id)
    is_lost = row.finished_at is None and row.ordered_at < res.clock.now() - GIVEN_UP
    if row.finished_at is None and not is_lost:
        return await visit.html("admin/policy_check.html", check=row)
    view = await get_version(res.db, row.version)
    if row.file_name is not None and row.outcome in ("sound", "faulty"):
        text = (row.file_text or b"").decode()
        return await show_editor(visit, view, row.file_name, text, note=row.note, problems=row.found)
    if row.wanted == "activate":
        # What this process knows of what is in force may be older.
        res.screen.policies.forget()
    problems = row.found if row.outcome in ("sound", "faulty", "activated") else None
    return await show_version(visit, view, problem=_problem(visit, row), check=row, problems=problems, http_status=200)


def _problem(visit: Visit, row: CheckRow) -> str:
    """What could not be done, in a sentence; "" where all was."""
    if row.outcome == "changed":
        return _overtaken(visit)
    if row.outcome == "faulty" and row.wanted == "activate":
        return visit.gettext("It did not pass its own checks. The policy before stays in force.")
    if row.outcome in (None, "failed"):
        return visit.gettext("The check was cut short. Order it again.")
    return ""
