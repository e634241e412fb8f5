"""Finds everything that is wrong with a bundle, in one go: `check_bundle`. A problem has file, line, what and remedy.

Here: the bundle as a whole, labels, clauses, hosts and lists. Rules are in `check_rules`, tests in `check_fixtures`,
empty cells of the coverage in `coverage`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from rostra.policy.check_fixtures import check_tests
from rostra.policy.check_rules import check_hold, check_rules
from rostra.policy.coverage import coverage_of
from rostra.policy.literals import Known
from rostra.policy.parse import parse_bundle
from rostra.policy.reading import Notes, did_you_mean, named
from rostra.policy.records import At, Bundle, Clause, Problem, WordList
from rostra.policy.said import Said, bare, of, said
from rostra.policy.texts import check_labels_of, check_texts, check_unique

MAX_CLAUSES: Final = 200
MAX_ENTRIES: Final = 50_000
MAX_ENTRY: Final = 200

# Of the transparency database's schema since July 2025, each after STATEMENT_CATEGORY_.
DSA_CATEGORIES: Final = (
    "ANIMAL_WELFARE",
    "CONSUMER_INFORMATION",
    "CYBER_VIOLENCE",
    "CYBER_VIOLENCE_AGAINST_WOMEN",
    "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
    "ILLEGAL_OR_HARMFUL_SPEECH",
    "INTELLECTUAL_PROPERTY_INFRINGEMENTS",
    "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
    "NOT_SPECIFIED_NOTICE",
    "OTHER_VIOLATION_TC",
    "PROTECTION_OF_MINORS",
    "RISK_FOR_PUBLIC_SECURITY",
    "SCAMS_AND_FRAUD",
    "SELF_HARM",
    "UNSAFE_AND_PROHIBITED_PRODUCTS",
    "VIOLENCE",
)
_CATEGORIES: Final = tuple(f"STATEMENT_CATEGORY_{name}" for name in DSA_CATEGORIES)
_KEYWORD: Final = re.compile(r"KEYWORD_[A-Z_]{3,80}\Z")
_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z")


def check_files(
    files: Mapping[str, bytes], *, today: date, known: Known | None = None, coverage: bool = True
) -> tuple[Bundle, list[Problem]]:
    """Read and check the files of a bundle. Problems come in order of file and line."""
    parsed = parse_bundle(files)
    found = check_bundle(parsed.bundle, today=today, known=known, coverage=coverage)
    problems = dict.fromkeys([*parsed.problems, *found])
    return parsed.bundle, sorted(problems, key=lambda problem: (problem.file, problem.line))


def check_bundle(bundle: Bundle, *, today: date, known: Known | None = None, coverage: bool = True) -> list[Problem]:
    """Everything that is wrong with a bundle as it was read.

    `known` has the names that detectors give, where somebody knows them. Without `coverage`, clauses may lack rules and
    rules may lack tests, as they do while somebody writes them.
    """
    notes = Notes()
    _check_whole(notes, bundle)
    _check_labels(notes, bundle)
    _check_clauses(notes, bundle)
    _check_hosts(notes, bundle)
    for each in bundle.lists:
        _check_list(notes, each)
    check_rules(notes, bundle, today, known or Known())
    check_tests(notes, bundle)
    return [*notes.problems, *(coverage_of(bundle).gaps if coverage else ())]


def _check_whole(notes: Notes, bundle: Bundle) -> None:
    main = At("policy.yaml", 1)
    for language, count in Counter(bundle.languages).items():
        if count > 1 or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            what = of(bare("languages"), said("%(name)s is no language, or there twice", name=language))
            notes.at(main, "", what, said("tags such as en or it, each once"))
    if len(bundle.clauses) > MAX_CLAUSES:
        what = said("there are more than %(n)s clauses", n=MAX_CLAUSES)
        notes.at(main, "", what, said("people cannot follow so many: merge some"))
    check_hold(notes, main, bare("hold"), bundle.hold, severity=0)
    points, ladder = 0, said("ladder")
    for step in bundle.ladder:
        if step.points <= points:
            what = of(ladder, said("%(n)s points do not rise", n=step.points))
            notes.at(step.at, "points", what, said("write the steps from few to many"))
        if step.then == "warn" and step.lasts is not None:
            notes.at(step.at, "for", of(ladder, said("a warning does not last")), said("take out `for`"))
        points = step.points


def _check_labels(notes: Notes, bundle: Bundle) -> None:
    kind = said("label")
    check_unique(notes, kind, bundle.labels)
    for label in bundle.labels:
        check_texts(notes, bundle, label.at, "title", named(kind, label.id), label.title)


def _check_clauses(notes: Notes, bundle: Bundle) -> None:
    kind = said("clause")
    check_unique(notes, kind, bundle.clauses)
    host_clauses = [f"{host.id}/{clause.id}" for host in bundle.hosts for clause in host.clauses]
    for clause in bundle.clauses:
        what = named(kind, clause.id)
        for key, texts in (("title", clause.title), ("text", clause.text), ("reason", clause.reason)):
            check_texts(notes, bundle, clause.at, key, what, texts)
        check_labels_of(notes, bundle, clause.at, "action", what, clause.action.labels)
        for name in clause.covers:
            if name not in host_clauses:
                remedy = did_you_mean(name, host_clauses, said("write host/clause as in hosts/*.yaml"))
                notes.at(clause.at, "covers", of(what, said("no host has a clause %(name)s", name=name)), remedy)
        _check_clause(notes, clause, what)


def _check_clause(notes: Notes, clause: Clause, what: Said) -> None:
    def wrong(key: str, problem: Said, remedy: Said) -> None:
        notes.at(clause.at, key, of(what, problem), remedy)

    if clause.hold is not None:
        check_hold(notes, clause.at, of(what, bare("hold")), clause.hold, severity=clause.severity)
    if not 1 <= clause.severity <= 5:
        wrong("severity", said("severity %(n)s", n=clause.severity), said("1 (nuisance) to 5 (danger to life)"))
    if clause.ground == "law" and not clause.law:
        wrong("ground", said("`law` is missing"), said("name the law that the clause rests on"))
    if clause.action.strongest == "allow" and clause.action.actions:
        wrong("action", said("a clause cannot allow"), said("write a rule with `then: allow` and `lifts`"))
    if clause.strikes is not None and not 0 <= clause.strikes.points <= 100:
        wrong("strikes", said("%(n)s strike points", n=clause.strikes.points), said("0 to 100"))
    if clause.dsa is None:
        return
    if clause.dsa.category not in _CATEGORIES:
        remedy = did_you_mean(clause.dsa.category, _CATEGORIES, said("see the section Clauses in docs/policy.md"))
        wrong("dsa", said("unknown category %(name)s", name=clause.dsa.category), remedy)
    for keyword in clause.dsa.keywords:
        if not _KEYWORD.match(keyword):
            wrong("dsa", said("%(name)s is no keyword", name=keyword), said("they begin with KEYWORD_"))


def _check_hosts(notes: Notes, bundle: Bundle) -> None:
    kind = said("host")
    check_unique(notes, kind, bundle.hosts)
    for host in bundle.hosts:
        check_unique(notes, of(named(kind, host.id), said("clause")), host.clauses)
        if not host.clauses:
            remedy = said("write what the host asks for, clause by clause")
            notes.at(host.at, "clauses", said("host %(name)s has no clauses", name=host.id), remedy)


def _check_list(notes: Notes, words: WordList) -> None:
    what = named(said("list"), words.id)
    if len(words.entries) > MAX_ENTRIES:
        notes.at(words.at, "entries", of(what, said("more than %(n)s entries", n=MAX_ENTRIES)), said("split it"))
    for entry in words.entries:
        if not entry or len(entry) > MAX_ENTRY:
            wrong = of(what, said("an entry is empty or too long"))
            notes.at(words.at, "entries", wrong, said("1 to %(n)s characters", n=MAX_ENTRY))
        elif words.kind == "domains" and not _DOMAIN.match(entry):
            remedy = said("the host alone, in small letters: example.org, or xn--… for other scripts")
            notes.at(words.at, "entries", of(what, said("'%(text)s' is no domain", text=entry[:60])), remedy)
    for entry, count in Counter(entry.casefold() for entry in words.entries).items():
        if count > 1:
            wrong = of(what, said("'%(text)s' is there %(n)s times", text=entry[:60], n=count))
            notes.warn(words.at, "entries", wrong, said("keep one"))
