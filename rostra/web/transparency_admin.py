"""Transparency for staff: statements of reasons to take away, how handing them in goes, publishing reports."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

import msgspec
from starlette.responses import Response, StreamingResponse

from rostra.accounts.permissions import may
from rostra.dsa.render import stream_csv, stream_json
from rostra.kit.errors import Invalid
from rostra.measurement import transparency
from rostra.measurement.transparency_files import pack
from rostra.measurement.transparency_sections import Period
from rostra.measurement.transparency_statements import read_statements, read_submissions
from rostra.web.page import Pages
from rostra.web.visit import Visit, errors_of

pages = Pages()


class DaysForm(msgspec.Struct, frozen=True, kw_only=True):
    """Days in UTC, both included."""

    begin: date = msgspec.field(name="from")
    end: date = msgspec.field(name="to")


class StatementsForm(DaysForm, frozen=True, kw_only=True):
    format: Literal["json", "csv"] = "json"


class PublishForm(DaysForm, frozen=True, kw_only=True):
    note: str = ""


@pages.get("/admin/transparency", access="queue")
async def staff_page(visit: Visit) -> Response:
    """What can be taken away and published."""
    return await _page(visit, _last_year(visit), {})


@pages.get("/admin/transparency/statements", access="measure")
async def take_statements(visit: Visit, form: StatementsForm) -> Response:
    """Statements of reasons as one file."""
    if not date(2000, 1, 1) <= form.begin <= form.end < date(9999, 1, 1):
        return await _page(visit, _values(form), {"to": visit.gettext("The last day is before the first.")}, 422)
    begin, end = _moment(form.begin), _moment(form.end + timedelta(days=1))
    bodies = read_statements(visit.res.db, begin, end)
    name = f"statements_{form.begin}_{form.end}.{form.format}"
    return StreamingResponse(
        stream_csv(bodies) if form.format == "csv" else stream_json(bodies),
        media_type="text/csv; charset=utf-8" if form.format == "csv" else "application/json",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"},
    )


@pages.get("/admin/transparency/preview", access="measure")
async def preview(visit: Visit, form: DaysForm) -> Response:
    """The archive as it would be published; nothing is kept."""
    res = visit.res
    service = transparency.service_of(await res.instance.configured(res.db), res.settings.domain)
    try:
        content = await transparency.make_report(res.db, res.clock, service, _period(form))
    except Invalid as error:
        return await _page(visit, _values(form), _in_words(visit, error), 422)
    headers = {
        "content-disposition": f'attachment; filename="preview_{form.begin}_{form.end}.zip"',
        "cache-control": "private, no-store",
    }
    return Response(pack(content), headers=headers, media_type="application/zip")


@pages.post("/admin/transparency/publish", access="settings")
async def publish(visit: Visit, form: PublishForm) -> Response:
    """Publish the report of a period, for good."""
    res = visit.res
    service = transparency.service_of(await res.instance.configured(res.db), res.settings.domain)
    try:
        await transparency.publish_report(
            res.db, res.clock, res.store, service, _period(form), actor_id=visit.me.account_id, note=form.note
        )
    except Invalid as error:
        return await _page(visit, {**_values(form), "note": form.note}, _in_words(visit, error), 422)
    return visit.redirect("/transparency#reports", notice=visit.gettext("Published."))


async def _page(visit: Visit, values: dict[str, Any], errors: Any, status: int = 200) -> Response:
    return await visit.html(
        "transparency_admin.html",
        http_status=status,
        values=values,
        errors=errors,
        submissions=await read_submissions(visit.res.db),
        takes=may(visit.me.role, "measure"),
        configured=visit.res.settings.dsa_token is not None,
        reports=await transparency.list_reports(visit.res.db),
    )


def _in_words(visit: Visit, error: Invalid) -> dict[str, str]:
    """What is wrong, in the reader's language, by field."""
    words = {
        ("period", "ERR_NOT_OVER"): visit.gettext("This period is not over yet: its last day must have passed."),
        ("period", "ERR_REVERSED"): visit.gettext("The last day is before the first one."),
        ("period", "ERR_TOO_LONG"): visit.gettext("A report covers a year at most."),
        ("note", "ERR_BLANK"): visit.gettext("This period was published before: say why there is another revision."),
    }
    return {field: words.get((field, code), code) for field, code in errors_of(error).items()}


def _period(form: DaysForm) -> Period:
    """Raises Invalid for days at the end of the calendar, behind which there is none."""
    if form.end >= date(9999, 1, 1):
        raise Invalid("period", "is not over yet", code="ERR_NOT_OVER")
    return Period(form.begin, form.end + timedelta(days=1))


def _values(form: DaysForm) -> dict[str, Any]:
    return {"from": form.begin.isoformat(), "to": form.end.isoformat()}


def _last_year(visit: Visit) -> dict[str, Any]:
    year = visit.res.clock.now().year - 1
    return {"from": date(year, 1, 1).isoformat(), "to": date(year, 12, 31).isoformat()}


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
