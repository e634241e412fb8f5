"""From counts to the sections of a transparency report: names, columns, rows. Pure.

The sections are those of the annex to Implementing Regulation (EU) 2024/2835; the columns are ours, and
docs/transparency.md says which. Every category of the European Union's database has a row, also where nothing
happened, so that reports of several servers can be laid side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

import msgspec

from rostra.dsa.schema import CATEGORIES
from rostra.measurement.intervals import Interval, wilson
from rostra.measurement.transparency_counts import ActionCount, Counts, DecisionCount, ReportCount, ServerCount

Cell = str | int | float | None

TOTAL: Final = "TOTAL"
# What was decided of people elsewhere has no statement, and with it no category.
NO_CATEGORY: Final = "NOT_STATED"
# Fewer of the staff than that would be known by their language.
FEWEST_SPEAKERS: Final = 3
_PREFIX: Final = "STATEMENT_CATEGORY_"
_KINDS: Final = (
    ("removed", "remove", None),
    ("labelled", "label", None),
    ("covered", "sensitive", None),
    ("demoted", "limit", None),
    ("interaction_restricted", "interaction-off", None),
    ("service_partially_suspended", "freeze", None),
    ("account_suspended", "suspend", True),
    ("account_terminated", "suspend", False),
    ("warned", "warn", None),
)
_RULES: Final = {"suspend": "shut_out", "silence": "limited", "noop": "no_limit"}
_ORIGINS: Final = ("own", "report", "legal", "trusted", "host", "order")


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One table. `name` is that of its file, without the ending."""

    number: str
    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Who reports, in their own words."""

    title: str
    domain: str
    contact: str
    languages: tuple[str, ...] = ()


class Period(msgspec.Struct, frozen=True, order=True):
    """Whole days, UTC: from `begins` until before `ends`."""

    begins: date
    ends: date

    @property
    def last(self) -> date:
        return self.ends - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.begins}_{self.last}"


def make_sections(counts: Counts, service: Service, period: Period, made_on: date, revision: int) -> list[Section]:
    """All of them, in the order of the regulation; those beyond it have numbers that begin with X."""
    return [
        _identification(counts, service, period, made_on, revision),
        _orders(counts),
        _notices(counts),
        _measures(counts),
        _complaints(counts),
        _automated(counts),
        _accuracy(counts),
        _people(counts),
        _recipients(counts),
        _qualitative(service),
        _times(counts),
        _deadlines(counts),
        _clauses(counts),
        _months(counts),
        _prevalence(counts),
        _servers(counts),
    ]


def hours(seconds: float | None) -> float | None:
    """To a hundredth."""
    return None if seconds is None else round(seconds / 3600, 2)


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _section(number: str, name: str, columns: str, rows: Iterable[Iterable[Cell]]) -> Section:
    return Section(
        number=number, name=f"{number}_{name}", columns=tuple(columns.split()), rows=tuple(tuple(row) for row in rows)
    )


def _named(category: str) -> str:
    return category.removeprefix(_PREFIX) or NO_CATEGORY


def _categories(present: Iterable[str]) -> list[str]:
    """All of the database's, and what has none, where there is such."""
    known = [_named(category) for category in CATEGORIES]
    return known + sorted({_named(category) for category in present} - set(known))


def _identification(counts: Counts, service: Service, period: Period, made_on: date, revision: int) -> Section:
    rows: list[tuple[str, Cell]] = [
        ("service", service.title),
        ("domain", service.domain),
        ("contact", service.contact),
        ("period_begins", period.begins.isoformat()),
        ("period_ends", period.last.isoformat()),
        ("published_on", made_on.isoformat()),
        ("revision", revision),
        ("languages", " ".join(service.languages)),
        ("regulation", "Implementing Regulation (EU) 2024/2835"),
        ("policy_versions", " ".join(use.policy for use in counts.policies if use.policy)),
        ("decisions_without_statement", counts.unstated),
    ]
    return _section("1.1", "identification", "field value", rows)


