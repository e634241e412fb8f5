"""The crisis page: levers, the growth brake, incidents and their debriefs. Whoever takes cases may look, who has the
permission for levers may pull."""

from __future__ import annotations

from datetime import timedelta
from math import isinf
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import may
from rostra.kit.errors import Conflict, Invalid
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import Id
from rostra.levers import act
from rostra.levers.forecast import Brake, Forecast, is_alarming
from rostra.levers.kinds import BRAKE, check_name, fields_of, load_params
from rostra.levers.overview import (
    Chapter,
    LeverView,
    get_chapter,
    get_lever,
    get_overview,
    list_chapters,
    preview,
)
from rostra.levers.records import Level, Pull, Setup, Wish
from rostra.levers.triggers import BOUNDS, Trigger, read_trigger
from rostra.levers.words import (
    choice_title,
    condition,
    condition_titles,
    does,
    field_title,
    settings_in_words,
    title,
)
from rostra.web.page import Pages
from rostra.web.visit import Visit, errors_of

pages = Pages()

# In minutes; 0 is until somebody releases it.
_LASTS: Final = (60, 360, 720, 1440, 4320, 10080, 0)


class CrisisForm(msgspec.Struct, frozen=True, kw_only=True):
    before: Id | None = None


class IncidentForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    debrief: str = ""


class BrakeForm(msgspec.Struct, frozen=True, kw_only=True):
    on: bool = False
    limit_hours: str = ""
    least_backlog: str = ""


class LeverForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    hours: str = ""
    seconds: str = ""
    reach: str = ""
    unseen: str = ""
    who: str = ""
    favourites: bool = False
    replies: bool = False
    lasts: str = ""
    trigger: str = ""
    over: str = ""
    reason: str = ""
    title: str = ""
    level: Level = "serious"
    publish_held: bool = False


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A lever in the reader's language. `condition` and `reading` are empty where it has none; `line` is there while it
    is pulled."""

    view: LeverView
    title: str
    does: str
    settings: list[str]
    condition: str
    reading: str
    line: PullLine | None


class PullLine(msgspec.Struct, frozen=True, kw_only=True):
    """One pull in the reader's language."""

    pull: Pull
    title: str
    settings: list[str]
    condition: str


@pages.get("/admin/crisis", access="queue")
async def show_levers(visit: Visit) -> Response:
    """What is pulled, what is ready, and how long the backlog takes to clear."""
    return await _levers_page(visit)


async def _levers_page(visit: Visit, *, values: dict[str, Any] | None = None, error: Invalid | None = None) -> Response:
    res = visit.res
    overview = await get_overview(res.db, res.clock, started_at=res.started_at)
    forecast, brake = overview.readings.forecast, overview.state.brake
    return await visit.html(
        "admin/levers.html",
        http_status=422 if error else 200,
        cards=[_card(visit, view) for view in overview.levers],
        brake=brake,
        braked=_line(visit, overview.brake) if overview.brake else None,
        forecast=forecast,
        drain=_drain(visit, forecast),
        alarming=is_alarming(forecast, brake),
        share=min(100, round(100 * forecast.hours / brake.limit_hours)) if not isinf(forecast.hours) else 100,
        due=overview.due,
        watched=overview.is_watched,
        values=values or {**msgspec.structs.asdict(brake), "limit_hours": f"{brake.limit_hours:g}"},
        errors=_errors(visit, error) if error else {},
        may_pull=may(visit.me.role, "levers"),
    )


@pages.post("/admin/crisis/brake", access="levers")
async def save_brake(visit: Visit, form: BrakeForm) -> Response:
    """Set the growth brake."""
    res = visit.res
    try:
        brake = Brake(
            on=form.on,
            limit_hours=_number("limit_hours", form.limit_hours),
            least_backlog=int(_number("least_backlog", form.least_backlog)),
        )
        await act.set_brake(res.db, res.clock, brake, actor_id=visit.me.account_id)
    except Invalid as error:
        return await _levers_page(visit, values=msgspec.structs.asdict(form), error=error)
    return visit.redirect("/admin/crisis", notice=visit.gettext("Saved."))


@pages.get("/admin/crisis/levers/{name}", access="queue")
async def show_lever(visit: Visit, form: LeverForm) -> Response:
    """One lever: what it would have touched, the press that pulls it, and how it is prepared."""
    return await _lever_page(visit, form.name)


