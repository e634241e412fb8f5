"""The policy to read: for everybody what is not allowed, for moderators what is in force and how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.responses import Response

from rostra.kit.paging import Id
from rostra.policy.coverage import coverage_of
from rostra.policy.diff import Difference
from rostra.policy.facts import FACTS, Fact
from rostra.policy.records import Clause, Hold, Problem
from rostra.screening import rules
from rostra.screening.check_job import find_latest_check
from rostra.screening.check_queries import CheckRow
from rostra.screening.judgement import say
from rostra.screening.overview import (
    VersionView,
    compare_with_active,
    compare_with_before,
    find_active_version,
    find_in_force_once,
    get_current,
    get_version,
    read_overview,
)
from rostra.screening.policy_queries import Version
from rostra.screening.replay import is_replayed, list_replays
from rostra.screening.replay_job import replays_of
from rostra.screening.versions import list_versions
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_HISTORY: Final = 50


class ClauseView(msgspec.Struct, frozen=True, kw_only=True):
    """A clause in the reader's language. `action` is the name of what its rules usually do."""

    id: str
    title: str
    text: str
    severity: int
    ground: str
    law: str
    action: str
    points: int
    # Where the clause says what becomes of what is held under it and not looked at: after how many hours, and what.
    hold: tuple[int, str] | None = None


class RuleForm(msgspec.Struct, frozen=True, kw_only=True):
    rule: str


class VersionForm(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    ordered: bool = False
    against: str = ""


class HistoryForm(msgspec.Struct, frozen=True, kw_only=True):
    before: Id | None = None


def clause_view(clause: Clause, language: str) -> ClauseView:
    """A clause as people read it."""
    return ClauseView(
        id=clause.id,
        title=say(clause.title, language),
        text=say(clause.text, language),
        severity=clause.severity,
        ground=clause.ground,
        law=clause.law,
        action=clause.action.strongest if clause.action.actions else "",
        points=clause.strikes.points if clause.strikes else 0,
        hold=(_hours(clause.hold), clause.hold.then) if clause.hold else None,
    )


def _hours(hold: Hold) -> int:
    return int(hold.expires.total_seconds() // 3600)


@pages.get("/policy")
async def read_policy(visit: Visit) -> Response:
    """What is not allowed here, for everybody."""
    bundle = (await get_current(visit.res.db, visit.res.screen.policies)).bundle
    clauses = [clause_view(clause, visit.language) for clause in bundle.clauses if not clause.retired]
    hold = {"hours": _hours(bundle.hold), "then": bundle.hold.then}
    return await visit.html("policy.html", clauses=clauses, version=bundle.version, hold=hold)


@pages.get("/admin/policy", access="queue")
async def overview_page(visit: Visit) -> Response:
    """What is in force, and how its rules fare today."""
    res = visit.res
    overview = await read_overview(res.db, res.clock, res.screen.policies)
    titles = {clause.id: say(clause.title, visit.language) for clause in overview.bundle.clauses}
    history = await list_versions(res.db)
    return await visit.html(
        "admin/policy.html",
        overview=overview,
        titles=titles,
        history=history[:5],
        replays=(await list_replays(res.db, 5)),
    )


@pages.post("/admin/policy/rules/{rule}/resume", access="policy")
async def resume_rule(visit: Visit, form: RuleForm) -> Response:
    """Have a paused rule count again."""
    res = visit.res
    await rules.resume_rule(res.db, res.clock, form.rule, actor_id=visit.me.account_id)
    res.screen.policies.forget()
    return visit.redirect("/admin/policy", notice=visit.gettext("%(rule)s counts again.", rule=form.rule))


@pages.get("/admin/policy/coverage", access="queue")
async def coverage_page(visit: Visit) -> Response:
    """What answers each clause of each host."""
    bundle = (await get_current(visit.res.db, visit.res.screen.policies)).bundle
    coverage = coverage_of(bundle)
    hosts = [(host, [row for row in coverage.rows if row.host == host.id]) for host in bundle.hosts]
    return await visit.html("admin/policy_coverage.html", hosts=hosts, coverage=coverage)


@pages.get("/admin/policy/facts", access="queue")
async def facts_page(visit: Visit) -> Response:
    """All facts that a rule may speak of."""
    types = {
        float: visit.gettext("number"), int: visit.gettext("whole number"), bool: visit.gettext("true or false"),
        str: visit.gettext("text"), list[str]: visit.gettext("list of texts"),
    }  # fmt: skip
    groups: dict[str, list[tuple[Fact, str]]] = {}
    for fact in FACTS.values():
        groups.setdefault(fact.name.partition(".")[0], []).append((fact, types.get(fact.type, str(fact.type))))
    return await visit.html("admin/policy_facts.html", groups=groups)


@pages.get("/admin/policy/versions", access="queue")
async def history_page(visit: Visit, form: HistoryForm) -> Response:
    """Every version that was kept, the newest first."""
    res = visit.res
    found = await (list_versions(res.db) if form.before is None else list_versions(res.db, form.before))
    older = f"/admin/policy/versions?before={found[-1].id}" if len(found) == _HISTORY else None
    once = await find_in_force_once(res.db, found)
    return await visit.html("admin/policy_versions.html", versions=found, once=once, older_url=older)


@pages.get("/admin/policy/versions/{version}", access="queue")
async def version_page(visit: Visit, form: VersionForm) -> Response:
    """One version: its files, what it changed, and what can be done with it."""
    view = await get_version(visit.res.db, form.version)
    before = None if form.against == "active" else await compare_with_before(visit.res.db, view)
    return await show_version(visit, view, before=before, ordered=form.ordered, http_status=200)


async def show_version(
    visit: Visit,
    view: VersionView,
    *,
    before: tuple[Version, Difference] | None = None,
    ordered: bool = False,
    check: CheckRow | None = None,
    problems: Sequence[Problem] | None = None,
    problem: str = "",
    http_status: int = 422,
) -> Response:
    """The version's page with what it changed in the one `before` it, or what it would change in the one in force; with
    what a check found, and a sentence about what could not be done."""
    res, name = visit.res, view.version.version
    difference = before[1] if before else None
    if before is None and not view.version.is_active:
        difference = await compare_with_active(res.db, res.screen.policies, view)
    return await visit.html(
        "admin/policy_version.html",
        http_status=http_status,
        view=view,
        files=[(file, len(content)) for file, content in sorted(view.files.items())],
        before=before[0] if before else None,
        difference=difference,
        against="before" if before else "active",
        in_force=await find_active_version(res.db, res.clock),
        replays=await replays_of(res.db, name),
        replayed=await is_replayed(res.db, res.clock, name),
        once=bool(await find_in_force_once(res.db, [view.version])),
        ordered=ordered,
        check=check,
        checked=None if check else await find_latest_check(res.db, view.version.id),
        problems=problems,
        problem=problem,
    )