def _orders(counts: Counts) -> Section:
    columns = "kind regime orders items items_found past_deadline median_hours_to_effect p90_hours_to_effect"
    found = {each.regime: each for each in counts.notices}
    rows: list[tuple[Cell, ...]] = []
    for regime in ("order", "terrorist"):
        if each := found.get(regime):
            times = (hours(each.p50), hours(each.p90))
            rows.append(("to_act", regime, each.notices, each.items, each.found, each.breached, *times))
        else:
            rows.append(("to_act", regime, 0, 0, 0, 0, None, None))
    # Orders to tell who somebody is do not come through this program.
    rows.append(("to_provide_information", None, None, None, None, None, None, None))
    return _section("1.2", "member_state_orders", columns, rows)


def _notices(counts: Counts) -> Section:
    columns = (
        "category notices by_trusted_flaggers acted_on_law acted_on_terms not_acted_on open automated_decisions"
        " user_reports user_reports_upheld"
    )
    single = [each for each in counts.reports if not each.whole]
    rows = [
        _notice_row(category, [each for each in single if _named(each.category) == category])
        for category in _categories(each.category for each in single)
    ]
    return _section("1.3", "notices", columns, [*rows, _notice_row(TOTAL, single)])


def _notice_row(category: str, found: list[ReportCount]) -> tuple[Cell, ...]:
    def of(wanted: Callable[[ReportCount], bool]) -> int:
        return sum(each.reports for each in found if wanted(each))

    def formal(each: ReportCount) -> bool:
        return each.source in ("legal", "trusted")

    def acted(each: ReportCount) -> bool:
        return formal(each) and each.outcome in ("upheld", "partly")

    return (
        category,
        of(formal),
        of(lambda each: each.source == "trusted"),
        of(lambda each: acted(each) and each.illegal),
        of(lambda each: acted(each) and not each.illegal),
        of(lambda each: formal(each) and each.outcome in ("rejected", "gone")),
        of(lambda each: formal(each) and each.outcome == "open"),
        of(lambda each: formal(each) and each.automated),
        of(lambda each: not formal(each)),
        of(lambda each: not formal(each) and each.outcome in ("upheld", "partly")),
    )


def _measures(counts: Counts) -> Section:
    columns = f"origin category ground measures detected_automatically decided_automatically {' '.join(_columns())}"
    groups: dict[tuple[str, str, str], list[ActionCount]] = {}
    for each in counts.actions:
        ground = "law" if each.illegal else "terms"
        groups.setdefault((each.origin, _named(each.category), ground), []).append(each)
    order = {origin: place for place, origin in enumerate(_ORIGINS)}
    keys = sorted(groups, key=lambda key: (order.get(key[0], 9), key[1:]))
    rows = [(*key, *_measure_cells(groups[key])) for key in keys]
    own = [each for each in counts.actions if each.origin == "own"]
    totals = [("own", TOTAL, None, *_measure_cells(own)), (TOTAL, TOTAL, None, *_measure_cells(counts.actions))]
    return _section("1.4", "own_initiative_and_other_measures", columns, [*rows, *totals])


def _columns() -> list[str]:
    return [name for name, _, _ in _KINDS]


def _measure_cells(found: list[ActionCount]) -> tuple[int, ...]:
    whole = tuple(sum(getattr(each, name) for each in found) for name in ("actions", "detected", "automated"))
    return whole + tuple(
        sum(each.actions for each in found if each.kind == kind and timed in (None, each.timed))
        for _, kind, timed in _KINDS
    )


def _complaints(counts: Counts) -> Section:
    columns = "kind by filed upheld overturned modified open median_hours p90_hours"
    rows: list[tuple[Cell, ...]] = [
        (
            "internal_complaint", each.by, each.filed, each.upheld, each.overturned, each.modified, each.waiting,
            hours(each.p50), hours(each.p90),
        )
        for each in counts.appeals
    ]  # fmt: skip
    blank = (None,) * 7
    # Bodies do not write to this program; who runs the server adds what they know.
    rows.append(("out_of_court_dispute", None, *blank))
    rows.append(("suspension_for_illegal_content", None, counts.misuse.illegal_content, *blank[1:]))
    rows.append(("suspension_for_unfounded_notices", None, counts.misuse.unfounded_notices, *blank[1:]))
    # Complaints are limited in number, and nobody is barred from them.
    rows.append(("suspension_for_unfounded_complaints", None, 0, *blank[1:]))
    return _section("1.5", "complaints", columns, rows)