async def _lever_page(
    visit: Visit, name: str, *, of: str = "", values: dict[str, Any] | None = None, error: Invalid | None = None
) -> Response:
    res = visit.res
    view = await get_lever(res.db, res.clock, name)
    minutes = int(view.lasts.total_seconds()) // 60 if view.lasts else 0
    trigger = view.trigger
    prepared: dict[str, Any] = {
        **view.params,
        "lasts": minutes,
        "trigger": trigger.kind if trigger else "",
        "over": f"{trigger.over:g}" if trigger and BOUNDS[trigger.kind].most else "",
        "level": "serious",
    }
    fields = [
        (
            field,
            field_title(field, visit.language),
            [(c, choice_title(field, c, visit.language)) for c in field.choices],
        )
        for field in fields_of(name)
    ]
    return await visit.html(
        "admin/levers_one.html",
        http_status=422 if error else 200,
        card=_card(visit, view),
        touched=await preview(res.db, res.clock, name, view.params),
        fields=fields,
        lasts=[*sorted({*_LASTS[:-1], minutes} - {0}), 0],
        conditions=condition_titles(visit.language),
        of=of,
        values={**prepared, **(values or {})},
        errors=_errors(visit, error, name) if error else {},
        may_pull=may(visit.me.role, "levers"),
    )


@pages.post("/admin/crisis/levers/{name}/arm", access="levers")
async def arm_lever(visit: Visit, form: LeverForm) -> Response:
    """Prepare it."""
    check_name(form.name)
    res = visit.res
    given = {field.name: getattr(form, field.name) for field in fields_of(form.name)}
    try:
        setup = Setup(params=given, lasts=_lasts(form.lasts), trigger=_trigger(form))
        await act.arm(res.db, res.clock, form.name, setup, actor_id=visit.me.account_id)
    except Invalid as error:
        return await _lever_page(visit, form.name, of="arm", values=msgspec.structs.asdict(form), error=error)
    return visit.redirect(f"/admin/crisis/levers/{form.name}", notice=visit.gettext("Saved."))


@pages.post("/admin/crisis/levers/{name}/disarm", access="levers")
async def disarm_lever(visit: Visit, form: LeverForm) -> Response:
    """Have it be as it comes."""
    await act.disarm(visit.res.db, visit.res.clock, form.name, actor_id=visit.me.account_id)
    return visit.redirect(f"/admin/crisis/levers/{form.name}", notice=visit.gettext("It is as it comes again."))


@pages.post("/admin/crisis/levers/{name}/pull", access="levers")
async def pull_lever(visit: Visit, form: LeverForm) -> Response:
    """Pull it."""
    res = visit.res
    check_name(form.name)
    try:
        wish = Wish(reason=form.reason, lasts=(_lasts(form.lasts),), title=form.title, level=form.level)
        await act.pull(res.db, res.clock, res.emit, form.name, wish, actor_id=visit.me.account_id)
    except Invalid as error:
        return await _lever_page(visit, form.name, of="pull", values=msgspec.structs.asdict(form), error=error)
    except Conflict:
        return visit.redirect("/admin/crisis", notice=visit.gettext("It is pulled already."))
    res.screen.levers.forget()
    said = visit.gettext("%(lever)s: pulled.", lever=title(form.name, visit.language))
    return visit.redirect("/admin/crisis", notice=said)


@pages.get("/admin/crisis/levers/{name}/release", access="levers")
async def ask_release(visit: Visit, form: LeverForm) -> Response:
    """Are you sure? With what it did so far."""
    overview = await get_overview(visit.res.db, visit.res.clock)
    pulls = {view.name: view.pulled for view in overview.levers} | {BRAKE: overview.brake}
    pulled = pulls.get(form.name)
    if pulled is None:
        return visit.redirect("/admin/crisis", notice=visit.gettext("It is not pulled any more."))
    return await visit.html("admin/levers_release.html", line=_line(visit, pulled))


@pages.post("/admin/crisis/levers/{name}/release", access="levers")
async def release_lever(visit: Visit, form: LeverForm) -> Response:
    """Release it; if it was the last of its incident, on to the debrief."""
    res = visit.res
    try:
        incident = await act.release(
            res.db,
            res.clock,
            res.emit,
            form.name,
            actor_id=visit.me.account_id,
            publish_held=form.publish_held and form.name == "hold-new-accounts",
        )
    except Conflict:
        return visit.redirect("/admin/crisis", notice=visit.gettext("It is not pulled any more."))
    res.screen.levers.forget()
    said = visit.gettext("%(lever)s: released.", lever=title(form.name, visit.language))
    return visit.redirect(f"/admin/crisis/incidents/{incident.id}" if incident.is_due else "/admin/crisis", notice=said)


@pages.get("/admin/crisis/incidents", access="queue")
async def show_incidents(visit: Visit, form: CrisisForm) -> Response:
    """What levers were pulled for, the newest first."""
    chapters, more = await list_chapters(visit.res.db, below=MAX_ID if form.before is None else form.before)
    return await visit.html(
        "admin/levers_incidents.html",
        chapters=[(chapter.incident, _lines(visit, chapter)) for chapter in chapters],
        older_url=f"/admin/crisis/incidents?before={more}" if more else None,
    )


