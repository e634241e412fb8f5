"""Charts as SVG that stands in the page: pure functions from figures to markup. Looks are `charts.css`'s.

Each is a figure with its title, a description for those who do not see it, and all its figures in a table that can be
opened. Nothing of it has a style of its own, so the content security policy need not allow any; colours follow the
reader's theme. All words come translated from whoever calls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from markupsafe import Markup, escape

Say = Callable[[float], str]

# In the units of the drawing: it is scaled to the width of its place.
_WIDTH: Final = 600
_HEIGHT: Final = 250
_LEFT: Final = 74
_RIGHT: Final = 16
_TOP: Final = 14
_BOTTOM: Final = 46
_MOST_LABELS: Final = 8
# The height of a lying bar, and of a row of values, with what stands above it.
_BAR: Final = 46
_SPAN: Final = 52
_LONGEST: Final = 28
# How wide a letter of a name below is, about.
_LETTER: Final = 6.8
# Points of which no reader tells one from the next.
_MANY: Final = 20


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around a chart. `name` is an id on the page, `text` what it shows in a sentence, `table` the words
    that open the table, `head` its columns. With `level` the title is a heading of that level."""

    name: str
    title: str
    text: str
    table: str
    head: Sequence[str]
    level: int = 2


class Point(msgspec.Struct, frozen=True):
    """A place of a line: what it is called, its value with the interval that it is known to; None is not known."""

    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


class Bar(msgspec.Struct, frozen=True):
    """A bar with its interval, and a note that stands behind its value."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


class Column(msgspec.Struct, frozen=True):
    """A column that is made of parts, from below."""

    label: str
    parts: Sequence[float]


class Span(msgspec.Struct, frozen=True):
    """Values that belong together on one scale, from small to large: the median, the 90th percentile, …"""

    label: str
    values: Sequence[float]


def line(
    frame: Frame, points: Sequence[Point], say: Say, *, limit: float | None = None, limit_name: str = ""
) -> Markup:
    """A line with the band of its interval, from left to right; what is unknown is a gap. `limit` is a line across."""
    tops = [max(each.value or 0, each.high or 0) for each in points]
    scale = _ticks(max([*tops, limit or 0, 0]))
    x, y = _spread(len(points)), _upwards(scale[-1])
    parts = [_grid(scale, y, say), _names(x, [each.label for each in points])]
    for run in _runs(points):
        edge = [(x[n], y(points[n].high or points[n].value or 0)) for n in run]
        under = [(x[n], y(points[n].low or 0)) for n in reversed(run)]
        parts.append(_draw("polygon", "chart-band", points=_points([*edge, *under])))
        parts.append(_draw("polyline", "chart-line", points=_points([(x[n], y(points[n].value or 0)) for n in run])))
    dots = [
        _dot(place, y(each.value), f"{each.label}: {_with_interval(each, say)}")
        for place, each in zip(x, points, strict=True)
        if each.value is not None
    ]
    parts.append(_wrap("g", "chart-many" if len(dots) > _MANY else "", *dots))
    if limit is not None:
        parts += _limit(y(limit), limit_name)
    rows = [[each.label, _value(each, say), *_ends(each, say)] for each in points]
    return _figure(frame, _HEIGHT, parts, [row[: len(frame.head)] for row in rows])


def bars(frame: Frame, items: Sequence[Bar], say: Say, *, most: float | None = None) -> Markup:
    """Lying bars, one below the other, with their names above them. `most` is the value of a full bar."""
    top = most or max([max(each.value or 0, each.high or 0) for each in items] or [0]) or 1.0
    parts: list[Markup] = []
    for number, each in enumerate(items):
        parts += _bar(each, number * _BAR, top, say)
    rows = [[each.label, _value(each, say), *_ends(each, say), each.note] for each in items]
    return _figure(frame, _BAR * max(len(items), 1), parts, [row[: len(frame.head)] for row in rows])


def _bar(each: Bar, y: float, top: float, say: Say) -> list[Markup]:
    said = f"{_value(each, say)} · {each.note}" if each.note else _value(each, say)
    made = [
        _draw("text", "chart-name", _short(each.label), x=0, y=y + 15),
        _draw("text", "chart-value", said, x=_WIDTH, y=y + 15),
        _draw("rect", "chart-rail", x=0, y=y + 23, width=_WIDTH, height=10, rx=5),
    ]
    if each.value:
        wide = max(3.0, min(1.0, each.value / top) * _WIDTH)
        title = f"{each.label}: {said}"
        made.append(_draw("rect", "chart-bar", title=title, x=0, y=y + 23, width=wide, height=10, rx=5))
    if each.low is not None and each.high is not None and each.value is not None:
        low, high = [_n(min(1.0, end / top) * _WIDTH) for end in (each.low, each.high)]
        ends = f"M{low} {y + 22}V{y + 34}M{low} {y + 28}H{high}M{high} {y + 22}V{y + 34}"
        made.append(_draw("path", "chart-whisker", d=ends))
    return made


def _short(name: str) -> str:
    """A name that leaves room beside it; the whole one is in the table."""
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def stacked(frame: Frame, columns: Sequence[Column], names: Sequence[str], say: Say) -> Markup:
    """Standing columns made of parts. `names` are the parts' names, from below; at most five."""
    sums = [sum(column.parts) for column in columns]
    scale = _ticks(max(sums or [0]), whole=all(total == int(total) for total in sums))
    x, y = _spread(len(columns)), _upwards(scale[-1])
    wide = min(64.0, 0.7 * (_WIDTH - _LEFT - _RIGHT) / max(len(columns), 1))
    parts = [_grid(scale, y, say), _names(x, [column.label for column in columns])]
    for place, column in zip(x, columns, strict=True):
        below = 0.0
        for number, value in enumerate(column.parts):
            if value > 0:
                top, tall = y(below + value), max(1.0, y(below) - y(below + value))
                title = f"{column.label}, {names[number]}: {say(value)}"
                look, left = f"chart-part chart-part-{number + 1}", place - wide / 2
                parts.append(_draw("rect", look, title=title, x=left, y=top, width=wide, height=tall))
            below += value
        if below:
            parts.append(_draw("text", "chart-sum", say(below), x=place, y=y(below) - 5))
    rows = [[column.label, *(say(value) for value in column.parts)] for column in columns]
    return _figure(frame, _HEIGHT, parts, rows, names)


