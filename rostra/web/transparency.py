"""Transparency to read: what was decided in numbers and charts, each decision in the log, the published reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from babel.numbers import format_decimal
from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from rostra.kit.paging import Id
from rostra.measurement import transparency
from rostra.measurement.public_log import Logged, count_log, read_log
from rostra.measurement.transparency_files import table
from rostra.measurement.transparency_sections import TOTAL
from rostra.policy.records import Clause
from rostra.screening.judgement import say
from rostra.screening.overview import get_current
from rostra.text.dates import long_date
from rostra.web.page import Pages
from rostra.web.render import translate
from rostra.web.transparency_charts import MEASURES, draw_all, rows
from rostra.web.transparency_words import act, origin, reversals
from rostra.web.visit import Visit, views

pages = Pages()

_FOR_GOOD: Final = "public, max-age=31536000, immutable"


class LogForm(msgspec.Struct, frozen=True, kw_only=True):
    after: str = ""


class ReportForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says in large: `share` of decisions that no person made and of those that were turned round."""

    measures: int
    automatic: float
    turned: int
    median_hours: str
    unstated: int


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the log in words."""

    id: str
    day: str
    clause: str
    clause_id: str
    acts: tuple[str, ...]
    origin: str
    automatic: bool
    detected: bool
    account: str
    server: str
    policy: str
    reversed: str
    leaf: str


@pages.get("/transparency")
async def transparency_page(visit: Visit) -> Response:
    """The last twelve months in numbers and charts, and the published reports."""
    overview = await transparency.find_overview(visit.res.db)
    return await visit.html(
        "transparency.html",
        overview=overview,
        figures=None if overview is None else _figures(visit, overview),
        charts=() if overview is None else _draw(msgspec.json.encode(overview.content), visit.language),
        reports=[_report(report) for report in await transparency.list_reports(visit.res.db)],
    )


@pages.get("/transparency/log")
async def log_page(visit: Visit, form: LogForm) -> Response:
    """Each decision in public, without texts, names or times."""
    res = visit.res
    found, following = await read_log(res.db, res.clock, res.sealer, after=form.after)
    current = await get_current(res.db, res.screen.policies)
    clauses = {clause.id: clause for clause in current.bundle.clauses}
    counted = [] if form.after else await count_log(res.db, res.clock)
    return await visit.html(
        "transparency_log.html",
        days=_by_day([_show(visit, each, clauses) for each in found]),
        unlisted=sum(month.decisions - month.listed for month in counted),
        first=not form.after,
        older_url=f"/transparency/log?{urlencode({'after': following})}" if following else None,
    )


@pages.get("/transparency/reports/{id}/report.zip")
async def download_report(visit: Visit, form: ReportForm) -> Response:
    """The archive, as it was published."""
    report = await transparency.get_report(visit.res.db, form.id)
    return StreamingResponse(
        visit.res.store.read(report.file_key),
        headers={
            "content-disposition": f'attachment; filename="{_name(report)}.zip"',
            "content-length": str(report.file_size),
            "cache-control": _FOR_GOOD,
            "etag": f'"{report.sha256}"',
        },
        media_type="application/zip",
    )


@pages.get("/transparency/reports/{id}/report.json")
async def download_numbers(visit: Visit, form: ReportForm) -> Response:
    """The same numbers in one file."""
    report = await transparency.get_report(visit.res.db, form.id)
    body = msgspec.json.format(msgspec.json.encode(await transparency.get_content(visit.res.db, form.id)), indent=1)
    headers = {
        "content-disposition": f'attachment; filename="{_name(report)}.json"',
        "cache-control": _FOR_GOOD,
    }
    return Response(body, headers=headers, media_type="application/json")


@lru_cache(maxsize=8)
def _draw(content: bytes, language: str) -> tuple[Markup, ...]:
    """The charts of a report's content (JSON). Kept, because drawing them takes as long as all else of the page."""
    return tuple(draw_all(partial(translate, views(), language), msgspec.json.decode(content), language))


def _name(report: transparency.Published) -> str:
    last = report.ends - timedelta(days=1)
    revision = f"_{report.revision}" if report.revision > 1 else ""
    return f"transparency_{report.begins}_{last}{revision}"


def _report(report: transparency.Published) -> Mapping[str, Any]:
    return {
        "id": report.id,
        "begins": report.begins.isoformat(),
        "ends": (report.ends - timedelta(days=1)).isoformat(),
        "revision": report.revision,
        "note": report.note,
        "sha256": report.sha256,
        "made_at": report.made_at.isoformat(),
    }


def _figures(visit: Visit, overview: transparency.Overview) -> Figures:
    content = overview.content
    total = next(iter(rows(content, "1.6_automated_means", language=TOTAL)), {})
    measures = next(iter(rows(content, MEASURES, origin=TOTAL)), {})
    times = next(iter(rows(content, "X.1_times", since="report", origin=TOTAL, month=TOTAL)), {})
    stated = next(iter(rows(content, "1.1_identification", field="decisions_without_statement")), {})
    median: float | None = times.get("median_hours")
    decisions: int = total.get("decisions") or 0
    return Figures(
        measures=measures.get("measures") or 0,
        automatic=(total.get("decided_automatically") or 0) / decisions if decisions else 0.0,
        turned=sum(row["reversed"] for row in table(content, "X.3_clauses")),
        median_hours="" if median is None else format_decimal(round(median, 1), locale=visit.language),
        unstated=stated.get("value") or 0,
    )


def _show(visit: Visit, each: Logged, clauses: Mapping[str, Clause]) -> Shown:
    _ = visit.gettext
    clause = clauses.get(each.clause)
    return Shown(
        id=each.id,
        day=each.day,
        clause=say(clause.title, visit.language) if clause else each.clause or _("No clause"),
        clause_id=each.clause if clause else "",
        acts=tuple(_act(visit, action.kind, action.on, action.until) for action in each.actions),
        origin=origin(_, each.origin),
        automatic=each.automated_decision,
        detected=each.automated_detection,
        account=each.account or "",
        server=each.server or "",
        policy=each.policy,
        reversed=reversals(_)[each.reversed] if each.reversed else "",
        leaf=each.leaf or "",
    )


def _act(visit: Visit, kind: str, on: str, until: str | None) -> str:
    name = act(visit.gettext, kind, on, ends=until is not None)
    if until is None:
        return name
    day = long_date(date.fromisoformat(until), visit.language)
    return visit.gettext("%(act)s until %(day)s", act=name, day=day)


def _by_day(entries: Sequence[Shown]) -> list[tuple[str, list[Shown]]]:
    days: dict[str, list[Shown]] = {}
    for entry in entries:
        days.setdefault(entry.day, []).append(entry)
    return list(days.items())