def _automated(counts: Counts) -> Section:
    columns = (
        "language decisions detected_automatically decided_automatically reversed_of_automatic share_reversed"
        " appeals appeals_granted looked_at_again same_answer share_same"
    )
    violations = [each for each in counts.decisions if each.outcome == "violates"]
    spoken = sorted({each.language for each in violations} - {""})
    rows = [_automated_row(language, [each for each in violations if each.language == language]) for language in spoken]
    again = next((each for each in counts.second if each.automated), None)
    items, same = (again.items, again.same) if again else (0, 0)
    appealed = sum(each.automatic for each in counts.appeals)
    granted = sum(each.automatic_turned for each in counts.appeals)
    total = (*_automated_row(TOTAL, violations)[:6], appealed, granted, items, same, share(same, items))
    return _section("1.6", "automated_means", columns, [*rows, total])


def _automated_row(language: str, found: list[DecisionCount]) -> tuple[Cell, ...]:
    automatic = [each for each in found if each.automated]
    decided = sum(each.decisions for each in automatic)
    turned = sum(each.decisions for each in automatic if each.reversed_why in ("appeal", "review"))
    return (
        language,
        sum(each.decisions for each in found),
        sum(each.decisions for each in found if each.detected),
        decided,
        turned,
        share(turned, decided),
        *(None,) * 5,
    )


def _accuracy(counts: Counts) -> Section:
    """Shares with the intervals that hold the truth in 95 of 100 such samples."""
    rows: list[tuple[Cell, ...]] = []
    if counts.checked.decided:
        found = wilson(counts.checked.upheld, counts.checked.decided)
        rows.append(("precision_of_what_rules_brought", TOTAL, counts.checked.decided, *_interval(found)))
    for second in counts.second:
        which = "automatic" if second.automated else "human"
        found = wilson(second.same, second.items)
        rows.append((f"same_answer_on_{which}_decisions", TOTAL, second.items, *_interval(found)))
    for recall in counts.recalls:
        rows.append(("recall_of_rules_in_samples", recall.clause or TOTAL, recall.draws, *_interval(recall.share)))
    return _section("1.6", "indicators_of_accuracy", "indicator clause items share low high", rows)


def _interval(found: Interval) -> tuple[float, float, float]:
    return round(found.share, 4), round(found.low, 4), round(found.high, 4)


def _people(counts: Counts) -> Section:
    columns = "language people decisions_by_people hours_of_looking"
    work = counts.work
    rows: list[tuple[Cell, ...]] = []
    for each in counts.speakers:
        shown = each.people if each.people >= FEWEST_SPEAKERS else f"<{FEWEST_SPEAKERS}"
        rows.append((each.language or "any", shown, None, None))
    return _section(
        "1.7", "human_resources", columns, [*rows, (TOTAL, work.staff, work.by_people, hours(float(work.seconds)))]
    )


def _recipients(counts: Counts) -> Section:
    rows: list[tuple[Cell, ...]] = [(each.month, each.accounts) for each in counts.recipients]
    known = [each.accounts for each in counts.recipients]
    rows.append(("AVERAGE", round(sum(known) / len(known)) if known else None))
    return _section("1.8", "recipients", "month accounts", rows)


def _qualitative(service: Service) -> Section:
    rows = [(question, answer % {"domain": service.domain}) for question, answer in QUALITATIVE.items()]
    return _section("2", "qualitative", "question answer", rows)


