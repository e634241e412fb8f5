"""The scenario's result as a table for people, and what it was to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from rostra.simulate.crisis import Result
from rostra.simulate.score import Figures


class Target(msgspec.Struct, frozen=True):
    """Something that the scenario is to show, and whether it did."""

    text: str
    shown: str
    met: bool


_ROWS: Sequence[tuple[str, Callable[[Figures], str]]] = (
    ("Views of violent posts before action", lambda f: f"{f.violent_views:,}"),
    ("… of all that were possible", lambda f: f"{f.violent_views / max(1, f.violent_views_possible):.1%}"),
    ("Violent posts stopped in the end", lambda f: f"{f.found_share:.1%}"),
    ("… refused before anybody saw them", lambda f: f"{f.refused_at_once:,}"),
    ("… held for review before anybody saw them", lambda f: f"{f.held_at_once:,}"),
    ("… removed by a person", lambda f: f"{f.removed_by_people:,}"),
    ("Harmless posts removed", lambda f: f"{f.wrong_removals:,}"),
    ("… with copies of another, by a hold's clock", lambda f: f"{f.wrong_with_copies:,}, {f.wrong_by_clock:,}"),
    ("Harmless posts refused", lambda f: f"{f.wrong_refusals:,}"),
    ("Harmless posts held, and how long", lambda f: f"{f.wrong_holds:,}, {f.wrong_hold_hours:.1f} h"),
    ("Reviewers' hours used", lambda f: f"{f.reviewer_hours:,.1f}"),
    ("Looks at posts, of them at violent ones", lambda f: f"{f.looks:,}, {f.violent_looks:,}"),
    ("Host's letters answered, of", lambda f: f"{f.letters - f.unanswered}, {f.letters}"),
    ("Answer to the host, 90 % within", lambda f: f"{f.answer_p90_hours:.1f} h"),
    ("Answer to the host, the latest", lambda f: f"{f.answer_worst_hours:.1f} h"),
    ("Deadlines of the host missed", lambda f: str(f.breaches)),
    ("Most reports waiting on an evening", lambda f: f"{f.most_open_reports:,}"),
    ("Prevalence alarm after the first doubling", lambda f: "-" if f.alarm_day is None else f"{f.alarm_day:.1f} days"),
    ("Restrictions without a statement of reasons", lambda f: str(f.unstated)),
    ("Evidence pack verified", lambda f: "-" if f.pack_verified is None else "yes" if f.pack_verified else "NO"),
)


def rows_of(result: Result) -> list[tuple[str, list[str]]]:
    """The figures, one line for each and one cell for each process."""
    return [(name, [show(figures) for figures in result.figures]) for name, show in _ROWS]


def targets_of(result: Result) -> list[Target]:
    """What was to be shown, as far as the processes ran that it is about."""
    by_id = {figures.id: figures for figures in result.figures}
    plain, ours = by_id.get("plain"), by_id.get("rostra")
    if ours is None:
        return []
    alarm = ours.alarm_day
    return [
        *(_against(plain, ours) if plain is not None else ()),
        Target(
            "every letter of the host answered within 24 hours",
            f"{ours.letters - ours.unanswered} of {ours.letters}, the latest after {ours.answer_worst_hours:.1f} h",
            ours.breaches == 0 and ours.unanswered == 0,
        ),
        Target(
            "an alarm within seven days of the first doubling",
            "none" if alarm is None else f"after {alarm:.1f} days",
            alarm is not None and alarm <= 7,
        ),
        Target("no restriction without a statement of reasons", f"{ours.unstated} without", ours.unstated == 0),
        Target("an evidence pack that verifies", "yes" if ours.pack_verified else "no", bool(ours.pack_verified)),
    ]


def _against(plain: Figures, ours: Figures) -> list[Target]:
    fewer = 1 - ours.violent_views / max(1, plain.violent_views)
    return [
        Target("at least 90 % fewer views of violence than the plain queue", f"{fewer:.1%} fewer", fewer >= 0.9),
        Target(
            "with no more hours of review",
            f"{ours.reviewer_hours:.1f} of {plain.reviewer_hours:.1f}",
            ours.reviewer_hours <= plain.reviewer_hours * 1.05,
        ),
    ]


def print_lines(result: Result) -> list[str]:
    """All of it as text."""
    wide = max(len(name) for name, _ in _ROWS)
    heads = [figures.title for figures in result.figures]
    widths = [max(len(head), 14) for head in heads]
    lines = [
        f"seed {result.seed}, scale {result.scale}: {result.posts:,} posts of {result.authors:,} people, "
        f"{result.violent_posts:,} of them violent; {result.complaints:,} reports to come; "
        f"{result.hours_a_day:.2f} hours of review a day for each process",
        "",
        "  ".join(["".ljust(wide), *(head.rjust(width) for head, width in zip(heads, widths, strict=True))]),
    ]
    for name, cells in rows_of(result):
        lines.append("  ".join([name.ljust(wide), *(c.rjust(w) for c, w in zip(cells, widths, strict=True))]))
    targets = targets_of(result)
    if targets:
        lines += ["", "What it was to show:"]
        lines += [f"  {'met' if each.met else 'MISSED':6}  {each.text}: {each.shown}" for each in targets]
    return lines