def spans(
    frame: Frame, items: Sequence[Span], names: Sequence[str], ticks: Sequence[tuple[float, str]], say: Say
) -> Markup:
    """Values on one logarithmic scale, a row for each item: `names` are what its values are called, `ticks` the places
    of the scale with their words, rising."""
    least, most = ticks[0][0], ticks[-1][0]

    def x(value: float) -> float:
        share = math.log(min(max(value, least), most) / least) / math.log(most / least)
        return 10 + share * (_WIDTH - 20)

    height = _SPAN * max(len(items), 1)
    parts: list[Markup] = []
    for number, (value, words) in enumerate(ticks):
        side = "start" if number == 0 else "end" if number == len(ticks) - 1 else "middle"
        minor = " chart-minor" if (len(ticks) - 1 - number) % 2 else ""
        parts.append(_draw("path", "chart-grid", d=f"M{_n(x(value))} 0V{height}"))
        after = ticks[number + 1 :]
        taken = _LETTER * (len(words) / 2 + len(after[0][1])) if len(after) == 1 else 0
        # The last one stands to the left of its place.
        if not after or x(after[0][0]) - x(value) >= taken:
            parts.append(_draw("text", f"chart-tick chart-{side}{minor}", words, x=x(value), y=height + 20))
    for number, each in enumerate(items):
        y = number * _SPAN
        places = [x(value) for value in each.values]
        parts.append(_draw("text", "chart-name", each.label, x=0, y=y + 15))
        if places:
            parts.append(_draw("path", "chart-span", d=f"M{_n(places[0])} {y + 33}H{_n(places[-1])}"))
        for kind, (place, value, name) in enumerate(zip(places, each.values, names, strict=False), 1):
            parts.append(_dot(place, y + 33, f"{each.label}, {name}: {say(value)}", kind))
    rows = [[each.label, *(say(value) for value in each.values)] for each in items]
    return _figure(frame, height + 28, parts, rows, names, "chart-key-dot")


def _figure(
    frame: Frame,
    height: float,
    parts: Sequence[Markup],
    rows: Sequence[Sequence[str]],
    names: Sequence[str] = (),
    key: str = "chart-key-part",
) -> Markup:
    text, title = f"{frame.name}-text", f"{frame.name}-title"
    heading = _draw(f"h{frame.level}", "", frame.title)
    caption = _wrap("figcaption", "", heading, _draw("p", "hint", frame.text, id=text))
    keys = [_draw("li", f"{key} {key}-{number}", name) for number, name in enumerate(names, 1)]
    drawing = _wrap(
        "svg", "", _draw("title", "", frame.title, id=title), *parts, viewBox=f"0 0 {_WIDTH} {_n(height)}", role="img",
        aria_labelledby=title, aria_describedby=text,
    )  # fmt: skip
    legend = _wrap("ul", "chart-keys", *keys) if keys else Markup()
    return _wrap("figure", "chart", caption, legend, drawing, _table(frame, rows), id=frame.name)


def _table(frame: Frame, rows: Sequence[Sequence[str]]) -> Markup:
    head = _wrap("tr", "", *(_draw("th", "", words, scope="col") for words in frame.head))
    body = [
        _wrap("tr", "", _draw("th", "", row[0], scope="row"), *(_draw("td", "figure", cell) for cell in row[1:]))
        for row in rows
    ]
    table = _wrap("table", "grid", _wrap("thead", "", head), _wrap("tbody", "", *body))
    # It may be wider than the screen, and is moved with the keys then.
    around = _wrap("div", "wide-table", table, tabindex=0, role="region", aria_label=frame.title)
    return _wrap("details", "chart-table", _draw("summary", "", frame.table), around)


