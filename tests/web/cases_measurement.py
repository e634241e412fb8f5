"""The templates of measurement with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec

from rostra.measurement.agreement import Agreement
from rostra.measurement.board import Board, Quality, Samples
from rostra.measurement.golden import Errors
from rostra.measurement.intervals import wilson
from rostra.measurement.label_queries import Progress
from rostra.measurement.labelling import Offer
from rostra.measurement.plan_queries import Plan, Settings
from rostra.measurement.prevalence_queries import Alarm, Day, Estimate
from rostra.measurement.quality import Recall, ReviewerFigures, RuleFigures
from rostra.measurement.quality_queries import Doubted, Reversed
from rostra.measurement.sample import Check
from rostra.measurement.times import Action, Forecast
from rostra.measurement.times_queries import Seen, Times, Waiting
from rostra.moderation.cases.evidence import Snapshot
from rostra.moderation.cases.queue_queries import ReviewerRow
from rostra.moderation.cases.rest import Today
from rostra.web.measurement import Choice, Said
from rostra.web.measurement_charts import decimal, draw_charts, duration, percent
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page

MONDAY = date(2026, 2, 9)
UNTIL = MONDAY + timedelta(weeks=13)
TITLES = {"words": "Threats of violence", "hostile": s.HOSTILE, "spam": "Spam"}


class Reader(msgspec.Struct):
    """As much of a Visit as charts need."""

    language: str = "en"

    def gettext(self, text: str, **values: object) -> str:
        return text % values if values else text


def _estimate(week: int, clause: str, hits: int) -> Estimate:
    share = hits / 700
    known = wilson(hits, 700)
    return Estimate(first=MONDAY + timedelta(weeks=week), until=MONDAY + timedelta(weeks=week + 1), clause=clause, views=1_204_000, drawn=700, labelled=655, hits=hits,
        share=share, low=known.low, high=known.high, unknown=0.064, corrected=share * 0.8 if not clause else None, made_at=NOW)


def board() -> Board:
    estimates = [_estimate(week, clause, hits) for week, n in enumerate((3, 4, 2, 3, 5, 4, 3, 4, 6, 9, 12)) if week != 6 for clause, hits in (("", n), ("words", n // 2), ("hostile", 0))]
    days = [Day(day=UNTIL - timedelta(days=42 - n), views=160_000 + n * 900, risky_views=round((0.0042 + 0.0006 * (n * 7 % 5) + (0.004 if n > 30 else 0)) * 160_000)) for n in range(40)]
    waiting = [Waiting(age=age, severity=severity, cases=cases) for age, row in enumerate(((4, 9, 14, 6, 2), (8, 21, 30, 11, 1), (20, 44, 38, 9, 0), (31, 26, 12, 2, 0), (22, 9, 3, 0, 0), (12, 2, 0, 0, 0))) for severity, cases in enumerate(row, 1)]
    rules = [RuleFigures(rule=name, live=live, shadow=0, per_10000=live / 20, decided=n, precision=wilson(up, n) if n else None, recall=None) for name, live, up, n in (("threat-direct", 412, 188, 201), ("spam-copies", 388, 120, 164), ("hate-slur", 96, 40, 44), ("event-armed", 12, 0, 0), ("doxxing", 9, 3, 7), (s.HOSTILE, 1, 1, 1))]
    return Board(
        first=MONDAY, until=UNTIL, estimates=estimates, days=days, backlog=waiting, rules=rules,
        alarms=[Alarm(id=7, kind="proxy", day=date(2026, 5, 3), value=0.0092, baseline=0.0044, rung_at=NOW, seen_at=None), Alarm(id=6, kind="labels", day=date(2026, 5, 1), value=0.012, baseline=0.005, rung_at=NOW, seen_at=None)],
        forecast=Forecast(backlog=327, inflow=11.3, capacity=18.25, drain=timedelta(hours=47), oldest_severe=NOW - timedelta(hours=9)),
        action=Action(times=[Times(since="creation", count=412, seconds=[5400, 61_000, 410_000]), Times(since="report", count=266, seconds=[2700, 32_000, 150_000]), Times(since="notice", count=14, seconds=[4100, 30_000, 70_000])],
            seen=Seen(count=300, total=48_100, views=[34.0, 420.0, 2200.0])),
        reversed=[Reversed(week=MONDAY + timedelta(weeks=n), decided=20 + 7 * (n % 4), by_appeal=n % 3, by_review=n % 2) for n in range(13)],
    )


def empty_board() -> Board:
    return Board(first=MONDAY, until=UNTIL, estimates=[], days=[], alarms=[], backlog=[], rules=[], reversed=[], forecast=Forecast(backlog=0, inflow=0.0, capacity=0.0, drain=timedelta(0), oldest_severe=None),
        action=Action(times=[], seen=Seen(count=0, total=0, views=None)))


def _board_values(shown: Board, chosen: str = "") -> dict[str, Any]:
    reader: Any = Reader()
    latest = max((each.first for each in shown.estimates), default=None)
    return {"board": shown, "charts": draw_charts(reader, shown, chosen, TITLES.get(chosen, "any clause")), "clauses": TITLES, "chosen": chosen, "latest": [each for each in shown.estimates if each.first == latest],
        "percent": partial(percent, language="en"), "duration": partial(duration, language="en"), "decimal": partial(decimal, language="en", digits=1), "alarms": [alarm for alarm in shown.alarms if alarm.seen_at is None]}


def _quality() -> Quality:
    known = Agreement(units=48, observed=0.96, alpha=0.61, ac1=0.95)
    return Quality(
        agreement={"": known, "words": Agreement(units=48, observed=1.0, alpha=None, ac1=1.0), s.HOSTILE: known},
        recalls=[Recall(clause="", draws=21, share=wilson(14, 21)), Recall(clause="words", draws=3, share=wilson(3, 3))],
        reviewers=[ReviewerFigures(account_id=1, pseudonym="reviewer-4f", golden=22, right=wilson(21, 22), second=9, upheld=wilson(8, 9)), ReviewerFigures(account_id=2, pseudonym="", golden=0, right=None, second=0, upheld=None)],
        doubted=[Doubted(id=1, case_id=44, outcome="violates", clause="words", second="fine", second_clause="", settled_at=NOW, is_golden=False), Doubted(id=2, case_id=None, outcome="ok", clause="", second="violates", second_clause=s.HOSTILE, settled_at=NOW, is_golden=True)],
        errors=Errors(sensitivity=wilson(40, 44), specificity=wilson(198, 200)), golden=61)


def _samples() -> Samples:
    def plan(number: int, days: int, drawn: bool) -> Plan:
        first = date(2026, 5, 4) - timedelta(days=number)
        return Plan(id=number, first=first, until=first + timedelta(days=days), seed="9f86d081884c7d659a2feaa0c55ad015", size=100, double_share=0.1, planned_at=NOW, drawn_at=NOW if drawn else None,
            strata=[], views=160_411, frame_sha256=b"", drawn_event_id=1)

    return Samples(plans=[plan(1, 1, False), plan(2, 1, True), plan(9, 7, True)], settings=Settings(daily_sample=100, double_share=0.1, second_share=0.02, golden_share=0.04))


def _offer(**content: Any) -> Offer:
    said = {"text": "You will see what happens to people like you. I know where you park.", "spoiler_text": "", "language": "en", "poll": None, "media": [], "context": []}
    return Offer(number=116_500_000_000_000_001, snapshot=Snapshot(id=1, subject_kind="status", subject_id=2, revision=0, account_id=3, content=said | content, taken_at=NOW))


def _label(offer: Offer | None, problem: str = "", pictures: Any = ()) -> dict[str, Any]:
    names = ["Threats of violence", "Incitement", "Hate", "Harassment", "Sexual content without consent", "Minors", "Self-harm", "Spam and manipulation", "Somebody else’s data", "Impersonation", s.HOSTILE]
    choices = [Choice(id=f"clause-{n}", title=name, text=f"What {name} is.", key="123456789a"[n] if n < 10 else "") for n, name in enumerate(names)]
    return {"offer": offer, "pictures": list(pictures), "choices": choices, "progress": Progress(open=84, second=9, mine=16), "since": 1_777_000_000, "problem": problem, "kept": ReviewerRow(blur=not problem, greyscale=not problem), "today": Today(items={1: 4}, seconds=60), "is_enough": False, "said": None}


def measurement_cases() -> dict[str, Case]:
    measure = page("/admin/measure", moderator=True, decides=True)
    label = page("/admin/measure/label", moderator=True, decides=True)
    sound = Check(plan_id=2, seed_is_logged=True, frame_is_logged=True, sample_is_the_same=True, statuses=96, views=160_411)
    nothing = Quality(agreement={"": Agreement(units=0, observed=None, alpha=None, ac1=None)}, recalls=[], reviewers=[], doubted=[], errors=Errors(sensitivity=None, specificity=None), golden=0)
    pictures = [("/media/picture-1.svg", "image", "A car park"), ("/media/x.mp3", "audio", s.HOSTILE), ("/media/x.mp4", "video", "")]
    hostile = _offer(text=s.HOSTILE, spoiler_text=s.HOSTILE, language="xx", poll=[s.HOSTILE, "b"], context=[{"id": "1", "acct": "ada", "text": s.HOSTILE}])
    samples_page = page("/admin/measure/samples", moderator=True, decides=True)
    return {
        "admin/measurement": Case("admin/measurement.html", measure, _board_values(board())),
        "admin/measurement-hostile": Case("admin/measurement.html", measure, _board_values(board(), "hostile")),
        "admin/measurement-empty": Case("admin/measurement.html", measure, _board_values(empty_board())),
        "admin/measurement_frame": Case("admin/measurement_frame.html", measure, {}),
        "admin/measurement_quality-hostile": Case("admin/measurement_quality.html", page("/admin/measure/quality", moderator=True), {"quality": _quality(), "clauses": TITLES, "percent": partial(percent, language="en"), "decimal": partial(decimal, language="en")}),
        "admin/measurement_quality-empty": Case("admin/measurement_quality.html", page("/admin/measure/quality", moderator=True), {"quality": nothing, "clauses": {}, "percent": partial(percent, language="en"), "decimal": partial(decimal, language="en")}),
        "admin/measurement_samples": Case("admin/measurement_samples.html", samples_page, {"samples": _samples(), "check": None, "errors": {}, "typed": {}}),
        "admin/measurement_samples-checked": Case("admin/measurement_samples.html", samples_page, {"samples": _samples(), "check": sound, "errors": {}, "typed": {}}),
        "admin/measurement_samples-wrong": Case("admin/measurement_samples.html", samples_page, {"samples": msgspec.structs.replace(_samples(), plans=[]), "check": msgspec.structs.replace(sound, seed_is_logged=False, frame_is_logged=False, sample_is_the_same=False), "errors": {"daily_sample": "must be a number"}, "typed": {"daily_sample": "many"}}),
        "admin/measurement_label": Case("admin/measurement_label.html", label, _label(_offer(context=[{"id": "1", "acct": "ada", "text": "Good morning, neighbours."}], media=[{"key": "x"}]), pictures=pictures)),
        "admin/measurement_label-hostile": Case("admin/measurement_label.html", label, _label(hostile, s.HOSTILE)),
        "admin/measurement_label-bare": Case("admin/measurement_label.html", label, _label(_offer(text=""))),
        "admin/measurement_label-said": Case("admin/measurement_label.html", label, _label(_offer()) | {"said": Said(item=7, outcome="violates", title=s.HOSTILE)}),
        "admin/measurement_label-enough": Case("admin/measurement_label.html", label, _label(None) | {"said": Said(item=7, outcome="fine", title=""), "is_enough": True, "today": Today(items={0: 1000, 1: 400}, seconds=900)}),
        "admin/measurement_label-resting": Case("admin/measurement_label.html", label, _label(None) | {"said": Said(item=7, outcome="unclear", title=""), "is_enough": True, "today": Today(items={2: 300}, seconds=7300, resting_until=NOW + timedelta(minutes=9))}),
        "admin/measurement_label-empty": Case("admin/measurement_label.html", label, _label(None)),
    }
