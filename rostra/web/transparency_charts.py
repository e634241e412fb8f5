"""The charts of the transparency page: from a report's tables to drawings, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from rostra.measurement.transparency_files import table
from rostra.measurement.transparency_sections import TOTAL
from rostra.web.charts import Bar, Column, Frame, Point, Span, bars, line, spans, stacked
from rostra.web.transparency_words import Say, acts, categories, origins, outcomes

MEASURES: Final = "1.4_own_initiative_and_other_measures"
# What is drawn of one colour, from the mildest.
_GROUPS: Final = (
    ("warned",),
    ("labelled", "covered"),
    ("demoted", "interaction_restricted"),
    ("removed",),
    ("service_partially_suspended", "account_suspended", "account_terminated"),
)
# The places of the scale of times, in hours.
_TICKS: Final = (1 / 60, 1, 24, 720)
_MONTHS: Final = 13
_WEEKS: Final = 52


def rows(content: Mapping[str, Any], section: str, **wanted: str) -> list[dict[str, Any]]:
    """Rows of a section with these values."""
    return [row for row in table(content, section) if all(row[key] == value for key, value in wanted.items())]


def draw_all(_: Say, content: Mapping[str, Any], language: str) -> list[Markup]:
    """Every chart that has something to show, in the order of the page."""
    drawn = (
        _months(_, content, language),
        _acts(_, content, language),
        _categories(_, content, language),
        _origins(_, content, language),
        _times(_, content, language),
        _appeals(_, content, language),
        _prevalence(_, content, language),
    )
    return [chart for chart in drawn if chart is not None]


def _count(language: str) -> Callable[[float], str]:
    def say(value: float) -> str:
        return str(format_decimal(round(value), locale=language))

    return say


def _months(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    found = table(content, "X.4_months")[-_MONTHS:]
    names = [
        _("Warnings"),
        _("Labels and covers"),
        _("Limits"),
        _("Posts removed"),
        _("Accounts frozen or suspended"),
    ]
    columns = [
        Column(_month(row["month"], language), [sum(row[key] for key in group) for group in _GROUPS]) for row in found
    ]
    frame = Frame(
        name="months",
        title=_("Measures by month"),
        text=_("How many measures were taken in each month, from the mildest below to the hardest above."),
        table=_("Show the figures"),
        head=[_("Month"), *names],
    )
    return stacked(frame, columns, names, _count(language)) if columns else None


def _acts(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    total = next(iter(rows(content, MEASURES, origin=TOTAL)), {})
    items = [Bar(name, total.get(column) or 0) for column, name in acts(_).items()]
    return _bars(_, "acts", _("What was done"), _("How often each kind of measure was taken."), items, language)


def _categories(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    sums = _sums(content, "category")
    items = [Bar(name, sums.get(key, 0)) for key, name in categories(_).items()]
    items.sort(key=lambda bar: -(bar.value or 0))
    text = _("Measures by what they were about, in the categories of the European Union.")
    return _bars(_, "categories", _("Why"), text, items, language)


def _origins(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    sums = _sums(content, "origin")
    items = [Bar(name, sums.get(key, 0)) for key, name in origins(_).items()]
    return _bars(
        _, "origins", _("How it came to us"), _("Measures by who pointed to what they were about."), items, language
    )


def _appeals(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    found = rows(content, "1.5_complaints", kind="internal_complaint")
    items = [Bar(name, sum(row[key] for row in found)) for key, name in outcomes(_).items()]
    return _bars(_, "appeals", _("Appeals"), _("What came of appeals against decisions."), items, language)


def _bars(_: Say, name: str, title: str, text: str, items: Sequence[Bar], language: str) -> Markup | None:
    """What never happened is left out."""
    some = [item for item in items if item.value]
    frame = Frame(name=name, title=title, text=text, table=_("Show the figures"), head=[title, _("Number")])
    return bars(frame, some, _count(language)) if some else None


def _times(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    found = [row for row in rows(content, "X.1_times", since="report", origin=TOTAL) if row["month"] != TOTAL]
    names = [_("half were faster"), _("nine of ten were faster"), _("99 of 100 were faster")]

    def say(hours: float) -> str:
        return str(format_timedelta(timedelta(hours=hours), threshold=2, locale=language))

    ticks = [(hours, str(format_timedelta(timedelta(hours=hours), locale=language))) for hours in _TICKS]

    items = [
        Span(_month(row["month"], language), [row[f"{part}_hours"] for part in ("median", "p90", "p99")])
        for row in found[-6:]
    ]
    frame = Frame(
        name="times",
        title=_("From the first report to the decision"),
        text=_("How long it took in each of the last months, on a scale where each step is many times the one before."),
        table=_("Show the figures"),
        head=[_("Month"), *names],
    )
    return spans(frame, items, names, ticks, say) if items else None


def _prevalence(_: Say, content: Mapping[str, Any], language: str) -> Markup | None:
    found = rows(content, "X.5_prevalence", clause=TOTAL)[-_WEEKS:]
    points = [
        Point(
            str(format_date(date.fromisoformat(row["begins"]), "d MMM", locale=language)),
            row["share"],
            row["low"],
            row["high"],
        )
        for row in found
    ]

    def say(value: float) -> str:
        return str(format_percent(value, "#,##0.##%", locale=language))

    frame = Frame(
        name="prevalence",
        title=_("What people saw"),
        text=_(
            "The share of views that fell on something against the rules, by week: estimated from random samples that"
            " people look at. The band holds the true share in 95 of 100 such samples."
        ),
        table=_("Show the figures"),
        head=[_("Week"), _("Share"), _("At least"), _("At most")],
    )
    return line(frame, points, say) if points else None


def _sums(content: Mapping[str, Any], key: str) -> dict[str, int]:
    """Measures by origin or by category."""
    sums: dict[str, int] = {}
    for row in table(content, MEASURES):
        if TOTAL not in (row["origin"], row["category"]):
            sums[row[key]] = sums.get(row[key], 0) + row["measures"]
    return sums


def _month(month: str, language: str) -> str:
    return str(format_date(date.fromisoformat(f"{month}-01"), "LLL ’yy", locale=language))
