"""The shape of one built-in phrase, and the small notation in which its patterns are written.

A pattern is an RE2 expression over folded text (lower-case ASCII, see `fold.py`), with liberties that make the tables
readable: a blank or an apostrophe stands for blanks between words (` ?` and `'?` for them or nothing), `~3` for up to
three words between two others, `{name}` for a class of words from `tables/english.toml` or `tables/italian.toml`.
Patterns begin and end at a word's edge; `{start}` and `{end}` stand for a sentence's, and free their pattern from that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

import msgspec

from rostra.detect.reading import Category

Language = Literal["en", "it"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "it")
Edge = Literal["quotation", "report", "negation", "game", "sport", "technology", "fiction", "hyperbole"]

SPOKEN: Final[tuple[Edge, ...]] = ("quotation", "report", "negation")
ALL_EDGES: Final[tuple[Edge, ...]] = (*SPOKEN, "game", "sport", "technology", "fiction", "hyperbole")


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that people say, in every language that the tables know it in.

    `example` holds, for each language, a sentence that it finds; `contrast` one that looks alike and that it does not
    find, or finds suppressed. `yields_to` names the edges that suppress it. `weight` is how much it means by itself.
    """

    name: str
    category: Category
    reason: str
    weight: float
    patterns: dict[Language, tuple[str, ...]]
    example: dict[Language, str]
    contrast: dict[Language, str]
    yields_to: tuple[Edge, ...] = ALL_EDGES

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages in which the phrase has patterns, in the order of the table."""
        return tuple(self.patterns)


_END: Final = "{end}"
_ENDING: Final = r"\x20*(?:[.!?;:\")]|\z)"
_START: Final = "{start}"
_STARTING: Final = r"(?:(?:\A|[.!?;:\")])\x20*|\b(?:please|just|so|then|somebody|someone|now|go|or) )"
_PERHAPS: Final = re.compile("[ ',]\\?")
_GAP: Final = re.compile(r" ?~(\d) ?")
_CLASS: Final = re.compile(r"\{([a-z_]+)\}")


@cache
def alternatives(words: str) -> str:
    """The words of a class as alternatives, no two neighbours with the same initial as far as that goes.

    Where a text could be several of them it is the first; marks of posts that were judged before depend on this order.
    """
    by_initial: defaultdict[str, list[str]] = defaultdict(list)
    for part in (" ".join(word.split()) for word in words.split(",")):
        if part:
            by_initial[part[0]].append(part)
    ordered: list[str] = []
    while by_initial:
        last = ordered[-1][0] if ordered else ""
        initial = max(by_initial, key=lambda letter: (letter != last, len(by_initial[letter])))
        ordered.append(by_initial[initial].pop(0))
        if not by_initial[initial]:
            del by_initial[initial]
    return "|".join(ordered)


def expand(pattern: str, classes: Mapping[str, str]) -> str:
    """`pattern` as an RE2 expression. A class that does not exist is a KeyError: the tables are wrong."""
    front = "" if _START in pattern else r"\b"
    edge = "" if _END in pattern or r"\z" in pattern else r"\b"
    pattern = pattern.replace(_END, _ENDING).replace(_START, _STARTING)
    pattern = _with_classes(pattern, classes)
    # A gap eats the blanks on both sides of it, so that nothing between means one blank, not two.
    pattern = _PERHAPS.sub(r"\\x20?", pattern).replace("'", " ")
    return front + f"(?:{_GAP.sub(_gap, pattern)})" + edge


def _gap(found: re.Match[str]) -> str:
    return rf"(?: \w+){{0,{found[1]}}} "


def _with_classes(pattern: str, classes: Mapping[str, str]) -> str:
    return _CLASS.sub(lambda found: f"(?:{_with_classes(alternatives(classes[found[1]]), classes)})", pattern)
