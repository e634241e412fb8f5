"""From a bundle's files to its records. Every value that cannot be read becomes a problem with file, line and remedy.

This is about shape only: whether names exist, conditions hold types and modes make sense is `check`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final, TypeVar

import msgspec

from rostra.policy.folder import MAIN, version_of
from rostra.policy.parse_fixture import read_fixtures
from rostra.policy.reading import Entry, Notes, did_you_mean, entries_of, name_of, read_date, read_number, read_whole
from rostra.policy.records import (
    ACTIONS,
    GROUNDS,
    MODES,
    STEP_ACTIONS,
    Action,
    Bundle,
    Clause,
    Do,
    Dsa,
    Hold,
    HostClause,
    HostProfile,
    Label,
    Problem,
    Rule,
    Step,
    Strikes,
    WordList,
)
from rostra.policy.said import Said, bare, of, said
from rostra.policy.yamlfile import Node, YamlRefused, read_yaml

T = TypeVar("T")

_ACTION_HELP: Final = said("one of %(names)s, case; a label as `label: its-id`", names=", ".join(ACTIONS))
_WHOLE: Final = said("a whole number")


class Parsed(msgspec.Struct, frozen=True):
    """What could be read. The bundle is there even with problems, so that its check can go on."""

    bundle: Bundle
    problems: tuple[Problem, ...]


def parse_bundle(files: Mapping[str, bytes]) -> Parsed:
    """Read the files of a bundle, by their names within it (`rules/violence.yaml`). Never raises."""
    notes = Notes()
    trees = dict(_trees(files, notes))
    main = Entry(notes, MAIN, trees.get(MAIN, Node(line=1)), said("policy"))
    main.choice("format", [1], 1, need=True)
    clauses = [_clause(entry) for entry in main.entries("clauses", said("clause"))]
    labels = tuple(_label(entry) for entry in main.entries("labels", said("label")))
    clauses += _lists(trees, notes, "clauses", said("clause"), _clause)
    bundle = Bundle(
        version=version_of(files),
        name=main.scalar("name", need=said("a name that people know the policy by")),
        description=main.scalar("description"),
        languages=main.words("languages", need=said("the languages that its texts come in, such as [en, it]")),
        hold=_hold(main) or Hold(),
        ladder=tuple(_step(entry) for entry in main.entries("ladder", said("ladder"))),
        labels=labels,
        clauses=tuple(clauses),
        rules=tuple(_lists(trees, notes, "rules", said("rule"), _rule)),
        hosts=tuple(_each(trees, notes, "hosts", said("host"), _host)),
        lists=tuple(_each(trees, notes, "lists", said("list"), _word_list)),
        fixtures=tuple(
            fixture
            for name, tree in _in_folder(trees, "tests")
            for entry in entries_of(notes, name, tree, said("test"))
            for fixture in read_fixtures(entry)
        ),
    )
    main.close()
    return Parsed(bundle, tuple(notes.problems))


def _trees(files: Mapping[str, bytes], notes: Notes) -> Iterator[tuple[str, Node]]:
    for name in sorted(files):
        try:
            yield name, read_yaml(files[name])
        except YamlRefused as error:
            notes.add(name, error.line, error.what, error.remedy)


def _in_folder(trees: Mapping[str, Node], folder: str) -> Iterator[tuple[str, Node]]:
    return ((name, tree) for name, tree in trees.items() if name.startswith(folder + "/"))


def _lists(trees: Mapping[str, Node], notes: Notes, folder: str, kind: Said, read: Callable[[Entry], T]) -> Iterator[T]:
    """The records of a folder whose files are lists."""
    for name, tree in _in_folder(trees, folder):
        for entry in entries_of(notes, name, tree, kind):
            yield read(entry)


def _each(trees: Mapping[str, Node], notes: Notes, folder: str, kind: Said, read: Callable[[Entry], T]) -> Iterator[T]:
    """The records of a folder with one record a file."""
    for name, tree in _in_folder(trees, folder):
        entry = Entry(notes, name, tree, name_of(kind, tree))
        yield read(entry)
        entry.close()


def _do(entry: Entry, name: str) -> Do | None:
    """`then` of a rule, or `action` of a clause: one word or a list; a label as `label: id` in either writing."""
    node = entry.node(name)
    if node is None:
        return None
    actions: list[Action] = []
    labels: list[str] = []
    case = False
    for one in node.value if isinstance(node.value, list) else [node]:
        for word, line in _words_of(one):
            if word.startswith("label:"):
                actions.append("label")
                labels.append(word.removeprefix("label:").strip())
            elif word == "case":
                case = True
            elif word in ACTIONS and word != "label":
                actions.append(word)
            else:
                what = (
                    said("a label needs its id") if word == "label" else said("'%(name)s' is no action", name=word[:60])
                )
                remedy = _ACTION_HELP if word == "label" else did_you_mean(word, [*ACTIONS, "case"], _ACTION_HELP)
                entry.problem(line, of(bare(name), what), remedy)
    return Do(tuple(dict.fromkeys(actions)), tuple(dict.fromkeys(labels)), case)


def _words_of(node: Node) -> Iterator[tuple[str, int]]:
    if isinstance(node.value, str):
        yield node.value.strip(), node.line
    elif isinstance(node.value, dict):
        for key, each in node.value.items():
            yield (f"{key}:{each.value}" if isinstance(each.value, str) else key), each.key_line
    else:
        yield "", node.line


def _hold(holder: Entry) -> Hold | None:
    entry = holder.entry("hold")
    if entry is None:
        return None
    then = entry.choice("then", ["refuse", "release"], "refuse", need=True)
    hold = Hold(entry.duration("expires", Hold().expires, need=True), "release" if then == "release" else "refuse")
    entry.close()
    return hold


def _step(entry: Entry) -> Step:
    return Step(
        points=entry.parsed("points", read_whole, 0, _WHOLE, need=True),
        then=entry.choice("then", STEP_ACTIONS, "warn", need=True),
        lasts=entry.duration("for", timedelta()) or None,
        at=entry.at,
    )


def _label(entry: Entry) -> Label:
    return Label(
        id=entry.id(),
        title=entry.texts("title", need=said("what people read, by language")),
        sensitive=entry.flag("sensitive"),
        at=entry.at,
    )


def _clause(entry: Entry) -> Clause:
    return Clause(
        id=entry.id(),
        title=entry.texts("title", need=said("a few words, by language")),
        text=entry.texts("text", need=said("what is not allowed and what is, by language")),
        severity=entry.parsed("severity", read_whole, 3, said("a whole number from 1 to 5"), need=True),
        ground=entry.choice("ground", GROUNDS, "terms", need=True),
        law=entry.scalar("law"),
        dsa=_dsa(entry),
        covers=entry.words("covers"),
        action=_do(entry, "action") or Do(("hold",)),
        reason=entry.texts("reason"),
        hold=_hold(entry),
        strikes=_strikes(entry),
        by_people=entry.scalar("by_people"),
        final=entry.flag("final"),
        retired=entry.flag("retired"),
        at=entry.at,
    )


def _dsa(clause: Entry) -> Dsa | None:
    entry = clause.entry("dsa")
    if entry is None:
        return None
    category = entry.scalar("category", need=said("a STATEMENT_CATEGORY_… of the database"))
    dsa = Dsa(category, entry.words("keywords"))
    entry.close()
    return dsa


def _strikes(clause: Entry) -> Strikes | None:
    entry = clause.entry("strikes")
    if entry is None:
        return None
    points = entry.parsed("points", read_whole, 0, _WHOLE, need=True)
    strikes = Strikes(points, entry.duration("expires", timedelta(days=90), need=True))
    entry.close()
    return strikes


def _rule(entry: Entry) -> Rule:
    when = entry.node("when")
    return Rule(
        id=entry.id(),
        clause=entry.scalar("clause"),
        description=entry.scalar("description", need=said("one sentence for the operator")),
        when=entry.scalar("when", need=said("a condition over the facts, such as text.threat > 0.93")),
        when_spread=when.spread if when is not None else (),
        then=_do(entry, "then"),
        reason=entry.texts("reason"),
        hold=_hold(entry),
        mode=entry.choice("mode", MODES, "draft", need=True),
        share=entry.parsed("share", read_number, None, said("a share of traffic from 0 to 1, such as 0.1")),
        daily_cap=entry.parsed("daily_cap", read_whole, None, said("a whole number of hits")),
        expected=_band(entry),
        expires=entry.parsed("expires", read_date, None, said("a day, such as 2027-06-30")),
        lifts=entry.words("lifts"),
        at=entry.at,
    )


def _band(entry: Entry) -> tuple[float, float] | None:
    words = entry.words("expected")
    if not words:
        return None
    try:
        low, high = (read_number(word) for word in words)
    except ValueError:
        remedy = said("the fewest and the most hits per 10,000 judged, such as [0, 40]")
        entry.wrong("expected", said("this is no band"), remedy)
        return None
    return low, high


def _host(entry: Entry) -> HostProfile:
    return HostProfile(
        id=entry.id(),
        title=entry.scalar("title", need=said("the name of the terms")),
        reply_within=entry.duration("reply_within", timedelta(hours=24)),
        url=entry.scalar("url"),
        clauses=tuple(
            HostClause(
                id=each.id(),
                title=each.scalar("title", need=said("a few words")),
                text=each.scalar("text"),
                met_by=each.scalar("met_by"),
                at=each.at,
            )
            for each in entry.entries("clauses", of(entry.kind, said("clause")))
        ),
        at=entry.at,
    )


def _word_list(entry: Entry) -> WordList:
    return WordList(
        id=entry.id(),
        kind="domains" if entry.choice("kind", ["words", "domains"], "words", need=True) == "domains" else "words",
        title=entry.scalar("title"),
        language=entry.scalar("language"),
        entries=entry.words("entries", need=said("the words, or the domains, one a line after `- `")),
        at=entry.at,
    )
