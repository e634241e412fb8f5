"""The charts of the page of measurement: which figures, in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

from rostra.measurement.board import Board
from rostra.measurement.times import AGES
from rostra.web import charts
from rostra.web.charts import Bar, Column, Frame, Point, Span
from rostra.web.visit import Visit

_WEEK: Final = timedelta(days=7)
_UNITS: Final = ((86_400, "duration-day"), (3600, "duration-hour"), (60, "duration-minute"), (1, "duration-second"))
_TICKS: Final = (60, 3600, 86_400, 604_800, 2_592_000)
_MOST_RULES: Final = 12


class Charts(msgspec.Struct, frozen=True, kw_only=True):
    """Figures as markup, by what they are of; None where there is nothing to show yet."""

    prevalence: Markup | None
    risky: Markup | None
    backlog: Markup | None
    times: Markup | None
    rules: Markup | None
    reversed: Markup | None


def percent(share: float, language: str) -> str:
    """`12%`, `0.53%`, `0.004%`: two digits that count."""
    digits = "0" if share >= 0.1 else "0.#" if share >= 0.01 else "0.##" if share >= 0.001 else "0.####"
    return format_percent(share, digits + "%", locale=language) if share else format_percent(0, "0%", locale=language)


def decimal(number: float, language: str, digits: int = 2) -> str:
    """`0.61`, `0,61`."""
    return format_decimal(number, "0." + "0" * digits, locale=language)


def duration(seconds: float, language: str) -> str:
    """`3 min`, `5 hr`, `2 days`: one unit, one digit behind the point where there is but one before it."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    amount = seconds / size
    shown = round(amount, 1) if amount < 10 and size > 60 else round(amount)
    return format_unit(shown, unit, length="short", locale=language)


def draw_charts(visit: Visit, board: Board, clause: str, title: str) -> Charts:
    """The charts of a board; prevalence is that of a clause ("": of any), called `title`."""
    weeks = [board.first + number * _WEEK for number in range((board.until - board.first) // _WEEK)]
    return Charts(
        prevalence=_prevalence(visit, board, weeks, clause, title),
        risky=_risky(visit, board),
        backlog=_backlog(visit, board),
        times=_times(visit, board),
        rules=_rules(visit, board),
        reversed=_reversed(visit, board, weeks),
    )


def _count(visit: Visit) -> Callable[[float], str]:
    return lambda number: format_decimal(round(number, 2), locale=visit.language)


def _share(visit: Visit) -> Callable[[float], str]:
    return lambda share: percent(share, visit.language)


def _day(day: date, language: str) -> str:
    return format_date(day, "d MMM", locale=language)


def _prevalence(visit: Visit, board: Board, weeks: Sequence[date], clause: str, title: str) -> Markup | None:
    found = {each.first: each for each in board.estimates if each.clause == clause and each.until - each.first == _WEEK}
    if not found:
        return None
    points = [
        Point(_day(week, visit.language), found[week].share, found[week].low, found[week].high)
        if week in found
        else Point(_day(week, visit.language))
        for week in weeks
    ]
    _ = visit.gettext
    frame = Frame(
        name="prevalence",
        title=_("Views of violations: %(clause)s", clause=title),
        text=_("Share of all views by week, with the range that holds the truth 19 times of 20. A gap: not sampled."),
        table=_("Show the figures"),
        head=[_("Week of"), _("Share"), _("At least"), _("At most")],
    )
    return charts.line(frame, points, _share(visit))


def _risky(visit: Visit, board: Board) -> Markup | None:
    days = board.days[-42:]
    if not days:
        return None
    points = [Point(_day(day.day, visit.language), day.risky_views / day.views if day.views else None) for day in days]
    _ = visit.gettext
    frame = Frame(
        name="risky",
        title=_("Views that screening finds risky"),
        text=_("Share of all views by day. It measures no violations, but is known at once: the alarm watches it."),
        table=_("Show the figures"),
        head=[_("Day"), _("Share")],
    )
    return charts.line(frame, points, _share(visit))


def _backlog(visit: Visit, board: Board) -> Markup | None:
    if not board.backlog:
        return None
    _ = visit.gettext
    counts = {(each.age, each.severity): each.cases for each in board.backlog}
    columns = [
        Column(_age(visit, place), [counts.get((place, severity), 0) for severity in range(1, 6)])
        for place in range(len(AGES))
    ]
    names = [_("Severity %(n)s", n=severity) for severity in range(1, 6)]
    frame = Frame(
        name="backlog",
        title=_("What waits, by age"),
        text=_("Open cases by how long they have been open, and by severity."),
        table=_("Show the figures"),
        head=[_("Age"), *names],
    )
    return charts.stacked(frame, columns, names, _count(visit))


def _age(visit: Visit, place: int) -> str:
    most = AGES[place]
    if most is None:
        least = AGES[place - 1] or 0
        return visit.gettext("over %(time)s", time=duration(least * 3600, visit.language))
    return visit.gettext("up to %(time)s", time=duration(most * 3600, visit.language))


def _times(visit: Visit, board: Board) -> Markup | None:
    if not board.action.times:
        return None
    _ = visit.gettext
    names = {"creation": _("from the post"), "report": _("from its first report"), "notice": _("from a host’s notice")}
    items = [Span(f"{names[each.since]} ({each.count})", each.seconds) for each in board.action.times]
    called = [_("half within"), _("9 of 10 within"), _("99 of 100 within")]
    frame = Frame(
        name="times",
        title=_("Time to action"),
        text=_("Of decisions against content in the last four weeks, how long it took until they were made."),
        table=_("Show the figures"),
        head=[_("Since"), *called],
    )

    def say(seconds: float) -> str:
        return duration(seconds, visit.language)

    return charts.spans(frame, items, called, [(float(tick), say(tick)) for tick in _TICKS], say)


def _rules(visit: Visit, board: Board) -> Markup | None:
    found = sorted((each for each in board.rules if each.live or each.decided), key=lambda each: -each.live)[
        :_MOST_RULES
    ]
    if not found:
        return None
    _ = visit.gettext
    items: list[Bar] = []
    for each in found:
        rate = "" if each.per_10000 is None else _("%(n)s of 10,000 posts", n=_count(visit)(each.per_10000))
        known = each.precision
        items.append(
            Bar(each.rule, known.share, known.low, known.high, rate) if known else Bar(each.rule, None, note=rate)
        )
    frame = Frame(
        name="rules",
        title=_("Rules: how often right"),
        text=_("Of what a rule brought to a decision in four weeks, the share upheld; and how often it hits."),
        table=_("Show the figures"),
        head=[_("Rule"), _("Upheld"), _("At least"), _("At most"), _("Hits")],
    )
    return charts.bars(frame, items, _share(visit), most=1.0)


def _reversed(visit: Visit, board: Board, weeks: Sequence[date]) -> Markup | None:
    found = {each.week: each for each in board.reversed}
    if not found:
        return None
    _ = visit.gettext
    columns: list[Column] = []
    for week in weeks:
        each = found.get(week)
        turned = (each.by_review, each.by_appeal) if each else (0, 0)
        columns.append(Column(_day(week, visit.language), [(each.decided if each else 0) - sum(turned), *turned]))
    names = [_("still stand"), _("turned round by review"), _("turned round by appeal")]
    frame = Frame(
        name="reversed",
        title=_("Decisions, and what became of them"),
        text=_("Decisions against content by the week in which they were made, and how many were turned round since."),
        table=_("Show the figures"),
        head=[_("Week of"), *names],
    )
    return charts.stacked(frame, columns, names, _count(visit))
