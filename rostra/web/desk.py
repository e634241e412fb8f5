"""The desk: the queue with its filters and counts, the next case, what has to be known before one begins.

Pages of one case are `desk_case`, deciding is `desk_decide`, many at once `desk_bulk`, what reviewers keep
`desk_settings`.

    GET /admin/desk?tab=&clause=&language=&exposure=&source=&after=
                                    admin/desk.html; GET /admin/desk/counts: partials/desk_counts.html
    POST /admin/desk/next           within: leases the next case and leads to it
    GET /admin/desk/cases/ID        admin/desk_case.html; POST …/{take,renew,left,skip,release,escalate,hand_over,note,
                                    decide}
    POST /admin/desk/decisions/ID/{undo,reverse}
    POST /admin/desk/bulk           cases[] | near_of: admin/desk_bulk_new.html; POST /admin/desk/bulk/start;
                                    GET /admin/desk/bulk/ID: admin/desk_bulk.html; POST …/{approve,stop,reverse}
    GET, POST /admin/desk/act       status= | account=: admin/desk_act.html, opens a case without a report
    GET, POST /admin/desk/settings  admin/desk_settings.html; POST …/second_look
    POST /admin/desk/filters        name, shared, clause, language, exposure, source; POST …/ID/delete
    GET, POST /admin/desk/templates admin/desk_templates.html; POST …/ID, …/ID/delete
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import isinf
from typing import Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import may
from rostra.kit.errors import Conflict
from rostra.kit.paging import Id
from rostra.levers.forecast import Forecast, is_alarming
from rostra.levers.queries import get_state
from rostra.levers.reading_queries import read_forecast
from rostra.measurement.golden_cases import take_golden
from rostra.moderation.cases import reviewer_queries
from rostra.moderation.cases.filters import delete_filter, query_of, save_filter
from rostra.moderation.cases.queue import BUDGET, get_reviewer, list_cases, take_next
from rostra.moderation.cases.queue_queries import CaseShown, ReviewerRow, find_reviewer
from rostra.moderation.cases.rest import read_today
from rostra.moderation.cases.reviewer_queries import SavedFilter, Tally
from rostra.moderation.decisions.second_look_queries import Waiting, list_waiting
from rostra.moderation.domains.decision_queries import DomainDecision
from rostra.moderation.domains.decisions import list_decisions as list_domain_decisions
from rostra.policy.records import Clause
from rostra.screening.judgement import say
from rostra.web.desk_done import find_done
from rostra.web.desk_place import Place, narrow, parse_place, reviewer_of
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

Tab = Literal["queued", "escalated", "closed"]
# Words of such exposure are veiled for those who want that: 1 harsh words, 3 harsh pictures.
HARSH: Final = (1, 3)
_CHOICES: Final = 40
_SERVERS: Final = 5
_WAITING: Final = 5
# So old may the forecast be that is counted once a minute.
_FRESH: Final = timedelta(minutes=3)


class QueueForm(msgspec.Struct, frozen=True, kw_only=True):
    tab: Tab = "queued"
    clause: str = ""
    language: str = ""
    exposure: str = ""
    source: str = ""
    after: str = ""
    done: Id | None = None


class NextForm(msgspec.Struct, frozen=True, kw_only=True):
    within: str = ""


class FilterForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    shared: bool = False
    clause: str = ""
    language: str = ""
    exposure: str = ""
    source: str = ""


class IdForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the list. `holder` is who has it now, `kept_for` whom it was handed to, "" where nobody."""

    case: CaseShown
    acct: str
    title: str
    holder: str
    is_mine: bool
    is_own: bool
    veiled: bool
    kept_for: str = ""
    kept_for_me: bool = False


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the queue can be narrowed to, with how many wait of each: (value, name, number)."""

    clauses: list[tuple[str, str, int]]
    languages: list[tuple[str, int]]
    exposures: list[tuple[int, int]]
    sources: list[tuple[str, int]]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is to do. `hours` is None where it never ends at the present pace."""

    queued: int
    escalated: int
    held: int
    with_clock: int
    next_due: datetime | None
    oldest: datetime | None
    opened: int
    closed: int
    hours: float | None
    alarming: bool
    # Bulk decisions that wait for a second person.
    waiting: list[Waiting] = []