def _times(counts: Counts) -> Section:
    columns = "since origin month decisions median_hours p90_hours p99_hours"
    rows = [
        (each.since, each.origin or TOTAL, each.month or TOTAL, each.decisions, hours(each.p50), hours(each.p90),
         hours(each.p99))
        for each in counts.times
    ]  # fmt: skip
    return _section("X.1", "times", columns, rows)


def _deadlines(counts: Counts) -> Section:
    rows = [
        (each.regime, each.started, each.met, each.missed, hours(each.p50), hours(each.p90))
        for each in counts.deadlines
    ]
    return _section("X.2", "deadlines", "regime started met missed median_hours p90_hours", rows)


def _clauses(counts: Counts) -> Section:
    groups: dict[str, list[DecisionCount]] = {}
    for each in counts.decisions:
        if each.outcome == "violates":
            groups.setdefault(each.clause, []).append(each)
    rows = [
        (
            clause or "none",
            sum(each.decisions for each in groups[clause]),
            sum(each.decisions for each in groups[clause] if each.automated),
            sum(each.decisions for each in groups[clause] if each.reversed_why in ("appeal", "review")),
        )
        for clause in sorted(groups)
    ]
    return _section("X.3", "clauses", "clause decisions decided_automatically reversed", rows)


def _months(counts: Counts) -> Section:
    months = sorted({each.month for each in counts.actions})
    rows = [(month, *_measure_cells([each for each in counts.actions if each.month == month])) for month in months]
    columns = f"month measures detected_automatically decided_automatically {' '.join(_columns())}"
    return _section("X.4", "months", columns, rows)


def _prevalence(counts: Counts) -> Section:
    columns = "begins ends clause views labelled hits share low high unknown"
    rows = [
        (
            each.begins.isoformat(), (each.ends - timedelta(days=1)).isoformat(), each.clause or TOTAL, each.views,
            each.labelled, each.hits, *(round(part, 6) for part in (each.share, each.low, each.high, each.unknown)),
        )
        for each in counts.prevalence
    ]  # fmt: skip
    return _section("X.5", "prevalence", columns, rows)


def _servers(counts: Counts) -> Section:
    """By what was decided and the clause. There is no person whom it is about, so these are no measures of 1.4."""
    groups: dict[tuple[str, str], list[ServerCount]] = {}
    for each in counts.servers:
        groups.setdefault((_RULES[each.severity], each.clause or "none"), []).append(each)
    rows = [
        (
            *key,
            sum(each.decisions for each in found),
            sum(each.decisions for each in found if each.timed),
            sum(each.decisions for each in found if each.ended_why == "reversed"),
        )
        for key, found in sorted(groups.items())
    ]
    return _section("X.6", "servers", "rule clause decisions timed reversed", rows)


QUALITATIVE: Final[Mapping[str, str]] = {
    "summary_of_moderation": "Every post, profile and picture on %(domain)s is judged by the rules of its published"
    " policy before anybody sees it. What a rule doubts waits for a person. Reports, legal notices and the findings of"
    " rules become cases, which people decide in the order of the harm that is to be expected.",
    "automated_means": "Word lists, a text model, comparison with known texts and pictures, and the conditions of the"
    " policy over them. All run on the server itself unless it says otherwise in its policy.",
    "purpose_of_automated_means": "To hold, label or refuse what clearly goes against a clause before it is published,"
    " and to bring to people what they should look at first.",
    "accuracy_of_automated_means": "Measured by what appeals and second looks turned round (section 1.6), by random"
    " samples of what people saw, and by labelling items whose answer is known.",
    "safeguards": "Every restriction comes with a statement of reasons and can be appealed free of charge for six"
    " months; appeals are decided by a person who had no part in the decision. Rules are tried on stored posts before"
    " they count, have daily caps, and stop when they hit more than expected.",
    "human_resources": "Staff take on the languages that they choose. They may decline kinds of content, see pictures"
    " blurred and grey at first, and have a daily budget of what is hard to look at. Section 1.7 has their number;"
    f" where fewer than {FEWEST_SPEAKERS} take on a language, it says so instead of the number.",
}
