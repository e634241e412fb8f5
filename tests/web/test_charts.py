"""Charts: they show what they are given, for eyes and for screen readers, and nothing of it is anybody's markup."""

from __future__ import annotations

import re

from rostra.web.charts import Bar, Column, Frame, Point, Span, bars, line, spans, stacked
from tests.web.markup import check
from tests.web.samples import HOSTILE

FRAME = Frame(
    name="one", title="Prevalence", text="It went down.", table="Show the figures", head=["Week", "Share", "From", "To"]
)


def say(value: float) -> str:
    return f"{value:g}"


def sound(markup: str) -> str:
    read, problems = check(f"<!doctype html><html lang='en'><head><title>x</title></head><body>{markup}</body></html>")
    assert read
    assert [problem for problem in problems if "landmark" not in problem] == []
    assert " style=" not in markup
    assert "<style" not in markup
    return markup


def test_a_line_has_its_points_its_band_and_a_gap_where_nothing_is_known() -> None:
    points = [Point("a", 1, 0.5, 2), Point("b", 3, 2, 4), Point("c"), Point("d", 2, 1, 3)]
    markup = sound(line(FRAME, points, say, limit=3.5, limit_name="Limit"))
    assert markup.count("<circle") == 3
    assert markup.count("<polyline") == markup.count("<polygon") == 2
    assert "<title>b: 3 (2 – 4)</title>" in markup
    assert ">Limit</text>" in markup
    heights = [float(y) for y in re.findall(r'<circle [^>]*cy="([\d.]+)"', markup)]
    assert heights[1] < heights[2] < heights[0]


def test_all_figures_are_in_the_table() -> None:
    markup = line(FRAME, [Point("a", 1, 0.5, 2), Point("b")], say)
    assert (
        '<th scope="row">a</th><td class="figure">1</td><td class="figure">0.5</td><td class="figure">2</td>' in markup
    )
    assert '<th scope="row">b</th><td class="figure">–</td>' in markup
    assert "<summary>Show the figures</summary>" in markup


def test_a_chart_says_what_it_is_without_being_seen() -> None:
    markup = line(FRAME, [Point("a", 1)], say)
    assert 'role="img" aria-labelledby="one-title" aria-describedby="one-text"' in markup
    assert '<title id="one-title">Prevalence</title>' in markup
    assert 'id="one-text">It went down.</p>' in markup


def test_bars_are_as_long_as_their_values() -> None:
    items = [Bar("rule", 0.5, 0.4, 0.6, "12 of 24"), Bar("other", None), Bar("none", 0)]
    markup = sound(bars(FRAME, items, say, most=1))
    assert re.findall(r'chart-bar" x="0" y="23" width="([\d.]+)"', markup) == ["300"]
    assert "0.5 · 12 of 24" in markup
    assert markup.count("chart-whisker") == 1


def test_columns_are_stacked_from_below_and_say_their_sum() -> None:
    markup = sound(
        stacked(FRAME, [Column("<1 h", [2, 3, 0]), Column("1 d", [0, 0, 0])], ["low", "middle", "high"], say)
    )
    parts = re.findall(r'chart-part-(\d)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', markup)
    assert [number for number, *_ in parts] == ["1", "2"]
    (_, y1, h1), (_, y2, h2) = parts
    assert float(y2) + float(h2) == float(y1)
    assert round(float(h2) / float(h1), 1) == 1.5
    assert 'chart-sum" x=' in markup
    assert ">5</text>" in markup
    assert markup.count("chart-key-part ") == 3
    assert "&lt;1 h" in markup


def test_spans_lie_on_a_logarithmic_scale() -> None:
    ticks = [(1.0, "1 s"), (10.0, "10 s"), (100.0, "100 s")]
    markup = sound(spans(FRAME, [Span("Report", [1, 10, 1000]), Span("None", [])], ["p50", "p90", "p99"], ticks, say))
    places = [float(x) for x in re.findall(r'<circle [^>]*cx="([\d.]+)"', markup)]
    assert places == [10, 300, 590]


def test_nothing_to_show_is_an_empty_chart() -> None:
    for markup in (line(FRAME, [], say), bars(FRAME, [], say), stacked(FRAME, [], [], say)):
        sound(markup)
    sound(stacked(FRAME, [Column("a", [0])], ["x"], say))


def test_many_names_are_thinned_and_the_last_one_stays() -> None:
    markup = line(FRAME, [Point(f"week {n}", n) for n in range(40)], say)
    shown = re.findall(r"chart-middle[^>]*>(week \d+)<", markup)
    assert len(shown) == 8
    assert shown[-1] == "week 39"


def test_hostile_names_stay_text() -> None:
    frame = Frame(name="one", title=HOSTILE, text=HOSTILE, table=HOSTILE, head=[HOSTILE])
    for markup in (
        line(frame, [Point(HOSTILE, 1, 0, 2)], say, limit=1, limit_name=HOSTILE),
        bars(frame, [Bar(HOSTILE, 1, note=HOSTILE)], say),
        stacked(frame, [Column(HOSTILE, [1])], [HOSTILE], say),
        spans(frame, [Span(HOSTILE, [1])], [HOSTILE], [(1, HOSTILE), (2, "x")], say),
    ):
        assert "<script>" not in markup
        assert "<img" not in markup


def test_what_is_counted_has_a_scale_of_whole_numbers() -> None:
    for most in (1, 2, 3, 7, 12, 13):
        markup = stacked(FRAME, [Column("a", [most])], ["cases"], say)
        scale = [float(value) for value in re.findall(r'chart-tick chart-end"[^>]*>([\d.]+)<', markup)]
        assert all(value == int(value) for value in scale), scale
        assert len(set(scale)) == len(scale)
        assert scale[-1] >= most


def test_names_that_would_run_into_each_other_stand_in_two_lines() -> None:
    names = ["fino a 1 giorno", "fino a 3 giorni", "fino a 7 giorni", "oltre 7 giorni", "mai", "sempre"]
    markup = stacked(FRAME, [Column(name, [1]) for name in names], ["casi"], say)
    drawn = re.findall(r"chart-tick chart-middle[^>]*>([^<]+)<", markup)
    assert drawn == [
        "fino a 1",
        "giorno",
        "fino a 3",
        "giorni",
        "fino a 7",
        "giorni",
        "oltre 7",
        "giorni",
        "mai",
        "sempre",
    ]


def test_the_last_words_of_a_scale_have_room() -> None:
    ticks = [(60.0, "1 min"), (86400.0, "1 giorno"), (604800.0, "7 giorni"), (2592000.0, "30 giorni")]
    markup = spans(FRAME, [Span("a", [60, 120, 600])], ["metà", "90", "99"], ticks, say)
    assert "7 giorni</text>" not in markup
    assert "30 giorni</text>" in markup
