"""Changing the policy: editing a file of a version, replaying it, rolling back. Checking a version and putting it into
force is `policy_check`."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from markupsafe import Markup
from starlette.responses import Response

from rostra.kit.errors import Invalid, InvalidFields, NotFound
from rostra.policy.records import Problem
from rostra.screening.check_job import order_file_check
from rostra.screening.drafts import with_file
from rostra.screening.overview import VersionView, compare_with_active, find_in_force_once, get_version
from rostra.screening.replay_job import order_replay
from rostra.screening.replay_order import ReplayWanted
from rostra.screening.versions import PolicyRefused, keep, roll_back
from rostra.web.page import Pages
from rostra.web.policy import show_version
from rostra.web.visit import Visit

pages = Pages()

_DAYS: Final = 30
# Without script, so many lines can be added before numbers are missing.
_MORE: Final = 1000
_LONGEST_NOTE: Final = 300


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    name: str = ""
    text: str = ""
    note: str = ""
    act: str = "check"


class VersionForm(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    note: str = ""
    days: int = _DAYS


def _address(version: str) -> str:
    return f"/admin/policy/versions/{quote(version, safe='')}"


@pages.get("/admin/policy/versions/{version}/edit", access="policy")
async def edit_page(visit: Visit, form: FileForm) -> Response:
    """A file of a version in an editor; without a name, or with a new one, a new file."""
    view = await get_version(visit.res.db, form.version)
    text = view.files.get(form.name, b"").decode(errors="replace")
    return await show_editor(visit, view, form.name, text)


async def show_editor(
    visit: Visit,
    view: VersionView,
    name: str,
    text: str,
    *,
    note: str = "",
    problems: Sequence[Problem] | None = None,
    error: Invalid | InvalidFields | None = None,
) -> Response:
    """The editor with what somebody is writing, and what is wrong with it."""
    return await visit.html(
        "admin/policy_edit.html",
        http_status=200 if error is None else 422,
        version=view.version,
        name=name,
        text=text,
        note=note,
        is_new=name not in view.files,
        beside=_beside(text, {each.line for each in problems or () if each.file == name}),
        problems=problems,
        errors={field: faults[0].description for field, faults in error.details.items()} if error else {},
    )


def _beside(text: str, wrong: Set[int]) -> Markup:
    """The numbers of the lines, marked where something is wrong with one, and some for what is yet to come."""
    lines = text.count("\n") + 1
    return Markup("\n").join(
        Markup("<b>{}</b>").format(line) if line in wrong else str(line) for line in range(1, lines + _MORE)
    )


@pages.post("/admin/policy/versions/{version}/edit", access="policy")
async def save_file(visit: Visit, form: FileForm) -> Response:
    """Have what was written checked, or keep it as a version of its own."""
    res, text = visit.res, form.text.replace("\r\n", "\n")
    view = await get_version(res.db, form.version)
    try:
        files = with_file(view.files, form.name, text)
    except Invalid as error:
        return await show_editor(visit, view, form.name, text, note=form.note, error=error)
    written = form.note.strip()[:_LONGEST_NOTE]
    if form.act != "keep":
        made = await order_file_check(
            res.db, res.clock, view.version.version, form.name, text, note=written, author_id=visit.me.account_id
        )
        return visit.redirect(f"/admin/policy/checks/{made}")
    note = written or visit.gettext("Changed %(name)s", name=form.name)
    version = await keep(res.db, res.clock, files, note=note, author_id=visit.me.account_id)
    return visit.redirect(_address(version), notice=visit.gettext("Kept as a draft. It is not in force yet."))


@pages.post("/admin/policy/versions/{version}/replay", access="policy")
async def replay_version(visit: Visit, form: VersionForm) -> Response:
    """Have it tried on stored posts."""
    res = visit.res
    view = await get_version(res.db, form.version)
    wanted = ReplayWanted(version=view.version.version, days=form.days, author_id=visit.me.account_id)
    try:
        await order_replay(res.db, res.clock, wanted)
    except PolicyRefused as error:
        problem = visit.gettext("It has errors and cannot judge anything yet.")
        return await show_version(visit, view, problems=error.problems, problem=problem)
    except Invalid:
        problem = visit.gettext("Choose between 1 and 3650 days.")
        return await show_version(visit, view, problem=problem)
    return visit.redirect(f"{_address(view.version.version)}?{urlencode({'ordered': 1})}#replays")


async def _get_past(visit: Visit, name: str) -> VersionView:
    """A version that was in force before. Raises NotFound: a draft has to pass its checks first."""
    view = await get_version(visit.res.db, name)
    if not await find_in_force_once(visit.res.db, [view.version]):
        raise NotFound
    return view


@pages.get("/admin/policy/versions/{version}/roll_back", access="policy")
async def ask_roll_back(visit: Visit, form: VersionForm) -> Response:
    """Are you sure? With what it would change."""
    res = visit.res
    view = await _get_past(visit, form.version)
    difference = await compare_with_active(res.db, res.screen.policies, view)
    return await visit.html("admin/policy_roll_back.html", version=view.version, difference=difference)


@pages.post("/admin/policy/versions/{version}/roll_back", access="policy")
async def roll_back_to(visit: Visit, form: VersionForm) -> Response:
    """Put an earlier version back into force."""
    res = visit.res
    note = form.note.strip()[:_LONGEST_NOTE]
    view = await _get_past(visit, form.version)
    version = await roll_back(res.db, res.clock, to=view.version.version, author_id=visit.me.account_id, why=note)
    res.screen.policies.forget()
    notice = visit.gettext("Version %(version)s is in force.", version=version)
    return visit.redirect("/admin/policy", notice=notice)