def _draw(tag: str, look: str, text: str = "", *, title: str = "", **attributes: str | float) -> Markup:
    """An element with a text, or with a title for who points at it."""
    said = Markup("<title>{}</title>").format(title) if title else escape(text)
    return _wrap(tag, look, said, **attributes)


def _wrap(tag: str, look: str, *inside: Markup, **attributes: str | float) -> Markup:
    """An element around others. Names of attributes are written with underscores for dashes."""
    given: dict[str, str | float] = {"class": look, **attributes} if look else attributes
    spelt = Markup().join(
        Markup(' {}="{}"').format(name.replace("_", "-"), value if isinstance(value, str) else _n(value))
        for name, value in given.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(tag, spelt, Markup().join(inside))


def _ticks(most: float, *, whole: bool = False) -> list[float]:
    """Round numbers from 0 to where `most` fits below the last; of what is counted, `whole` ones."""
    if most <= 0:
        return [0.0, 1.0]
    size = 10 ** math.floor(math.log10(most))
    steps = [size * part for part in (0.2, 0.25, 0.5, 1, 2) if not whole or size * part == int(size * part)]
    step = next(step for step in steps if step * 5 >= most)
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def _spread(count: int) -> list[float]:
    """The middle of each of `count` places from left to right."""
    room = (_WIDTH - _LEFT - _RIGHT) / max(count, 1)
    return [_LEFT + room * (number + 0.5) for number in range(count)]


def _upwards(most: float) -> Callable[[float], float]:
    return lambda value: _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)


def _grid(scale: Sequence[float], y: Callable[[float], float], say: Say) -> Markup:
    made: list[Markup] = []
    for value in scale:
        made.append(_draw("path", "chart-grid", d=f"M{_LEFT} {_n(y(value))}H{_WIDTH - _RIGHT}"))
        made.append(_draw("text", "chart-tick chart-end", say(value), x=_LEFT - 8, y=y(value) + 4))
    return Markup().join(made)


def _names(x: Sequence[float], names: Sequence[str]) -> Markup:
    """The names below, as many as there is room for, counted from the last; a small screen shows every other."""
    every = max(1, math.ceil(len(names) / _MOST_LABELS))
    shown = [number for number in range(len(names)) if (len(names) - 1 - number) % every == 0]
    made: list[Markup] = []
    for number in shown:
        minor = " chart-minor" if len(shown) > 4 and (len(names) - 1 - number) // every % 2 else ""
        look = f"chart-tick chart-middle{minor}"
        room = (_WIDTH - _LEFT - _RIGHT) / max(len(shown), 1)
        lines = [names[number]] if len(names[number]) * _LETTER <= room else _halves(names[number])
        for place, words in enumerate(lines):
            made.append(_draw("text", look, words, x=x[number], y=_HEIGHT - _BOTTOM + 24 + 16 * place))
    return Markup().join(made)


def _halves(name: str) -> list[str]:
    """A name in two lines, broken between words as near to its middle as may be."""
    gaps = [place for place, letter in enumerate(name) if letter == " "]
    if not gaps:
        return [name]
    gap = min(gaps, key=lambda place: abs(place - len(name) / 2))
    return [name[:gap], name[gap + 1 :]]


def _limit(y: float, name: str) -> list[Markup]:
    across = _draw("path", "chart-limit", d=f"M{_LEFT} {_n(y)}H{_WIDTH - _RIGHT}")
    return [across, _draw("text", "chart-tick chart-end", name, x=_WIDTH - _RIGHT, y=y - 6)]


def _runs(points: Sequence[Point]) -> list[list[int]]:
    """The places of the points that are known, as stretches without a gap."""
    runs: list[list[int]] = [[]]
    for number, each in enumerate(points):
        if each.value is None:
            runs.append([])
        else:
            runs[-1].append(number)
    return [run for run in runs if run]


def _dot(x: float, y: float, said: str, kind: int = 1) -> Markup:
    return _draw("circle", f"chart-dot chart-dot-{kind}", title=said, cx=x, cy=y, r=5)


def _value(each: Point | Bar, say: Say) -> str:
    return "–" if each.value is None else say(each.value)


def _with_interval(each: Point, say: Say) -> str:
    low, high = _ends(each, say)
    return f"{_value(each, say)} ({low} – {high})" if each.high is not None else _value(each, say)


def _ends(each: Point | Bar, say: Say) -> list[str]:
    return ["–" if end is None else say(end) for end in (each.low, each.high)]


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in places)


def _n(value: float) -> str:
    """A number as it stands in the markup: a tenth is finer than any screen."""
    return f"{value:.1f}".removesuffix(".0")