@pages.get("/admin/desk", access="queue")
async def queue_page(visit: Visit, form: QueueForm) -> Response:
    """The queue, the most urgent first."""
    res, me = visit.res, visit.me
    query = narrow(form.clause, form.language, form.exposure, form.source, form.tab)
    rows, following = await list_cases(res.desk, reviewer_of(visit), query, form.after)
    current = await res.desk.policies.current(res.db)
    async with res.db.read() as conn:
        kept = await find_reviewer(conn, me.account_id)
        today = await read_today(conn, me.account_id, kept, res.clock.now())
        filters = await reviewer_queries.list_filters(conn, me.account_id)
        holders = [each for row in rows for each in (row.assigned_to, row.reserved_for) if each is not None]
        names = await reviewer_queries.find_usernames(conn, holders)
    tallies, load = await _read_load(visit)
    place = Place(query=query)
    return await visit.html(
        "admin/desk.html",
        tab=form.tab,
        rows=[_row(visit, row, current.clauses, kept, names) for row in rows],
        older_url=place.list_path(tab=form.tab, after=following) if following else None,
        choices=_choices(tallies, current.clauses, form.tab, visit.language),
        load=load,
        query=query,
        place=place,
        filters=[(each, _filter_path(each)) for each in filters],
        today=today,
        kept=kept,
        done=await find_done(visit, form.done),
        servers=await _servers(visit, form),
        may=powers_of(visit),
    )


async def _servers(visit: Visit, form: QueueForm) -> list[DomainDecision]:
    """Beside what was decided of posts and people, the latest decisions on servers."""
    if form.tab != "closed" or form.after or not may(visit.me.role, "blocks"):
        return []
    return await list_domain_decisions(visit.res.desk, limit=_SERVERS)


@pages.get("/admin/desk/counts", access="queue")
async def counts(visit: Visit, form: QueueForm) -> Response:
    """The counts by themselves, for a page that stays open."""
    _, load = await _read_load(visit)
    place = Place(query=narrow(form.clause, form.language, form.exposure, form.source, form.tab))
    return await visit.html("partials/desk_counts.html", tab=form.tab, load=load, place=place)


@pages.post("/admin/desk/next", access="queue")
async def next_case(visit: Visit, form: NextForm) -> Response:
    """Lease the next case and go there."""
    return await go_on(visit, parse_place(form.within))


async def go_on(visit: Visit, place: Place, *, done: int | None = None, notice: str | None = None) -> Response:
    """To the next case that fits, or to the list where there is none or a rest is due. `done`: what can be undone."""
    try:
        desk, reviewer = visit.res.desk, reviewer_of(visit)
        found = await take_golden(desk, reviewer, place.query)
        found = found or await take_next(desk, reviewer, place.query, place.skipped)
    except Conflict:
        return visit.redirect(place.list_path(done=done), notice=notice)
    if found is None:
        return visit.redirect(place.list_path(done=done), notice=notice or await _nothing_left(visit))
    return visit.redirect(place.case_path(found, done=done), notice=notice)


async def _nothing_left(visit: Visit) -> str:
    """Why there is no next case; of what was looked at enough the list itself says so."""
    kept = await get_reviewer(visit.res.desk, visit.me.account_id)
    if kept.languages or kept.declined or kept.most_exposure < max(BUDGET):
        return visit.gettext("Nothing else waits here that you take on.")
    return visit.gettext("Nothing else waits here.")


@pages.post("/admin/desk/filters", access="queue")
async def keep_filter(visit: Visit, form: FilterForm) -> Response:
    """Keep what the queue is narrowed to under a name."""
    query = narrow(form.clause, form.language, form.exposure, form.source)
    await save_filter(visit.res.desk, reviewer_of(visit), form.name, query, shared=form.shared)
    return visit.redirect(Place(query=query).list_path(), notice=visit.gettext("Saved."))


@pages.post("/admin/desk/filters/{id}/delete", access="queue")
async def drop_filter(visit: Visit, form: IdForm) -> Response:
    """Forget a filter."""
    await delete_filter(visit.res.desk, reviewer_of(visit), form.id)
    return visit.redirect("/admin/desk", notice=visit.gettext("Deleted."))


