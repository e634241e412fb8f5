"""Conditions in CEL: checked against the types of the facts, bounded in what they can cost, and made ready to run.

The library is Google's own (cel-expr-python, which wraps cel-cpp). Regular expressions are taken out of the condition
and run by RE2, compiled once, because the library would compile them anew each time.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, Final

import msgspec
import re2
from cel_expr_python import cel

from rostra.policy.explain import explain
from rostra.policy.facts import FACTS
from rostra.policy.reading import did_you_mean
from rostra.policy.said import Said, said
from rostra.policy.tokens import Token, Words, read_words

MAX_LENGTH: Final = 2_000
MAX_COST: Final = 50_000
MAX_DEPTH: Final = 2
MAX_PATTERN: Final = 500
MAX_PROGRAM: Final = 4_000
_RE2_MEMORY: Final = 4 << 20

CEL_TYPES: Final[dict[object, cel.Type]] = {
    bool: cel.Type.BOOL,
    int: cel.Type.INT,
    float: cel.Type.DOUBLE,
    str: cel.Type.STRING,
    list[str]: cel.Type.List(cel.Type.STRING),
}

# What CEL has and rules have not, and what to write instead.
_REFUSED: Final = {
    "has": said('every fact is always there; compare it: author.domain != ""'),
    "map": said("use exists, all or filter"),
    "dyn": said("facts have types; compare like with like"),
    "type": said("facts have types; compare like with like"),
    "{": said('rules need no maps and messages; use a list: ["a", "b"]'),
    "`": said("names need no quotes"),
}

_LIMITED: Final = """
name: rules
stdlib:
  exclude_macros: [has, map]
  exclude_functions:
    - name: _+_
      overloads: [{id: add_string}, {id: add_bytes}%s]
    - name: dyn
    - name: type
"""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a condition, at which of its characters."""

    offset: int
    what: Said
    remedy: Said


class ExpressionRefused(Exception):
    """The condition cannot be used; `faults` says all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault.what) for fault in faults))
        self.faults = faults


class Pattern(msgspec.Struct, frozen=True):
    """A regular expression that is searched for in a fact, as RE2 reads it."""

    fact: str
    regex: str


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that was checked. `parts` is its source around its searches, one for each of `patterns`."""

    source: str
    parts: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    facts: tuple[str, ...]
    words: Words
    cost: int
    # None where it depends on facts, else what it always is.
    constant: bool | None

    def ready(self, names: list[str]) -> str:
        """The source with the name of a variable instead of each search."""
        filled = [part for pair in zip(self.parts, [*names, ""], strict=True) for part in pair]
        return "".join(filled)


def read_expression(source: str) -> Expression:
    """Check a condition. Raises ExpressionRefused with everything that is wrong."""
    if len(source) > MAX_LENGTH:
        what = said("the condition is longer than %(n)s characters", n=MAX_LENGTH)
        raise ExpressionRefused([Fault(0, what, said("split it into several rules, or use a word list"))])
    if not source.isascii() and source.encode(errors="replace").decode() != source:
        raise ExpressionRefused([Fault(0, said("the condition has half a character in it"), said("type it again"))])
    words = read_words(source)
    faults = [*_unknown_facts(words), *_refused_words(words), *_too_much(words)]
    if faults:
        raise ExpressionRefused(faults)
    _compile(source, words)
    patterns = tuple(_pattern(search.fact, search.literal, search.start) for search in words.searches)
    parts = _around(source, words)
    facts = tuple(dict.fromkeys(name for name, _ in words.named))
    constant = _constant(source)
    if constant is None and not facts:
        # It fails whatever is judged: 1 / 0.
        raise ExpressionRefused([_no_truth()])
    return Expression(
        source=source,
        parts=parts,
        patterns=patterns,
        facts=facts,
        words=words,
        cost=words.cost,
        constant=constant,
    )


def new_environment(patterns: list[str]) -> cel.Env:
    """An environment in which checked conditions run: all facts, and one truth value for each pattern."""
    declared = {name: CEL_TYPES[fact.type] for name, fact in FACTS.items()}
    return cel.NewEnv(variables=declared | dict.fromkeys(patterns, cel.Type.BOOL))


@cache
def _plain_environment() -> cel.Env:
    return new_environment([])


@lru_cache(maxsize=1_000)
def compile_pattern(regex: str) -> Any:
    """The pattern as RE2 runs it: in linear time and bounded memory. Raises re2.error."""
    options: Any = re2.Options()
    options.log_errors = False
    options.max_mem = _RE2_MEMORY
    return re2.compile(regex, options)


@cache
def _checker(with_filter: bool) -> cel.Env:
    # `filter` is made of list additions. They are there only where no plus sign is (`_refused_words`), so that nobody
    # can double a list, or a text, again and again.
    config = cel.NewEnvConfigFromYaml(_LIMITED % ("" if with_filter else ", {id: add_list}"))
    return cel.NewEnv(config=config, variables={name: CEL_TYPES[fact.type] for name, fact in FACTS.items()})


