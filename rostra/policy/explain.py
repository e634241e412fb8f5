"""Puts what the CEL compiler says into words for people who write rules, with the place and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rostra.policy.facts import FACTS
from rostra.policy.reading import did_you_mean
from rostra.policy.said import Said, Value, bare, said

_ERROR: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_OVERLOAD: Final = re.compile(r"found no matching overload for '(.+?)' applied to '(.*?)'")
_UNDECLARED: Final = re.compile(r"undeclared reference to '(.+?)'")

_TYPES: Final[dict[str, Value]] = {
    "null_type": "null",
    "double": said("a decimal number"),
    "int": said("a whole number"),
    "uint": said("a whole number"),
    "string": said("text"),
    "bool": said("true or false"),
    "list(string)": said("a list of texts"),
    "list(int)": said("a list of whole numbers"),
    "list(double)": said("a list of decimal numbers"),
}
# Decimal and whole numbers side by side, which CEL does not compare.
_MIXED: Final = {
    frozenset({"double", "int"}),
    frozenset({"double", "list(int)"}),
    frozenset({"int", "list(double)"}),
}
_SIGNS: Final[dict[str, Value]] = {
    "@in": "in",
    "_[_]": "[ ]",
    "!_": "!",
    "-_": "-",
    "_?_:_": "? :",
    "@not_strictly_false": said("a condition"),
}
_TOO_DEEP: Final = said("the condition is nested too deeply")
_SPLIT: Final = said("split it into several rules")
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


def explain(source: str, message: str) -> Iterator[tuple[int, Said, Said]]:
    """(offset, what, remedy) for each thing that the compiler's message names; at least one."""
    found = [(int(line), int(column), words) for line, column, words in _ERROR.findall(message)]
    seen: set[Said] = set()
    for line, column, words in found:
        what, remedy = _in_words(words)
        if what not in seen:
            seen.add(what)
            yield _offset(source, line, column), what, remedy
    if not found:
        what = _TOO_DEEP if "recursion" in message else said("the condition cannot be read: %(why)s", why=message[:200])
        yield 0, what, _SPLIT


def _in_words(line: str) -> tuple[Said, Said]:
    if match := _OVERLOAD.search(line):
        return _types(match[1], match[2])
    if match := _UNDECLARED.search(line):
        otherwise = said("docs/policy.md lists all facts; texts stand in quotes")
        remedy = did_you_mean(match[1], [*FACTS, *_FUNCTIONS], otherwise)
        return said("unknown name %(name)s", name=match[1]), remedy
    if "recursion depth" in line:
        return _TOO_DEEP, _SPLIT
    if line.startswith("Syntax error"):
        remedy = said("check brackets, quotes and signs: && (and), || (or), ! (not), == (equals)")
        return _syntax(line), remedy
    return bare(line), said("see the section Conditions in docs/policy.md")


def _syntax(line: str) -> Said:
    line = line.partition(" expecting ")[0].removeprefix("Syntax error: ")
    if "<EOF>" in line:
        return said("the condition ends too early")
    return said("the condition cannot be read: %(why)s", why=line)


def _types(function: str, given: str) -> tuple[Said, Said]:
    sign = _SIGNS.get(function, function.strip("_"))
    kinds = _split(given.removeprefix("(").removesuffix(")"))
    what = said("`%(sign)s` does not go with %(names)s", sign=sign, names=_joined(kinds))
    if _MIXED & {frozenset(kinds)}:
        remedy = said("a decimal number is compared with decimal numbers, a whole one with whole ones: 24.0 or 24")
        return what, remedy
    if sign == "in" and kinds[-1:] == ["string"]:
        return what, said('use contains to look into a text: text.normal.contains("word")')
    if sign == "+" and "string" in kinds:
        return what, said("texts cannot be joined in rules; compare each by itself")
    if sign in {"==", "!=", "<", ">", "<=", ">="}:
        remedy = said(
            "compare like with like: text in quotes, decimal numbers with a point, true and false without quotes"
        )
        return what, remedy
    return what, said("the section Facts in docs/policy.md has the type of each fact")


def _joined(kinds: Sequence[str]) -> Value:
    names = [_TYPES.get(kind, kind) for kind in kinds] or [""]
    joined = names[0]
    for name in names[1:]:
        joined = said("%(one)s and %(other)s", one=joined, other=name)
    return joined


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