async def _read_load(visit: Visit) -> tuple[list[Tally], Load]:
    async with visit.res.db.read() as conn:
        tallies = await visit.res.backlog.count(conn, visit.res.clock.now())
        state = await get_state(conn)
        # A worker has counted within the minute; where none has, it is done here.
        is_fresh = state.looked_at is not None and state.looked_at > visit.res.clock.now() - _FRESH
        forecast = state.forecast if is_fresh else None
        if forecast is None:
            forecast = await read_forecast(conn, visit.res.clock.now())
        waiting = await list_waiting(conn, _WAITING)
    forecast = msgspec.structs.replace(forecast, backlog=sum(each.number for each in tallies if not each.field))
    load = _load(tallies, forecast, alarming=is_alarming(forecast, state.brake))
    return tallies, msgspec.structs.replace(load, waiting=waiting)


def _load(tallies: Sequence[Tally], forecast: Forecast, *, alarming: bool) -> Load:
    whole = {each.state: each for each in tallies if not each.field}
    held = [each.number for each in tallies if (each.state, each.field, each.value) == ("queued", "source", "hold")]
    return Load(
        queued=whole["queued"].number if "queued" in whole else 0,
        escalated=whole["escalated"].number if "escalated" in whole else 0,
        held=sum(held),
        with_clock=sum(each.with_clock for each in whole.values()),
        next_due=min((each.next_due for each in whole.values() if each.next_due), default=None),
        oldest=min((each.oldest for each in whole.values()), default=None),
        opened=forecast.opened,
        closed=forecast.closed,
        hours=None if isinf(forecast.hours) else forecast.hours,
        alarming=alarming,
    )


def _choices(tallies: Sequence[Tally], clauses: Mapping[str, Clause], tab: Tab, language: str) -> Choices:
    state = "escalated" if tab == "escalated" else "queued"
    by: dict[str, Counter[str]] = {name: Counter() for name in ("clause", "language", "exposure", "source")}
    for each in tallies:
        if each.state == state and each.field:
            by[each.field][each.value] = each.number
    titled = [
        (clause, title_of(clauses, clause, language), number)
        for clause, number in by["clause"].most_common(_CHOICES)
        if clause
    ]
    return Choices(
        clauses=titled,
        languages=[(code, number) for code, number in by["language"].most_common(_CHOICES) if code],
        exposures=sorted((int(exposure), number) for exposure, number in by["exposure"].items()),
        sources=by["source"].most_common(),
    )


def _row(
    visit: Visit, case: CaseShown, clauses: Mapping[str, Clause], kept: ReviewerRow, names: Mapping[int, str]
) -> Row:
    now = visit.res.clock.now()
    leased = case.assigned_to is not None and case.lease_until is not None and case.lease_until > now
    reserved = case.state == "queued" and case.reserved_until is not None and case.reserved_until > now
    return Row(
        case=case,
        acct=f"{case.username}@{case.domain}" if case.domain else case.username,
        title=title_of(clauses, case.clause, visit.language),
        holder=names.get(case.assigned_to, "") if leased and case.assigned_to is not None else "",
        is_mine=leased and case.assigned_to == visit.me.account_id,
        is_own=case.account_id == visit.me.account_id,
        veiled=kept.blur and case.exposure in HARSH,
        kept_for=names.get(case.reserved_for, "") if reserved and case.reserved_for is not None else "",
        kept_for_me=reserved and case.reserved_for == visit.me.account_id,
    )


def title_of(clauses: Mapping[str, Clause], clause: str, language: str) -> str:
    """A clause's title in the reader's language; the id of one that the policy has no more."""
    known = clauses.get(clause)
    return say(known.title, language) if known else clause


def _filter_path(saved: SavedFilter) -> str:
    return Place(query=query_of(saved)).list_path()


def powers_of(visit: Visit) -> dict[str, bool]:
    """What the reviewer may do, for templates."""
    role = visit.me.role
    return {name: may(role, name) for name in ("dismiss", "decide", "sanction", "escalated")}