def _compile(source: str, words: Words) -> None:
    """Have the library check syntax and types, alone and in the list that it will run in."""
    env = _checker(any(token.text == "filter" for token in words.tokens))
    try:
        program = env.compile(source)
    except RuntimeError as error:
        raise ExpressionRefused([Fault(*each) for each in explain(source, str(error))]) from None
    if program.return_type() != cel.Type.BOOL:
        raise ExpressionRefused([_no_truth()])
    try:
        env.compile(in_list([source]))
    except RuntimeError:
        what = said("the condition is nested too deeply")
        raise ExpressionRefused([Fault(0, what, said("split it into several rules"))]) from None


def _no_truth() -> Fault:
    return Fault(0, said("the condition gives no true or false"), said("compare it: text.threat > 0.93"))


def in_list(sources: list[str]) -> str:
    """Several conditions as one expression, which gives the list of their results."""
    # The line end closes a comment.
    return "[" + ",".join(f"({source}\n)" for source in sources) + "]"


def _unknown_facts(words: Words) -> list[Fault]:
    faults: list[Fault] = []
    for name, offset in words.named:
        if name in FACTS:
            continue
        if "." in name:
            faults.append(Fault(offset, said("unknown fact %(name)s", name=name), _nearest_fact(name)))
        else:
            known = ", ".join(fact for fact in FACTS if fact.startswith(name + "."))
            what = said("%(name)s is a group of facts", name=name)
            faults.append(Fault(offset, what, said("name one of them: %(names)s", names=known)))
    return faults


def _nearest_fact(name: str) -> Said:
    group = name.partition(".")[0]
    same = [fact for fact in FACTS if fact.startswith(group + ".")]
    otherwise = said("facts of %(group)s: %(names)s", group=group, names=", ".join(same))
    return did_you_mean(name, same, did_you_mean(name, FACTS, otherwise))


def _refused_words(words: Words) -> list[Fault]:
    faults: list[Fault] = [
        Fault(offset, said("a name begins with a dot"), said("take the dot out: text.threat")) for offset in words.dots
    ]
    tokens = words.tokens
    has_filter = any(token.text == "filter" for token in tokens)
    for place, token in enumerate(tokens):
        call = place + 1 < len(tokens) and tokens[place + 1].text == "("
        if (token.text in _REFUSED and (call or token.kind == "sign")) or _is_bytes(token):
            name = said("bytes") if _is_bytes(token) else f"`{token.text}`"
            remedy = _REFUSED.get(token.text, said("write text without the b in front"))
            faults.append(Fault(token.start, said("%(name)s cannot be used in rules", name=name), remedy))
        if token.text == "+" and has_filter:
            what = said("`+` cannot be used together with filter")
            faults.append(Fault(token.start, what, said("compare the size() of each")))
    searches = [token for place, token in enumerate(tokens) if token.text == "matches" and _is_call(tokens, place)]
    if len(searches) > len(words.searches):
        what = said("`matches` needs a fact before it and the pattern written out")
        remedy = said('write text.normal.matches(r"\\bword\\b"); in loops use startsWith')
        faults.append(Fault(searches[0].start, what, remedy))
    return faults


def _is_call(tokens: tuple[Token, ...], place: int) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1].text == "("


def _is_bytes(token: Token) -> bool:
    return token.kind == "text" and "b" in re.split("[\"']", token.text, maxsplit=1)[0].lower()


def _too_much(words: Words) -> list[Fault]:
    if words.depth > MAX_DEPTH:
        what = said("loops stand more than %(n)s deep in loops", n=MAX_DEPTH)
        return [Fault(0, what, said("use `in` instead of a loop where you can"))]
    if words.cost > MAX_COST:
        what = said("the condition can cost %(n)s, more than %(most)s", n=words.cost, most=MAX_COST)
        return [Fault(0, what, said("take loops out of loops, and look through texts outside of them"))]
    return []


def _pattern(fact: str, literal: str, offset: int) -> Pattern:
    """The pattern that a literal stands for, as the library reads the literal."""
    value: Any = _checker(False).compile(literal).eval().value()
    regex = str(value)
    if len(regex) > MAX_PATTERN:
        what = said("the pattern is longer than %(n)s characters", n=MAX_PATTERN)
        raise ExpressionRefused([Fault(offset, what, said("put the words into a list of the bundle: text.lists"))])
    try:
        program = compile_pattern(regex)
    except re2.error as error:
        what = said("the pattern cannot be read: %(why)s", why=_plain(error))
        raise ExpressionRefused([Fault(offset, what, said("RE2 has no look-around and no back-references"))]) from None
    if program.programsize > MAX_PROGRAM:
        what = said("the pattern becomes too large")
        raise ExpressionRefused([Fault(offset, what, said("use smaller numbers in {…}, or a list of the bundle"))])
    return Pattern(fact, regex)


def _plain(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _around(source: str, words: Words) -> tuple[str, ...]:
    parts: list[str] = []
    at = 0
    for search in words.searches:
        parts.append(source[at : search.start])
        at = search.end
    return (*parts, source[at:])


def _constant(source: str) -> bool | None:
    """What the condition is without any fact. CEL's && and || absorb a missing value where the other side decides."""
    result = _plain_environment().compile(source).eval(data={})
    return bool(result.value()) if result.type() == cel.Type.BOOL else None