@pages.get("/admin/crisis/incidents/{id}", access="queue")
async def show_incident(visit: Visit, form: IncidentForm) -> Response:
    """One incident, and the form for its debrief."""
    return await _incident_page(visit, form)


async def _incident_page(visit: Visit, form: IncidentForm, error: Invalid | None = None) -> Response:
    chapter = await get_chapter(visit.res.db, form.id)
    return await visit.html(
        "admin/levers_incident.html",
        http_status=422 if error else 200,
        incident=chapter.incident,
        lines=_lines(visit, chapter),
        values={"debrief": form.debrief},
        errors=errors_of(error) if error else {},
        may_pull=may(visit.me.role, "levers"),
    )


@pages.post("/admin/crisis/incidents/{id}/debrief", access="levers")
async def write_debrief(visit: Visit, form: IncidentForm) -> Response:
    """Write what was learnt, and close it."""
    res = visit.res
    try:
        await act.debrief(res.db, res.clock, form.id, form.debrief, actor_id=visit.me.account_id)
    except Invalid as error:
        return await _incident_page(visit, form, error)
    return visit.redirect("/admin/crisis/incidents", notice=visit.gettext("The incident is closed."))


def _card(visit: Visit, view: LeverView) -> Card:
    trigger = view.trigger
    return Card(
        view=view,
        title=title(view.name, visit.language),
        does=does(view.name, visit.language),
        settings=settings_in_words(view.params, visit.language),
        condition=condition(trigger, visit.language) if trigger else "",
        reading=_reading(visit, view.reading) if trigger else "",
        line=_line(visit, view.pulled) if view.pulled else None,
    )


def _line(visit: Visit, pull: Pull) -> PullLine:
    said = ""
    if pull.reading is not None:
        said = condition(Trigger(pull.reading["kind"], pull.reading.get("over", 0.0)), visit.language)
    params = msgspec.structs.asdict(load_params(pull.name, pull.params))
    return PullLine(
        pull=pull,
        title=title(pull.name, visit.language),
        settings=settings_in_words(params, visit.language),
        condition=said,
    )


def _lines(visit: Visit, chapter: Chapter) -> list[PullLine]:
    return [_line(visit, pull) for pull in chapter.pulls]


def _reading(visit: Visit, read: float | None) -> str:
    if read is None:
        return visit.gettext("nothing to read now")
    return "∞" if isinf(read) else f"{read:,.0f}" if read >= 100 or read == int(read) else f"{read:.1f}"


def _drain(visit: Visit, forecast: Forecast) -> str:
    """How long clearing takes, in words."""
    hours = forecast.hours
    if not hours:
        return visit.gettext("Nothing waits.")
    if isinf(hours):
        return visit.gettext("It does not end: at least as much comes in as is done.")
    if hours >= 72:
        return visit.gettext("%(n)s days", n=round(hours / 24))
    return visit.gettext("%(n)s hours", n=round(hours, 1) if hours < 10 else round(hours))


def _lasts(text: str) -> timedelta | None:
    if text == "0":
        return None
    if not text.isdecimal() or len(text) > 7:
        raise Invalid("lasts", "must be chosen", code="ERR_INCLUSION")
    return timedelta(minutes=int(text))


def _trigger(form: LeverForm) -> Trigger | None:
    if not form.trigger:
        return None
    needs_number = form.trigger in BOUNDS and BOUNDS[form.trigger].most
    return read_trigger(form.trigger, _number("over", form.over) if needs_number and form.over else None)


def _number(field: str, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise Invalid(field, "must be a number", code="ERR_NUMBER") from None
    if not 0 <= number <= 1e9:
        raise Invalid(field, "must be a number", code="ERR_NUMBER")
    return number


def _errors(visit: Visit, error: Invalid, name: str = "") -> dict[str, str]:
    """What is wrong by field, in the reader's language."""
    bounds = {field.name: (field.least, field.most) for field in fields_of(name) if field.most} if name else {}
    bounds |= {"limit_hours": (1, 2160), "least_backlog": (1, 1_000_000)}
    if error.field in bounds:
        least, most = bounds[error.field]
        return {error.field: visit.gettext("Choose a number from %(least)s to %(most)s.", least=least, most=most)}
    if error.field == "over":
        return {"over": visit.gettext("This number does not go with the condition.")}
    if error.field == "lasts":
        return {"lasts": visit.gettext("Choose an end: what nobody pulls must end by itself.")}
    return dict(errors_of(error))
