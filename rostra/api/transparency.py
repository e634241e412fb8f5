"""Transparency in our own namespace: the public log of decisions and the published reports for everybody, statements of
reasons as files for staff."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.dsa.render import stream_csv, stream_json
from rostra.entities.account import IdText, Timestamp, timestamp
from rostra.kit.errors import Invalid
from rostra.kit.paging import ById
from rostra.measurement import transparency
from rostra.measurement.public_log import MOST, Logged, read_log
from rostra.measurement.transparency_statements import read_statements, read_submissions

routes = Routes("transparency")

_ADMIN = ("admin:read", "admin:read:reports")
# A published report never changes.
_FOR_GOOD = (("cache-control", "public, max-age=31536000, immutable"),)


class LogForm(msgspec.Struct, frozen=True, kw_only=True):
    """`after`: what the page before gave as `next`."""

    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 40


class StatementsForm(msgspec.Struct, frozen=True, kw_only=True):
    """Days in UTC, both included."""

    begin: date = msgspec.field(name="from")
    end: date = msgspec.field(name="to")
    format: Literal["json", "csv"] = "json"


class DecisionLog(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the log, the latest day first. `next` asks for the one after it; None at the end."""

    decisions: list[Logged]
    next: str | None


class PublishedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A transparency report: `begins` and `ends` are its first and last day, `file` the archive (ZIP)."""

    id: IdText
    begins: str
    ends: str
    revision: int
    note: str
    published_at: Timestamp
    file: str
    size: int
    sha256: str


class PublishedReports(msgspec.Struct, frozen=True, kw_only=True):
    """All that were published, the latest period first."""

    reports: list[PublishedReport]


class Submissions(msgspec.Struct, frozen=True, kw_only=True):
    """How many statements the European Union's database took, had already, and refused."""

    configured: bool
    accepted: int
    known: int
    refused: int
    latest: Timestamp | None


@routes.get("/api/rostra/v1/transparency/decisions", access="open")
async def list_decisions(call: Call, form: LogForm) -> DecisionLog | Answer:
    """What was decided in public, day by day, without texts, names or times."""
    res = call.res
    found, following = await read_log(res.db, res.clock, res.sealer, after=form.after, limit=form.limit)
    page = DecisionLog(decisions=found, next=following or None)
    if not following:
        return page
    query = urlencode({"after": following, "limit": form.limit})
    address = f"{res.urls.base}/api/rostra/v1/transparency/decisions?{query}"
    return Answer(page, headers=(("link", f'<{address}>; rel="next"'),))


@routes.get("/api/rostra/v1/transparency/reports", access="open")
async def list_published(call: Call) -> PublishedReports:
    """The transparency reports that were published, the latest period first."""
    found = await transparency.list_reports(call.res.db)
    return PublishedReports(reports=[_render(report, call.res.urls.base) for report in found])


@routes.get("/api/rostra/v1/transparency/reports/{id}", access="open")
async def show_published(call: Call, form: ById) -> dict[str, Any] | Answer:
    """All numbers of a published report."""
    return Answer(await transparency.get_content(call.res.db, form.id), headers=_FOR_GOOD)


@routes.get("/api/rostra/v1/transparency/statements", access="user", scopes=_ADMIN)
async def export_statements(call: Call, form: StatementsForm) -> Response:
    """Statements of reasons as the European Union's database takes them, as one file."""
    staff(call, "measure")
    begin, end = span(form.begin, form.end)
    bodies = read_statements(call.res.db, begin, end)
    pieces = stream_csv(bodies) if form.format == "csv" else stream_json(bodies)
    return StreamingResponse(
        pieces,
        media_type="text/csv; charset=utf-8" if form.format == "csv" else "application/json",
        headers={"content-disposition": f'attachment; filename="{file_name(form.begin, form.end, form.format)}"'},
    )


@routes.get("/api/rostra/v1/transparency/submissions", access="user", scopes=_ADMIN)
async def show_submissions(call: Call) -> Submissions:
    """How handing statements in to the European Union's database has gone."""
    staff(call, "measure")
    counted = await read_submissions(call.res.db)
    return Submissions(
        configured=call.res.settings.dsa_token is not None,
        accepted=counted.accepted,
        known=counted.known,
        refused=counted.refused,
        latest=None if counted.latest is None else timestamp(counted.latest),
    )


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """The time from the beginning of the first day to the end of the last. Raises Invalid where there is none."""
    if not date(2000, 1, 1) <= first <= last < date(9999, 1, 1):
        raise Invalid("to", "must not be before from")
    return datetime.combine(first, time(), UTC), datetime.combine(last + timedelta(days=1), time(), UTC)


def file_name(first: date, last: date, kind: str) -> str:
    return f"statements_{first}_{last}.{kind}"


def _render(report: transparency.Published, base: str) -> PublishedReport:
    return PublishedReport(
        id=str(report.id),
        begins=report.begins.isoformat(),
        ends=(report.ends - timedelta(days=1)).isoformat(),
        revision=report.revision,
        note=report.note,
        published_at=timestamp(report.made_at),
        file=f"{base}/transparency/reports/{report.id}/report.zip",
        size=report.file_size,
        sha256=report.sha256,
    )
