"""The alarm over prevalence: it rings when the share of violating views doubles, by labels or by a cheap daily figure.

An alarm is an event of the ledger, a letter to those who run the place, and stands on the page until somebody has seen
it. One of a kind is enough for a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from rostra.accounts.permissions import roles_with
from rostra.events import Emit, MailOrdered
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import NotFound
from rostra.ledger.append import Entry, append
from rostra.measurement import attempts, plan_queries, prevalence_queries
from rostra.measurement.cusum import LAG, of_counts, of_shares
from rostra.measurement.frame import GUESSES
from rostra.measurement.plan_queries import Plan
from rostra.measurement.prevalence import ANY, Answers, gather
from rostra.measurement.prevalence_queries import Count, Day
from rostra.screening.active import ActivePolicy
from rostra.text.urls import Urls

_LOOK_BACK: Final = timedelta(days=70)
_BASE: Final = timedelta(days=28)
# Older days are history by the time that they are looked at.
_NEW: Final = timedelta(days=3)
_LEAST_DAYS: Final = 7

_LETTERS: Final = {
    "en": (
        "%(site)s: violations are on the rise",
        "On %(day)s about %(value)s of %(what)s; it was %(baseline)s before.\n\nWhat it is made of: %(url)s\n",
    ),
    "it": (
        "%(site)s: le violazioni aumentano",
        "Il %(day)s circa il %(value)s %(what)s; prima era il %(baseline)s.\n\nDa che cosa risulta: %(url)s\n",
    ),
}
_WHAT: Final = {
    "en": {
        "labels": "all views fell on posts that people found to violate the policy",
        "proxy": "all views fell on posts that screening found risky",
        "attempts": "what people wanted to post fell under rules of grave clauses",
    },
    "it": {
        "labels": "delle visualizzazioni era di post che secondo le persone violano le regole",
        "proxy": "delle visualizzazioni era di post che il controllo automatico ritiene a rischio",
        "attempts": "di quel che si voleva pubblicare ricadeva sotto regole su cose gravi",
    },
}


class Rise(msgspec.Struct, frozen=True, kw_only=True):
    """A doubling that was found."""

    kind: str
    day: date
    value: float
    baseline: float


def rises_of_days(days: Sequence[Day]) -> list[Rise]:
    """Where the daily share of risky views has doubled."""
    if not days:
        return []
    by_day = {day.day: day.risky_views / day.views for day in days if day.views}
    every = [days[0].day + timedelta(days=n) for n in range((days[-1].day - days[0].day).days + 1)]
    shares = [by_day.get(day) for day in every]
    return [
        Rise(kind="proxy", day=every[ring.place], value=ring.value, baseline=ring.baseline)
        for ring in of_shares(shares)
    ]


def rises_of_labels(plans: Sequence[Plan], counts: Sequence[Count]) -> list[Rise]:
    """Where what people found in the samples has doubled: each sample is held against those of four weeks that ended a
    week before it."""
    drawn = [plan for plan in plans if plan.drawn_at]
    answers = {plan.id: gather([plan], counts) for plan in drawn}
    series: list[tuple[float, float]] = []
    found: list[tuple[date, float, float]] = []
    for plan in drawn:
        last = plan.until - timedelta(days=1)
        end = last - timedelta(days=LAG)
        base = [each for each in drawn if end - _BASE < each.until <= end]
        if sum((each.until - each.first).days for each in base) < _LEAST_DAYS:
            continue
        seen = _compare(answers[plan.id], [answers[each.id] for each in base])
        if seen is not None:
            value, usual, scale = seen
            series.append((value / scale, usual / scale))
            found.append((last, value, usual))
    return [
        Rise(kind="labels", day=found[place][0], value=found[place][1], baseline=found[place][2])
        for place in of_counts(series)
    ]


def _compare(now: Sequence[Answers], base: Sequence[Sequence[Answers]]) -> tuple[float, float, float] | None:
    """The share now, the share in the base, and what one hit is worth now as a share; None where one is unknown.

    The base's share is that of its labels by stratum, at its own sizes: more views in a risky stratum is a rise.
    """
    seen = [each for each in now if each.labelled]
    past = [each for period in base for each in period if each.labelled]
    views, past_views = sum(each.views for each in seen), sum(each.views for each in past)
    if not views or not past_views:
        return None
    value = sum(each.views / views * each.hits.get(ANY, 0) / each.labelled for each in seen)
    # As if one label more had shown what is expected of anything, so that no base is nothing.
    usual = sum(each.views / past_views * (each.hits.get(ANY, 0) + GUESSES[1]) / (each.labelled + 1) for each in past)
    worth = [(each.views / views, each.views / views / each.labelled) for each in seen]
    hits = sum(each.hits.get(ANY, 0) for each in seen)
    spread = sum(step * step * each.hits.get(ANY, 0) for (_, step), each in zip(worth, seen, strict=True))
    scale = spread / value if hits else sum(weight * step for weight, step in worth)
    return value, usual, scale


async def watch_prevalence(db: Database, clock: Clock, emit: Emit, urls: Urls, policies: ActivePolicy) -> list[Rise]:
    """Ring for what has doubled in the last days and has not rung yet; what rang."""
    today = clock.now().date()
    async with db.read() as conn:
        days = await prevalence_queries.list_days(conn, today - _LOOK_BACK, today)
        plans = await plan_queries.list_plans(conn, today - _LOOK_BACK, today)
        counts = await prevalence_queries.list_counts(conn, today - _LOOK_BACK, today)
        bundle = (await policies.get(conn)).bundle
        tried = await attempts.list_days(conn, bundle, today - _LOOK_BACK, today)
    rises = [
        Rise(kind="attempts", day=each.day, value=each.value, baseline=each.baseline)
        for each in attempts.rises_of_attempts(tried)
    ]
    rung: list[Rise] = []
    for rise in (*rises, *rises_of_days(days), *rises_of_labels(plans, counts)):
        # Labels come days after the views, so that what they show is younger than the days it is about.
        is_new = rise.day >= today - (_BASE if rise.kind == "labels" else _NEW)
        if is_new and await _ring(db, clock, emit, urls, rise):
            rung.append(rise)
    return rung


async def _ring(db: Database, clock: Clock, emit: Emit, urls: Urls, rise: Rise) -> bool:
    at = clock.now()
    async with db.transaction() as tx:
        if not await prevalence_queries.is_quiet(tx, rise.kind, rise.day):
            return False
        said = {"kind": rise.kind, "day": str(rise.day), "value": rise.value, "baseline": rise.baseline}
        event_id = await append(
            tx, at, Entry(type="prevalence_alarm", subject_kind="sample", subject_id=0, details=said)
        )
        await prevalence_queries.insert_alarm(
            tx, rise.kind, rise.day, value=rise.value, baseline=rise.baseline, event_id=event_id, at=at
        )
        await _tell(tx, emit, urls, rise)
    return True


async def _tell(tx: Tx, emit: Emit, urls: Urls, rise: Rise) -> None:
    for email, locale in await prevalence_queries.list_told(tx, roles_with("settings")):
        language = locale if locale in _LETTERS else "en"
        subject, text = _LETTERS[language]
        values = {
            "site": urls.domain,
            "day": rise.day,
            "value": _percent(rise.value, language),
            "baseline": _percent(rise.baseline, language),
            "what": _WHAT[language][rise.kind],
            "url": f"{urls.base}/admin/measure",
        }
        await emit(tx, MailOrdered(to=email, subject=subject % values, text=text % values))


def _percent(share: float, language: str) -> str:
    shown = f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.0f}"
    return f"{shown.replace('.', ',')} %" if language == "it" else f"{shown}%"


async def see_alarm(db: Database, clock: Clock, account_id: int, alarm_id: int) -> None:
    """Note that somebody has seen it. Raises NotFound."""
    async with db.transaction() as tx:
        if not await prevalence_queries.see_alarm(tx, alarm_id, clock.now(), account_id):
            raise NotFound
