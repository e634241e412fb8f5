"""Puts what the CEL compiler says into words for people who write rules, with the place and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rostra.policy.facts import FACTS
from rostra.policy.reading import did_you_mean

_ERROR: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_OVERLOAD: Final = re.compile(r"found no matching overload for '(.+?)' applied to '(.*?)'")
_UNDECLARED: Final = re.compile(r"undeclared reference to '(.+?)'")

_TYPES: Final = {
    "double": "a decimal number",
    "int": "a whole number",
    "uint": "a whole number",
    "string": "text",
    "bool": "true or false",
    "null_type": "null",
    "list(string)": "a list of texts",
    "list(int)": "a list of whole numbers",
    "list(double)": "a list of decimal numbers",
}
# Decimal and whole numbers side by side, which CEL does not compare.
_MIXED: Final = {
    frozenset({"double", "int"}),
    frozenset({"double", "list(int)"}),
    frozenset({"int", "list(double)"}),
}
_SIGNS: Final = {
    "@in": "in",
    "_[_]": "[ ]",
    "!_": "!",
    "-_": "-",
    "_?_:_": "? :",
    "@not_strictly_false": "a condition",
}
_FUNCTIONS: Final = (
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "exists",
    "exists_one",
    "all",
    "filter",
    "in",
)


def explain(source: str, message: str) -> Iterator[tuple[int, str, str]]:
    """(offset, what, remedy) for each thing that the compiler's message names; at least one."""
    found = [(int(line), int(column), said) for line, column, said in _ERROR.findall(message)]
    seen: set[str] = set()
    for line, column, said in found:
        what, remedy = _in_words(said)
        if what not in seen:
            seen.add(what)
            yield _offset(source, line, column), what, remedy
    if not found:
        deep = "recursion" in message
        yield (
            0,
            "the condition is nested too deeply" if deep else f"the condition cannot be read: {message[:200]}",
            "split it into several rules",
        )


def _in_words(said: str) -> tuple[str, str]:
    if match := _OVERLOAD.search(said):
        return _types(match[1], match[2])
    if match := _UNDECLARED.search(said):
        remedy = did_you_mean(match[1], [*FACTS, *_FUNCTIONS], "docs/policy.md lists all facts; texts stand in quotes")
        return f"unknown name {match[1]}", remedy
    if "recursion depth" in said:
        return "the condition is nested too deeply", "split it into several rules"
    if said.startswith("Syntax error"):
        return _syntax(said), "check brackets, quotes and signs: && (and), || (or), ! (not), == (equals)"
    return said, "see the section Conditions in docs/policy.md"


def _syntax(said: str) -> str:
    said = said.partition(" expecting ")[0].removeprefix("Syntax error: ")
    return "the condition ends too early" if "<EOF>" in said else f"the condition cannot be read: {said}"


def _types(function: str, given: str) -> tuple[str, str]:
    sign = _SIGNS.get(function, function.strip("_"))
    kinds = _split(given.removeprefix("(").removesuffix(")"))
    names = " and ".join(_TYPES.get(kind, kind) for kind in kinds)
    what = f"`{sign}` does not go with {names}"
    if _MIXED & {frozenset(kinds)}:
        return what, "a decimal number is compared with decimal numbers, a whole one with whole ones: 24.0 or 24"
    if sign == "in" and kinds[-1:] == ["string"]:
        return what, 'use contains to look into a text: text.normal.contains("word")'
    if sign == "+" and "string" in kinds:
        return what, "texts cannot be joined in rules; compare each by itself"
    if sign in {"==", "!=", "<", ">", "<=", ">="}:
        return (
            what,
            "compare like with like: text in quotes, decimal numbers with a point, true and false without quotes",
        )
    return what, "the section Facts in docs/policy.md has the type of each fact"


def _split(types: str) -> list[str]:
    found, depth, last = [], 0, 0
    for place, sign in enumerate(types):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            found.append(types[last:place].strip())
            last = place + 1
    return [*found, types[last:].strip()]


def _offset(source: str, line: int, column: int) -> int:
    if line < 1:
        return 0
    before = source.split("\n")[: line - 1]
    return min(sum(len(each) + 1 for each in before) + max(column - 1, 0), len(source))
