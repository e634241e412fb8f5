"""The words of a CEL expression: which facts it names, which patterns it searches for, and what it can cost at most.

It parses nothing: the library compiles every expression before and after. It only reads words and brackets, in the way
that never finds less than there is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from rostra.policy.facts import FACTS

Kind = Literal["text", "number", "name", "sign", "space"]

_TOKEN: Final = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*)
    | (?P<text>[bB]?[rR][bB]?(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n]*"|'[^'\n]*')
             |[bB]?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<number>(?:0[xX][0-9a-fA-F]+|\d*\.?\d+(?:[eE][+-]?\d+)?)[uU]?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>&&|\|\||[<>=!]=|.)
    """,
    re.VERBOSE | re.DOTALL,
)

GROUPS: Final = frozenset(name.partition(".")[0] for name in FACTS)
LOOPS: Final = frozenset({"exists", "exists_one", "all", "filter"})
# How often a loop's body counts; facts' lists are rarely longer, and never longer than `judge.MAX_ITEMS`.
LOOP_COST: Final = 64
# What a word costs beside 1: to look through a text or a list.
_COSTS: Final = {"contains": 20, "endsWith": 2, "startsWith": 2, "in": 5, "matches": 50}


class Token(msgspec.Struct, frozen=True):
    kind: Kind
    text: str
    start: int


class Search(msgspec.Struct, frozen=True):
    """`fact.matches("…")` in an expression: the literal as written, and from where to where the whole stands."""

    fact: str
    literal: str
    start: int
    end: int


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from an expression."""

    tokens: tuple[Token, ...]
    # Names of a group and a field, known or not, with their offset: ("text.thret", 12).
    named: tuple[tuple[str, int], ...]
    searches: tuple[Search, ...]
    # Where a dot begins a name.
    dots: tuple[int, ...]
    # The most that it can cost: about one for each operation.
    cost: int
    # How deep loops stand within loops.
    depth: int


def read_words(source: str) -> Words:
    """Read an expression, which need not be a valid one."""
    tokens = tuple(
        Token(_kind(match), match.group(), match.start())
        for match in _TOKEN.finditer(source)
        if match.lastgroup != "space"
    )
    cost, depth = _cost(tokens)
    return Words(
        tokens=tokens, named=_named(tokens), searches=_searches(tokens), dots=_dots(tokens), cost=cost, depth=depth
    )


def _kind(match: re.Match[str]) -> Kind:
    kinds: dict[str | None, Kind] = {"text": "text", "number": "number", "name": "name", "space": "space"}
    return kinds.get(match.lastgroup, "sign")


def texts(tokens: Sequence[Token], at: int, count: int) -> tuple[str, ...]:
    """The next `count` tokens as they are written; shorter at the end."""
    return tuple(token.text for token in tokens[at : at + count])


def _named(tokens: Sequence[Token]) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for place, token in enumerate(tokens):
        if token.kind != "name" or token.text not in GROUPS or (place and tokens[place - 1].text == "."):
            continue
        after = tokens[place + 1 : place + 3]
        if len(after) == 2 and after[0].text == "." and after[1].kind == "name":
            found.append((f"{token.text}.{after[1].text}", token.start))
        else:
            found.append((token.text, token.start))
    return tuple(found)


def _searches(tokens: Sequence[Token]) -> tuple[Search, ...]:
    found: list[Search] = []
    for place, token in enumerate(tokens):
        # A fact (three tokens), a dot, the word, and the pattern in brackets.
        if token.text != "matches" or place < 4 or texts(tokens, place - 1, 3) != (".", "matches", "("):
            continue
        if len(tokens) < place + 4 or tokens[place + 2].kind != "text" or tokens[place + 3].text != ")":
            continue
        first = tokens[place - 4]
        fact = "".join(texts(tokens, place - 4, 3))
        if fact in FACTS and not (place > 4 and tokens[place - 5].text == "."):
            end = tokens[place + 3].start + 1
            found.append(Search(fact, tokens[place + 2].text, first.start, end))
    return tuple(found)


def _dots(tokens: Sequence[Token]) -> tuple[int, ...]:
    found: list[int] = []
    for place, token in enumerate(tokens):
        if token.text == ".":
            before = tokens[place - 1] if place else None
            if before is None or before.text == "in" or (before.kind == "sign" and before.text not in {")", "]"}):
                found.append(token.start)
    return tuple(found)


def _cost(tokens: Sequence[Token]) -> tuple[int, int]:
    """The cost, every loop counted `LOOP_COST` times and loops within loops multiplied, and the deepest nesting."""
    cost, depth, deepest = 0, 0, 0
    brackets: list[bool] = []
    for place, token in enumerate(tokens):
        if token.text in {"(", "["}:
            loop = place > 1 and tokens[place - 1].text in LOOPS and tokens[place - 2].text == "."
            brackets.append(loop)
            depth += loop
            deepest = max(deepest, depth)
        elif token.text in {")", "]"} and brackets:
            depth -= brackets.pop()
        cost += (1 + _COSTS.get(token.text, 0)) * LOOP_COST**depth
    return cost, deepest
