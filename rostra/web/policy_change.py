"""Changing the policy: editing a file of a version, checking, replaying, activating, rolling back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Invalid, InvalidFields, NotFound
from rostra.policy.records import Problem
from rostra.screening.detectors import load_detectors
from rostra.screening.drafts import find_problems, with_file
from rostra.screening.overview import VersionView, compare_with_active, find_in_force_once, get_version
from rostra.screening.replay import is_replayed
from rostra.screening.replay_job import ReplayWanted, order_replay, replays_of
from rostra.screening.versions import PolicyRefused, activate, keep, roll_back
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_DAYS: Final = 30
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
    without_replay: bool = False


def _address(version: str) -> str:
    return f"/admin/policy/versions/{quote(version, safe='')}"


@pages.get("/admin/policy/versions/{version}/edit", access="policy")
async def edit_page(visit: Visit, form: FileForm) -> Response:
    """A file of a version in an editor; without a name, or with a new one, a new file."""
    view = await get_version(visit.res.db, form.version)
    text = view.files.get(form.name, b"").decode(errors="replace")
    return await _editor(visit, view, form.name, text)


async def _editor(
    visit: Visit,
    view: VersionView,
    name: str,
    text: str,
    *,
    note: str = "",
    problems: Sequence[Problem] | None = None,
    error: Invalid | InvalidFields | None = None,
) -> Response:
    return await visit.html(
        "admin/policy_edit.html",
        http_status=200 if error is None else 422,
        version=view.version,
        name=name,
        text=text,
        note=note,
        is_new=name not in view.files,
        problems=problems,
        errors={field: faults[0].description for field, faults in error.details.items()} if error else {},
    )


@pages.post("/admin/policy/versions/{version}/edit", access="policy")
async def save_file(visit: Visit, form: FileForm) -> Response:
    """Check what was written, or keep it as a version of its own."""
    res, text = visit.res, form.text.replace("\r\n", "\n")
    view = await get_version(res.db, form.version)
    try:
        files = with_file(view.files, form.name, text)
    except Invalid as error:
        return await _editor(visit, view, form.name, text, note=form.note, error=error)
    if form.act != "keep":
        problems = await find_problems(res.clock, files)
        return await _editor(visit, view, form.name, text, note=form.note, problems=problems)
    note = form.note.strip()[:_LONGEST_NOTE] or visit.gettext("Changed %(name)s", name=form.name)
    version = await keep(res.db, res.clock, files, note=note, author_id=visit.me.account_id)
    return visit.redirect(_address(version), notice=visit.gettext("Kept as a draft. It is not in force yet."))


@pages.post("/admin/policy/versions/{version}/check", access="policy")
async def check_version(visit: Visit, form: VersionForm) -> Response:
    """All that is wrong with a version, its failing tests included."""
    view = await get_version(visit.res.db, form.version)
    return await _version(visit, view, problems=await find_problems(visit.res.clock, view.files))


async def _version(
    visit: Visit, view: VersionView, *, problems: Sequence[Problem] | None = None, problem: str = ""
) -> Response:
    """The version's page again, with what is wrong and what it would change in the one in force."""
    res = visit.res
    return await visit.html(
        "admin/policy_version.html",
        http_status=422 if problem else 200,
        view=view,
        files=[(name, len(content)) for name, content in sorted(view.files.items())],
        before=None,
        difference=await compare_with_active(res.db, res.screen.policies, view),
        against="active",
        replays=await replays_of(res.db, view.version.version),
        replayed=await is_replayed(res.db, res.clock, view.version.version),
        once=bool(await find_in_force_once(res.db, [view.version])),
        ordered=False,
        problems=problems,
        problem=problem,
    )


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
        return await _version(visit, view, problems=error.problems, problem=problem)
    except Invalid:
        problem = visit.gettext("Choose between 1 and 3650 days.")
        return await _version(visit, view, problem=problem)
    return visit.redirect(f"{_address(view.version.version)}?{urlencode({'ordered': 1})}#replays")


@pages.post("/admin/policy/versions/{version}/activate", access="policy")
async def activate_version(visit: Visit, form: VersionForm) -> Response:
    """Put it into force: when it has passed its checks, and was tried or somebody says to go without."""
    res = visit.res
    view = await get_version(res.db, form.version)
    if not form.without_replay and not await is_replayed(res.db, res.clock, view.version.version):
        problem = visit.gettext(
            "It was not tried on stored posts within the last week. Replay it first, or say that it shall go without."
        )
        return await _version(visit, view, problem=problem)
    note = form.note.strip()[:_LONGEST_NOTE]
    try:
        await activate(
            res.db,
            res.clock,
            load_detectors(),
            view.files,
            note=note or view.version.note,
            author_id=visit.me.account_id,
        )
    except PolicyRefused as error:
        problem = visit.gettext("It did not pass its own checks. The policy before stays in force.")
        return await _version(visit, view, problems=error.problems, problem=problem)
    res.screen.policies.forget()
    notice = visit.gettext("Version %(version)s is in force.", version=view.version.version)
    return visit.redirect("/admin/policy", notice=notice)


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
