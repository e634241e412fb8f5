"""`rostra policy check` and `rostra policy test`."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from rostra.cli.options import Exit, Refusal, say
from rostra.cli.policy_files import columns, counted, files_of, print_problems, sound_bundle
from rostra.kit.clock import Clock
from rostra.policy.check import check_files
from rostra.policy.check_fixtures import FixtureResult
from rostra.policy.coverage import Cell, coverage_of
from rostra.policy.records import Bundle, Problem


def check_and_print(place: str, *, coverage: bool, as_json: bool) -> None:
    """Print the problems; the command fails where one is an error."""
    from rostra.screening.fixtures import known_names

    bundle, problems = check_files(files_of(place), today=Clock().now().date(), known=known_names())
    errors = sum(problem.level == "error" for problem in problems)
    if as_json:
        whole = {"version": bundle.version, "problems": [_problem_as_json(problem) for problem in problems]}
        click.echo(msgspec.json.encode(whole | ({"coverage": coverage_of(bundle)} if coverage else {})))
    else:
        print_problems(problems)
        if coverage:
            _print_coverage(bundle)
        click.echo(
            f"{bundle.name}, version {bundle.version}: {counted(len(bundle.clauses), 'clause')}, "
            f"{counted(len(bundle.rules), 'rule')}, {counted(len(bundle.fixtures), 'test')}; "
            f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}"
        )
    if errors:
        raise SystemExit(int(Exit.FAILED))


def test_and_print(place: str, *, only: str, gaps: bool, as_json: bool) -> None:
    """Print the tests that fail; the command fails where there are any."""
    from rostra.screening.detectors import load_detectors
    from rostra.screening.fixtures import run_fixtures

    bundle = sound_bundle(place)
    if only:
        chosen = tuple(test for test in bundle.fixtures if only in test.at.file)
        if not chosen:
            files = ", ".join(sorted({test.at.file for test in bundle.fixtures}))
            raise Refusal(Exit.FAILED, f"no file of tests has {only} in its name; there are {files or 'none'}")
        bundle = msgspec.structs.replace(bundle, fixtures=chosen)
    results = run_fixtures(bundle, load_detectors(), Clock().now().date())
    failed = [result for result in results if not result.ok]
    open_gaps = [result for result in results if result.fixture.known_gap and result.faults]
    closed = [result for result in results if result.fixture.known_gap and not result.faults]
    if as_json:
        click.echo(msgspec.json.encode({"version": bundle.version, "results": [_as_json(each) for each in results]}))
    else:
        for result in [*failed, *(open_gaps + closed if gaps else [])]:
            click.echo(_lines_of(result))
        if not only:
            _say_idle(bundle, results)
        if closed:
            _say_closed(len(closed))
        click.echo(
            f"{bundle.name}, version {bundle.version}: {counted(len(results), 'test')}, {len(failed)} failed, "
            f"{counted(len(open_gaps), 'known gap')}"
        )
    if failed:
        raise SystemExit(int(Exit.FAILED))


def _print_coverage(bundle: Bundle) -> None:
    rows: list[tuple[str, ...]] = [("HOST CLAUSE", "OWN CLAUSE", "RULES", "TESTS")]
    covered = coverage_of(bundle)
    for row in covered.rows:
        cells = [_cell(cell) for cell in row.cells] or [("-", "-", f"met by: {row.met_by}" if row.met_by else "-")]
        for place, cell in enumerate(cells):
            rows.append((f"{row.host}/{row.clause}" if place == 0 else "", *cell))
    answering = {cell.clause for row in covered.rows for cell in row.cells}
    rows += [("-", *_cell(cell)) for cell in covered.cells if cell.clause not in answering]
    for line in columns(rows):
        click.echo(line)
    click.echo()


def _cell(cell: Cell) -> tuple[str, str, str]:
    tests = " ".join(f"{language or 'any'}:{count}" for language, count in sorted(cell.tests.items()))
    tests = f"{tests} gaps:{cell.known_gaps}".strip() if cell.known_gaps else tests
    return cell.clause, str(len(cell.rules)), tests or (f"by people: {cell.by_people}" if cell.by_people else "-")


def _say_idle(bundle: Bundle, results: Sequence[FixtureResult]) -> None:
    verdicts = [result.verdict for result in results]
    hit = {name for verdict in verdicts for name in verdict.hits + verdict.shadow + verdict.lifted}
    idle = [rule.id for rule in bundle.rules if rule.id not in hit and rule.mode != "retired"]
    if idle:
        say(f"no test hits {', '.join(idle)}")


def _say_closed(count: int) -> None:
    """A test may be a gap with the encoders alone, which find more and are mistaken in other texts."""
    from rostra.detect.encoder import load_encoders

    read = len(load_encoders())
    by = f"{counted(read, 'encoder')}" if read else "no encoder (rostra[ml])"
    say(
        f"{counted(count, 'known gap')} closed as texts are read here, with {by}; --gaps names them. "
        "Take out `known_gap` where it works with the encoders, too"
    )


def _lines_of(result: FixtureResult) -> str:
    at, text = result.fixture.at, " ".join(result.fixture.text.split())
    word = "failed" if not result.ok else "known gap" if result.faults else "known gap, closed here"
    said = "; ".join(map(str, result.faults)) or result.fixture.known_gap
    return f"{at.file}:{at.line}: {word}: {said}\n    {text[:200]}"


def _problem_as_json(problem: Problem) -> dict[str, object]:
    return {**msgspec.structs.asdict(problem), "what": str(problem.what), "remedy": str(problem.remedy)}


def _as_json(result: FixtureResult) -> dict[str, object]:
    return {
        "file": result.fixture.at.file,
        "line": result.fixture.at.line,
        "text": result.fixture.text,
        "ok": result.ok,
        "faults": [str(fault) for fault in result.faults],
        "known_gap": result.fixture.known_gap,
        "verdict": result.verdict,
    }
