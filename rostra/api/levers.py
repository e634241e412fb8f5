"""Crisis levers, the growth brake and incidents, beyond Mastodon's API. Whoever takes cases may read, whoever has the
permission for levers may act."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import isfinite
from typing import Any

import msgspec

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import timestamp
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import ById, Id, Page
from rostra.levers import act
from rostra.levers.forecast import Brake, Forecast, is_alarming
from rostra.levers.kinds import BRAKE, check_name, fields_of
from rostra.levers.overview import (
    Chapter,
    LeverView,
    get_chapter,
    get_lever,
    get_overview,
    list_chapters,
    preview,
)
from rostra.levers.records import Level, Pull, Setup, State, Wish
from rostra.levers.triggers import Trigger, read_trigger

routes = Routes("levers")


class PullEntity(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a lever was pulled. `how` and `released_how`: person, trigger, expired, brake."""

    id: str
    lever: str
    incident_id: str
    params: dict[str, Any]
    how: str
    pulled_at: str
    pulled_by: str | None
    reason: str
    reading: dict[str, Any] | None
    until: str | None
    released_at: str | None
    released_by: str | None
    released_how: str | None
    held: int
    refused: int


class TriggerEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A condition; `now` is what it reads, null where there is nothing to read or no end to it."""

    kind: str
    over: float
    now: float | None
    # False where it has pulled and was not over since.
    is_set: bool


class LeverEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A lever. `state`: ready, armed or pulled; `lasts` in seconds, null until somebody releases it."""

    name: str
    state: str
    params: dict[str, Any]
    lasts: int | None
    trigger: TriggerEntity | None
    armed_at: str | None
    pull: PullEntity | None


class TouchedEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What a lever would have touched in the last 24 hours: posts, boosts or sign-ups."""

    count: int
    people: int


class BrakeEntity(msgspec.Struct, frozen=True, kw_only=True):
    """The growth brake, and the forecast that it goes by. `hours` is null where the backlog does not shrink."""

    on: bool
    limit_hours: float
    least_backlog: int
    backlog: int
    opened: int
    closed: int
    hours: float | None
    alarming: bool
    pull: PullEntity | None


class LeversEntity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything at a glance."""

    levers: list[LeverEntity]
    brake: BrakeEntity


class IncidentEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What levers were pulled for. `state`: running, due (its debrief is), closed."""

    id: str
    title: str
    level: str
    state: str
    started_at: str
    ended_at: str | None
    debrief: str
    debriefed_at: str | None
    pulls: list[PullEntity]


class ByName(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class ArmForm(msgspec.Struct, frozen=True, kw_only=True):
    """What is not said is as the lever comes. `lasts` in seconds, 0 until somebody releases it."""

    name: str
    hours: int | None = None
    seconds: int | None = None
    reach: str | None = None
    unseen: str | None = None
    who: str | None = None
    favourites: bool | None = None
    replies: bool | None = None
    lasts: int = 24 * 3600
    trigger: str | None = None
    over: float | None = None


class PullForm(msgspec.Struct, frozen=True, kw_only=True):
    """`lasts` in seconds, 0 until somebody releases it; what is not said is as the lever was prepared."""

    name: str
    reason: str = ""
    lasts: int | None = None
    title: str = ""
    level: Level = "serious"


class ReleaseForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    publish_held: bool = False


class BrakeForm(msgspec.Struct, frozen=True, kw_only=True):
    on: bool = True
    limit_hours: float = 72.0
    least_backlog: int = 100


class IncidentsForm(msgspec.Struct, frozen=True, kw_only=True):
    max_id: Id | None = None


class DebriefForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    debrief: str = ""


@routes.get("/api/rostra/v1/levers", scopes="admin:read")
async def show_levers(call: Call) -> LeversEntity:
    """All levers, and the growth brake with its forecast."""
    staff(call, "queue")
    found = await get_overview(call.res.db, call.res.clock, started_at=call.res.started_at)
    levers = [_lever(view) for view in found.levers]
    return LeversEntity(levers=levers, brake=_brake(found.state, found.readings.forecast, found.brake))


@routes.get("/api/rostra/v1/levers/incidents", scopes="admin:read")
async def show_incidents(call: Call, form: IncidentsForm) -> Page[IncidentEntity]:
    """Incidents, the newest first."""
    staff(call, "queue")
    chapters, more = await list_chapters(call.res.db, below=MAX_ID if form.max_id is None else form.max_id)
    ids = [chapter.incident.id for chapter in chapters]
    items = [_incident(chapter) for chapter in chapters]
    return Page(items, newest=ids[0] if ids else None, oldest=ids[-1] if ids else None, more=more is not None)


@routes.get("/api/rostra/v1/levers/incidents/{id}", scopes="admin:read")
async def show_incident(call: Call, form: ById) -> IncidentEntity:
    """One incident with what was pulled in it."""
    staff(call, "queue")
    return _incident(await get_chapter(call.res.db, form.id))


@routes.post("/api/rostra/v1/levers/incidents/{id}/debrief", scopes="admin:write")
async def write_debrief(call: Call, form: DebriefForm) -> IncidentEntity:
    """Write what was learnt, and close the incident."""
    me = staff(call, "levers")
    await act.debrief(call.res.db, call.res.clock, form.id, form.debrief, actor_id=me.account_id)
    return _incident(await get_chapter(call.res.db, form.id))


@routes.put("/api/rostra/v1/levers/brake", scopes="admin:write")
async def set_brake(call: Call, form: BrakeForm) -> LeversEntity:
    """Set the growth brake."""
    me = staff(call, "levers")
    brake = Brake(on=form.on, limit_hours=form.limit_hours, least_backlog=form.least_backlog)
    await act.set_brake(call.res.db, call.res.clock, brake, actor_id=me.account_id)
    return await show_levers(call)


@routes.get("/api/rostra/v1/levers/{name}", scopes="admin:read")
async def show_lever(call: Call, form: ByName) -> LeverEntity:
    """One lever."""
    staff(call, "queue")
    return _lever(await get_lever(call.res.db, call.res.clock, form.name))


@routes.get("/api/rostra/v1/levers/{name}/preview", scopes="admin:read")
async def preview_lever(call: Call, form: ByName) -> TouchedEntity:
    """What it would have touched in the last 24 hours, as it is prepared."""
    staff(call, "queue")
    view = await get_lever(call.res.db, call.res.clock, form.name)
    touched = await preview(call.res.db, call.res.clock, view.name, view.params)
    return TouchedEntity(count=touched.posts, people=touched.people)


@routes.post("/api/rostra/v1/levers/{name}/arm", scopes="admin:write")
async def arm_lever(call: Call, form: ArmForm) -> LeverEntity:
    """Prepare a lever: parameters, how long it holds, the condition that pulls it."""
    me = staff(call, "levers")
    check_name(form.name)
    known = {"name", "lasts", "trigger", "over"}
    given = {
        key: value for key, value in msgspec.structs.asdict(form).items() if key not in known and value is not None
    }
    trigger = read_trigger(form.trigger, form.over) if form.trigger else None
    setup = Setup(params=given, lasts=_seconds(form.lasts), trigger=trigger)
    await act.arm(call.res.db, call.res.clock, form.name, setup, actor_id=me.account_id)
    return _lever(await get_lever(call.res.db, call.res.clock, form.name))


@routes.post("/api/rostra/v1/levers/{name}/disarm", scopes="admin:write")
async def disarm_lever(call: Call, form: ByName) -> LeverEntity:
    """Have a lever be as it comes, without a condition."""
    me = staff(call, "levers")
    await act.disarm(call.res.db, call.res.clock, form.name, actor_id=me.account_id)
    return _lever(await get_lever(call.res.db, call.res.clock, form.name))


@routes.post("/api/rostra/v1/levers/{name}/pull", scopes="admin:write")
async def pull_lever(call: Call, form: PullForm) -> LeverEntity:
    """Pull a lever."""
    me, res = staff(call, "levers"), call.res
    lasts = None if form.lasts is None else (_seconds(form.lasts),)
    wish = Wish(reason=form.reason, lasts=lasts, title=form.title, level=form.level)
    await act.pull(res.db, res.clock, res.emit, form.name, wish, actor_id=me.account_id)
    res.screen.levers.forget()
    return _lever(await get_lever(res.db, res.clock, form.name))


@routes.post("/api/rostra/v1/levers/{name}/release", scopes="admin:write")
async def release_lever(call: Call, form: ReleaseForm) -> IncidentEntity:
    """Release a lever, or the growth brake; the incident that it belongs to."""
    me, res = staff(call, "levers"), call.res
    publish_held = form.publish_held and form.name != BRAKE
    incident = await act.release(
        res.db, res.clock, res.emit, form.name, actor_id=me.account_id, publish_held=publish_held
    )
    res.screen.levers.forget()
    return _incident(await get_chapter(res.db, incident.id))


def _seconds(lasts: int) -> timedelta | None:
    return timedelta(seconds=min(lasts, 10**9)) if lasts else None


def _moment(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


def _lever(view: LeverView) -> LeverEntity:
    return LeverEntity(
        name=view.name,
        state=view.state,
        params={field.name: view.params[field.name] for field in fields_of(view.name)},
        lasts=int(view.lasts.total_seconds()) if view.lasts else None,
        trigger=_trigger(view, view.trigger) if view.trigger else None,
        armed_at=_moment(view.armed_at),
        pull=_pull(view.pulled) if view.pulled else None,
    )


def _trigger(view: LeverView, trigger: Trigger) -> TriggerEntity:
    now = view.reading if view.reading is not None and isfinite(view.reading) else None
    return TriggerEntity(kind=trigger.kind, over=trigger.over, now=now, is_set=view.is_set)


def _pull(pull: Pull) -> PullEntity:
    return PullEntity(
        id=str(pull.id),
        lever=pull.name,
        incident_id=str(pull.incident_id),
        params=pull.params,
        how=pull.how,
        pulled_at=timestamp(pull.pulled_at),
        pulled_by=pull.pulled_by,
        reason=pull.reason,
        reading=pull.reading,
        until=_moment(pull.until),
        released_at=_moment(pull.released_at),
        released_by=pull.released_by,
        released_how=pull.released_how,
        held=pull.held,
        refused=pull.refused,
    )


def _brake(state: State, forecast: Forecast, pull: Pull | None) -> BrakeEntity:
    return BrakeEntity(
        on=state.brake.on,
        limit_hours=state.brake.limit_hours,
        least_backlog=state.brake.least_backlog,
        backlog=forecast.backlog,
        opened=forecast.opened,
        closed=forecast.closed,
        hours=round(forecast.hours, 2) if isfinite(forecast.hours) else None,
        alarming=is_alarming(forecast, state.brake),
        pull=_pull(pull) if pull else None,
    )


def _incident(chapter: Chapter) -> IncidentEntity:
    incident = chapter.incident
    return IncidentEntity(
        id=str(incident.id),
        title=incident.title,
        level=incident.level,
        state="closed" if incident.debriefed_at else "due" if incident.is_due else "running",
        started_at=timestamp(incident.started_at),
        ended_at=_moment(incident.ended_at),
        debrief=incident.debrief,
        debriefed_at=_moment(incident.debriefed_at),
        pulls=[_pull(pull) for pull in chapter.pulls],
    )
