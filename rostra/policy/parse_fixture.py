"""Reads a bundle's tests: a text, or several with the same expectation, and the facts that are set beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from rostra.policy.facts import FACTS
from rostra.policy.reading import Entry, did_you_mean, read_bool, read_number, read_whole
from rostra.policy.records import ACTIONS, At, Expect, Fixture
from rostra.policy.said import Said, bare, of, said
from rostra.policy.yamlfile import Node

UNSEEN: Final[tuple[Literal["", "refuse", "release"], ...]] = ("refuse", "release")
Value: TypeAlias = "bool | int | float | str | tuple[str, ...]"


def read_fixtures(entry: Entry) -> Iterator[Fixture]:
    """One test for `text`, and one for each of `texts`."""
    texts = entry.word_nodes("text") + entry.word_nodes("texts")
    if not texts:
        entry.missing("text", said("write `text:` and what somebody posts, or `texts:` and a list"))
    language, facts, gap = entry.scalar("language"), _facts(entry), entry.scalar("known_gap")
    expect = _expect(entry)
    for text, node in texts:
        yield Fixture(
            text=text,
            language=language,
            facts=facts,
            expect=expect,
            known_gap=gap,
            at=At(entry.file, node.line, entry.at.keys),
        )


def _expect(entry: Entry) -> Expect:
    wanted = entry.entry("expect")
    if wanted is None:
        entry.missing("expect", said("write `expect: {action: allow}` or another verdict"))
        return Expect(action="allow")
    case = wanted.scalar("case")
    least = bool(wanted.scalar("at_least"))
    if least and wanted.scalar("action"):
        wanted.wrong("at_least", said("this stands beside `action`"), said("keep one of them"))
    expect = Expect(
        action=wanted.choice("at_least" if least else "action", ACTIONS, "allow", need=True),
        or_stronger=least,
        clause=wanted.scalar("clause"),
        rule=wanted.scalar("rule"),
        labels=wanted.words("labels"),
        case=wanted.flag("case") if case else None,
        unseen=wanted.choice("unseen", UNSEEN, ""),
        hits=wanted.words("hits"),
        misses=wanted.words("misses"),
    )
    wanted.close()
    return expect


def _facts(entry: Entry) -> dict[str, Value]:
    given = entry.entry("facts")
    found: dict[str, Value] = {}
    for name, node in given.nodes.items() if given is not None else ():
        fact = FACTS.get(name)
        if fact is None:
            remedy = did_you_mean(name, FACTS, said("docs/policy.md lists all facts"))
            entry.problem(node.key_line, said("unknown fact %(name)s", name=name), remedy)
            continue
        try:
            found[name] = _value(fact.type, node)
        except ValueError:
            what = of(bare(name), said("this value does not fit the fact"))
            entry.problem(node.line, what, said("it is %(kind)s", kind=KINDS[fact.type]))
    return found


KINDS: dict[object, Said] = {
    bool: said("true or false"),
    int: said("a whole number"),
    float: said("a decimal number"),
    str: said("text"),
    list[str]: said("a list of texts"),
}


def _value(kind: object, node: Node) -> Value:
    """The value of a fact, of the type that it has. Raises ValueError."""
    if kind == list[str]:
        if not isinstance(node.value, list):
            raise ValueError
        return tuple(_text(each) for each in node.value)
    text = _text(node)
    if kind is bool:
        return read_bool(text)
    if kind is int:
        return read_whole(text)
    return read_number(text) if kind is float else text


def _text(node: Node) -> str:
    if node.value is None:
        return ""
    if not isinstance(node.value, str):
        raise ValueError
    return node.value
