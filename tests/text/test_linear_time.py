"""No input makes the formatter go back over it again and again.

Nothing is timed. What our own loops do is counted: the same input four times as long may cost four times the work, with
room to spare, and not sixteen times. What a single match of a pattern costs is read off the pattern.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
import regex

from rostra.text import entities, links, sanitise
from rostra.text import format as formatter

# Both are beyond the longest link.
SMALL, LARGE = 5_000, 20_000

HOSTILE = [
    "@",
    "@a",
    "@a.",
    "@a.-",
    "@a@",
    "@a@a.",
    "@a@a:1",
    "@@",
    "@a....",
    "#",
    "#a",
    "#a·",
    "#1",
    "#·",
    "##",
    "http://",
    "http://a",
    "http://a/",
    "http://a/(",
    "http://a/)",
    "http://a/()",
    "http://a.",
    "http://a:",
    "http://a@",
    "http://a/?#",
    "http://a/.)",
    "https://a.test/x(https://",
    "(((http://a/",
    "a.",
    "a-",
    "a/",
    ".",
    ")",
    "(",
    ":",
    ":a",
    ":aa",
    ":aa:",
    "::",
    "\n",
    " \n",
    "\n \t",
    "&",
    "<",
    "<a",
    "ü",
    "\u0301",
    "・",
    "xn--",
]


class Counted:
    """Stands in for a compiled pattern and adds up how many characters each call may have looked at."""

    def __init__(self, pattern: regex.Pattern[str], tally: list[int]) -> None:
        self._pattern = pattern
        self._tally = tally

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            answer = getattr(self._pattern, name)(*arguments, **options)
            self._tally[0] += _span(answer, arguments)
            return answer

        return call


def _span(answer: object, arguments: tuple[object, ...]) -> int:
    """How far a call looked: to the end of its match, or to the end of the text when there was none."""
    text, start = str(arguments[0]), int(str(arguments[1])) if len(arguments) > 1 else 0
    end = getattr(answer, "end", None)
    return (end() if callable(end) else len(text)) - start + 1


def lines_run(text: str) -> int:
    """Lines of our own code that one rendering runs: loops in Python show here."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        render(text)
    finally:
        sys.settrace(before)
    return count


def render(text: str) -> str:
    return formatter.render_html(text, domain="example.org", mentions={}, tag_base="https://example.org/tags/")


@pytest.mark.parametrize("unit", HOSTILE)
def test_four_times_the_text_runs_at_most_some_four_times_the_lines(unit: str) -> None:
    small, large = (lines_run((unit * size)[:size]) for size in (SMALL, LARGE))
    assert large <= 5 * small + 1_000


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_link_finder_looks_at_each_character_a_few_times_only(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = [0]
    for name in ("_SCHEME", "_RUN", "_BEFORE_PATH"):
        monkeypatch.setattr(links, name, Counted(getattr(links, name), tally))
    text = (unit * LARGE)[:LARGE]
    list(links.find_links(text))
    assert tally[0] <= 10 * LARGE


@pytest.mark.parametrize(
    "pattern",
    [entities._MENTION, entities._HASHTAG, entities._EMOJI, formatter._PARAGRAPH_BREAK],  # pyright: ignore[reportPrivateUsage]
)
def test_every_repetition_is_possessive_or_bounded(pattern: regex.Pattern[str]) -> None:
    """Without a repetition that gives back, a match takes one step per character and alternative."""
    without_classes = regex.sub(r"\\.|\[(?:\\.|[^\]])*\]", "x", pattern.pattern)
    without_possessive = regex.sub(r"[*+?]\+", "", without_classes)
    assert regex.findall(r"[*+]|(?<!\()\?|\{\d*,\}", without_possessive) == []


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<table>", "<x<table>", "<a href=x>", "<p><b>", "<"])
def test_of_html_with_too_many_tags_only_the_text_is_kept(tag: str) -> None:
    html = "start" + tag * (sanitise.MAX_TAGS + 1) + "end"
    assert "<" not in sanitise.sanitise_html(html).replace("&lt;", "")
    assert sanitise.to_plain_text(html).startswith("start")


def test_of_html_that_is_too_long_only_the_text_is_kept() -> None:
    html = "<p " + "a " * sanitise.MAX_HTML + ">start</p>"
    assert sanitise.sanitise_html(html) == "start"
    assert sanitise.to_plain_text(html) == "start"
