"""Host clause → own clause → rules → tests: what answers what a host asks for, and where nothing does."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rostra.policy.reading import named
from rostra.policy.records import At, Bundle, Clause, HostClause, HostProfile, Problem
from rostra.policy.said import Said, of, said


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind one own clause: its rules that run, and how many tests expect it, by language."""

    clause: str
    rules: tuple[str, ...]
    tests: dict[str, int]
    # Tests that are known not to pass yet; they cover nothing.
    known_gaps: int = 0
    by_people: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One clause of a host and what answers it."""

    host: str
    clause: str
    title: str
    cells: tuple[Cell, ...]
    met_by: str = ""


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[Row, ...]
    # All own clauses, also those that answer no host.
    cells: tuple[Cell, ...]
    gaps: tuple[Problem, ...]


def coverage_of(bundle: Bundle) -> Coverage:
    """The coverage matrix of a bundle; each empty cell is a problem."""
    cells = {clause.id: _cell(bundle, clause) for clause in bundle.clauses if not clause.retired}
    rows = tuple(_row(bundle, cells, host, clause) for host in bundle.hosts for clause in host.clauses)
    gaps = [*_open_rows(bundle, rows), *_open_cells(bundle, cells)]
    return Coverage(rows=rows, cells=tuple(cells.values()), gaps=tuple(gaps))


def _cell(bundle: Bundle, clause: Clause) -> Cell:
    rules = {rule.id for rule in bundle.rules if rule.clause == clause.id and rule.mode not in {"draft", "retired"}}
    tests: dict[str, int] = {}
    gaps = 0
    for test in bundle.fixtures:
        named = {test.expect.rule, *test.expect.hits} & rules
        if test.expect.clause != clause.id and not named:
            continue
        if test.known_gap:
            gaps += 1
        else:
            language = test.language.partition("-")[0]
            tests[language] = tests.get(language, 0) + 1
    ordered = tuple(rule.id for rule in bundle.rules if rule.id in rules)
    return Cell(clause=clause.id, rules=ordered, tests=tests, known_gaps=gaps, by_people=clause.by_people)


def _row(bundle: Bundle, cells: dict[str, Cell], host: HostProfile, clause: HostClause) -> Row:
    name = f"{host.id}/{clause.id}"
    answers = tuple(cells[own.id] for own in bundle.clauses if name in own.covers and own.id in cells)
    return Row(host=host.id, clause=clause.id, title=clause.title, cells=answers, met_by=clause.met_by)


def _open_rows(bundle: Bundle, rows: tuple[Row, ...]) -> Iterator[Problem]:
    places = {(host.id, clause.id): clause.at for host in bundle.hosts for clause in host.clauses}
    for row in rows:
        if not row.cells and not row.met_by:
            remedy = said(
                "write `covers: [%(name)s]` in a clause, or `met_by:` and what answers it",
                name=f"{row.host}/{row.clause}",
            )
            what = of(named(said("host"), row.host), said("no clause covers %(name)s", name=row.clause))
            yield _gap(places[row.host, row.clause], what, remedy)


def _open_cells(bundle: Bundle, cells: dict[str, Cell]) -> Iterator[Problem]:
    for clause in bundle.clauses:
        cell = cells.get(clause.id)
        if cell is None or cell.by_people:
            continue
        whose = named(said("clause"), clause.id)
        if not cell.rules:
            remedy = said("write a rule for it, or `by_people:` and how people find it")
            yield _gap(clause.at, of(whose, said("no rule enforces it")), remedy)
        elif not cell.tests and cell.known_gaps:
            remedy = said("write a text to tests/ that is found today")
            yield _gap(clause.at, of(whose, said("only known gaps expect it")), remedy, warning=True)
        elif not cell.tests:
            remedy = said("write a text that must be found to tests/")
            yield _gap(clause.at, of(whose, said("no test expects it")), remedy)
        elif missing := [language for language in bundle.languages if not cell.tests.get(language)]:
            what = of(whose, said("no test expects it in %(names)s", names=", ".join(missing)))
            yield _gap(clause.at, what, said("write one, with `language`"), warning=True)


def _gap(at: At, what: Said, remedy: Said, *, warning: bool = False) -> Problem:
    return Problem(file=at.file, line=at.line, what=what, remedy=remedy, level="warning" if warning else "error")
