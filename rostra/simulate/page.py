"""The scenario's result as a page that stands alone: the figures, what they were to show, and charts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from rostra.simulate.crisis import Result
from rostra.simulate.history import BEGIN, SHARES
from rostra.simulate.process import PROCESSES
from rostra.simulate.score import Figures
from rostra.simulate.table import rows_of, targets_of
from rostra.web.charts import Bar, Frame, Point, bars, line

_STYLES: Final = Path(__file__).parent.parent / "web" / "static"
_OWN: Final = """
body{max-width:60rem; margin:2rem auto; padding:0 1rem}
main{background:var(--surface); border:1px solid var(--line); border-radius:var(--r)}
section,header{padding:1.25rem var(--pad); border-bottom:1px solid var(--line)}
.figures{overflow-x:auto} .figures table{border-collapse:collapse; width:100%}
.figures th,.figures td{padding:.35rem .6rem; border-bottom:1px solid var(--line); text-align:end; white-space:nowrap}
.figures th:first-child{text-align:start; font-weight:400; white-space:normal}
.met{color:var(--boost)} .missed{color:var(--danger)}
"""
_PAGE: Final = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Would the host have kept us?</title><style>{style}</style></head><body><main>{body}</main></body></html>"
)


def render_page(result: Result) -> str:
    """The page, with everything that it needs."""
    style = "".join((_STYLES / name).read_text() for name in ("rostra.css", "charts.css")) + _OWN
    body = Markup().join([_head(result), _targets(result), _table(result), *_charts(result), _assumptions()])
    # The styles are files of this package.
    return _PAGE.format(style=Markup(style), body=body)  # noqa: S704


def _head(result: Result) -> Markup:
    steps = ", ".join(f"×{share:g} from day {day}" for day, share in SHARES)
    return Markup(
        "<header><h1>Would the host have kept us?</h1><p>Seven weeks and a day of an invented network, from {begin:%d "
        "%B}. The violent share of what is posted grows: {steps}. The host sends {examples} examples, and on day 54 "
        "all of them again, with an ultimatum of 24 hours. Each process has the same {hours:.2f} hours of review a "
        "day. Seed {seed}, scale {scale:g}: {posts:,} posts of {authors:,} people, {violent:,} of them violent.</p>"
        "</header>"
    ).format(
        begin=BEGIN, steps=steps, examples=result.figures[0].examples, hours=result.hours_a_day, seed=result.seed,
        scale=result.scale, posts=result.posts, authors=result.authors, violent=result.violent_posts,
    )  # fmt: skip


def _targets(result: Result) -> Markup:
    lines = [
        Markup('<li><b class="{look}">{said}</b> {text}: {shown}</li>').format(
            look="met" if each.met else "missed", said="Met:" if each.met else "Missed:", text=each.text,
            shown=each.shown,
        )
        for each in targets_of(result)
    ]  # fmt: skip
    return Markup("<section><h2>What it was to show</h2><ul>{}</ul></section>").format(Markup().join(lines))


def _table(result: Result) -> Markup:
    head = Markup().join(Markup('<th scope="col">{}</th>').format(each.title) for each in result.figures)
    rows = [
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            name, Markup().join(Markup("<td>{}</td>").format(cell) for cell in cells)
        )
        for name, cells in rows_of(result)
    ]
    return Markup(
        '<section class="figures"><h2>Figures</h2><table><thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table>'
        "</section>"
    ).format(head, Markup().join(rows))


def _charts(result: Result) -> list[Markup]:
    made = [
        _compare(result, "views", "Views of violent posts before action", lambda each: each.violent_views),
        _compare(result, "answer", "Hours until the host had its latest answer", lambda each: each.answer_worst_hours),
        _compare(
            result, "looks", "Times that a reviewer had to look at a violent post", lambda each: each.violent_looks
        ),
    ]
    for figures in result.figures:
        made.append(_daily(figures))
        made.append(_backlog(figures))
    return made


def _compare(result: Result, name: str, title: str, value: Callable[[Figures], float]) -> Markup:
    frame = Frame(name=name, title=title, text="", table="As a table", head=("Process", title))
    return bars(frame, [Bar(each.title, value(each)) for each in result.figures], _say)


def _daily(figures: Figures) -> Markup:
    frame = Frame(
        name=f"daily-{figures.id}",
        title=f"{figures.title}: views of violent posts, by the day they were posted",
        text="",
        table="As a table",
        head=("Day", "Views"),
    )
    points = [Point(f"{BEGIN + timedelta(days=day):%d %b}", views) for day, views in enumerate(figures.by_day)]
    return line(frame, points, _say)


def _backlog(figures: Figures) -> Markup:
    frame = Frame(
        name=f"backlog-{figures.id}",
        title=f"{figures.title}: reports that wait in the evening",
        text="",
        table="As a table",
        head=("Day", "Reports"),
    )
    return line(frame, [Point(f"{day.at:%d %b}", day.open_reports) for day in figures.days], _say)


def _assumptions() -> Markup:
    people = [
        f"{each.title}: {each.voters} {'look' if each.voters > 1 else 'looks'} at each item, {each.seconds:g} seconds "
        f"at the median, {each.misses:.0%} of violent posts are missed and {each.mistakes:.0%} of harmless ones "
        "mistaken by each look"
        for each in PROCESSES
    ]
    items = Markup().join(Markup("<li>{}</li>").format(each) for each in people)
    said = escape(
        "Posts are published, screened, reported, decided and answered by the program's own code on a real database. "
        "People are invented: what they write, how many see it (half within six hours), who reports it, how fast and "
        "how well reviewers judge. A third of the violent posts are veiled or disguised. Texts come from templates: "
        "what the detectors find among them is shown above, and says nothing of other texts."
    )
    return Markup("<section><h2>What was assumed</h2><p>{}</p><ul>{}</ul></section>").format(said, items)


def _say(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
