"""Runs the regular expressions of all rules over the facts: RE2, compiled once, one pass where nothing is found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import re2

from rostra.policy.expressions import Expression, Pattern, compile_pattern
from rostra.policy.facts import Facts


class _OfFact(msgspec.Struct, frozen=True):
    """All patterns of one fact. `any` finds whatever one of them finds; None where they are too large together."""

    fact: str
    value: Any
    any: Any
    each: tuple[tuple[str, Any], ...]
    nothing: dict[str, bool]


def name_patterns(expressions: Sequence[Expression]) -> dict[Pattern, str]:
    """The names of the variables that stand for patterns in conditions."""
    patterns = dict.fromkeys(pattern for expression in expressions for pattern in expression.patterns)
    return {pattern: f"pattern.p{place}" for place, pattern in enumerate(patterns)}


class Searcher:
    """Finds which patterns match, under the names of the variables that stand for them in the conditions."""

    def __init__(self, named: Mapping[Pattern, str]) -> None:
        facts = dict.fromkeys(pattern.fact for pattern in named)
        self._facts = tuple(
            _of_fact(fact, {pattern: name for pattern, name in named.items() if pattern.fact == fact}) for fact in facts
        )

    def search(self, facts: Facts, unfit: Collection[str]) -> dict[str, bool]:
        """Whether each pattern matches; those of `unfit` facts are left out, so that their rules fail."""
        found: dict[str, bool] = {}
        for group in self._facts:
            if group.fact in unfit:
                continue
            text = group.value(facts)
            if group.any is not None and group.any.search(text) is None:
                found |= group.nothing
            else:
                found.update((name, program.search(text) is not None) for name, program in group.each)
        return found


def _of_fact(fact: str, named: Mapping[Pattern, str]) -> _OfFact:
    each = tuple((name, compile_pattern(pattern.regex)) for pattern, name in named.items())
    return _OfFact(fact, attrgetter(fact), _together([*named]), each, dict.fromkeys(named.values(), False))


def _together(patterns: Sequence[Pattern]) -> Any:
    try:
        return compile_pattern("|".join(f"(?:{pattern.regex})" for pattern in patterns))
    except re2.error:
        return None
