"""What can be wrong with a bundle's tests before they run, and running them: `check_fixtures`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

import msgspec

from rostra.policy.decide import Verdict
from rostra.policy.evaluate import Policy
from rostra.policy.facts import Facts
from rostra.policy.reading import Notes, did_you_mean
from rostra.policy.records import STRENGTH, Bundle, Fixture
from rostra.policy.texts import check_labels_of

MAX_FIXTURES: Final = 20_000
MAX_TEXT: Final = 20_000


class FixtureResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a test went. `faults` is empty where the verdict is the expected one."""

    fixture: Fixture
    verdict: Verdict
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it stands in the way of activation. A known gap never does: a better model may close it any day."""
        return not self.faults or bool(self.fixture.known_gap)

    @property
    def what(self) -> str:
        if self.fixture.known_gap and not self.faults:
            return "this works now: take out `known_gap`"
        return "; ".join(self.faults)


def check_tests(notes: Notes, bundle: Bundle) -> None:
    """Names in tests must exist, and what they expect must be possible."""
    clauses = {clause.id: clause for clause in bundle.clauses}
    rules = {rule.id: rule for rule in bundle.rules}
    for test in bundle.fixtures[:MAX_FIXTURES]:
        expect = test.expect
        if len(test.text) > MAX_TEXT:
            notes.at(test.at, "", f"test: the text is longer than {MAX_TEXT:,} characters", "shorten it")
        if expect.clause and expect.clause not in clauses:
            remedy = did_you_mean(expect.clause, clauses, "policy.yaml and clauses/ have the clauses")
            notes.at(test.at, "expect", f"test: unknown clause {expect.clause}", remedy)
        for rule in (expect.rule, *expect.hits, *expect.misses):
            if rule and rule not in rules:
                remedy = did_you_mean(rule, rules, "rules/ has the rules")
                notes.at(test.at, "expect", f"test: unknown rule {rule}", remedy)
        check_labels_of(notes, bundle, test.at, "expect", "test", expect.labels)
    if len(bundle.fixtures) > MAX_FIXTURES:
        last = bundle.fixtures[-1].at
        notes.at(last, "", f"there are more than {MAX_FIXTURES:,} tests", "keep those that differ")


def check_fixtures(
    policy: Policy, bundle: Bundle, read: Callable[[Fixture], Facts], *, now: date
) -> list[FixtureResult]:
    """Run all tests of a bundle. `read` gives the facts of a test's text; the test's own facts go over them.

    Every canary counts. Compile the policy with `drafts=True`, so that tests can ask for hits of drafts.
    """
    return [_run(policy, fixture, with_facts(read(fixture), fixture), now) for fixture in bundle.fixtures]


def with_facts(facts: Facts, fixture: Fixture) -> Facts:
    """The facts with those that the test sets."""
    groups: dict[str, dict[str, Any]] = {}
    for name, value in fixture.facts.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = list(value) if isinstance(value, tuple) else value
    changed = {group: msgspec.structs.replace(getattr(facts, group), **fields) for group, fields in groups.items()}
    return msgspec.structs.replace(facts, **changed) if changed else facts


def _run(policy: Policy, fixture: Fixture, facts: Facts, now: date) -> FixtureResult:
    verdict = policy.judge(facts, now=now, sample=None)
    return FixtureResult(fixture=fixture, verdict=verdict, faults=tuple(_faults(fixture, verdict)))


def _faults(fixture: Fixture, verdict: Verdict) -> Iterator[str]:
    expect = fixture.expect
    got = f"{verdict.action} by {verdict.rule}" if verdict.rule else verdict.action
    enough = STRENGTH[verdict.action] > STRENGTH[expect.action] and expect.or_stronger
    if verdict.action != expect.action and not enough:
        yield f"expected {'at least ' if expect.or_stronger else ''}{expect.action}, got {got}"
    if expect.clause and expect.clause != verdict.clause:
        yield f"expected clause {expect.clause}, got {verdict.clause or 'none'}"
    if expect.rule and expect.rule != verdict.rule:
        yield f"expected rule {expect.rule}, got {verdict.rule or 'none'}"
    for label in expect.labels:
        if label not in verdict.labels:
            yield f"expected label {label}, got {', '.join(verdict.labels) or 'none'}"
    if expect.case is not None and expect.case != bool(verdict.cases):
        yield "expected a case" if expect.case else f"expected no case, got one for {', '.join(verdict.cases)}"
    hit = {*verdict.hits, *verdict.shadow, *verdict.lifted}
    yield from (f"expected a hit of {rule}" for rule in expect.hits if rule not in hit)
    yield from (f"expected no hit of {rule}" for rule in expect.misses if rule in hit)
    if verdict.failed:
        yield f"failed: {', '.join(verdict.failed)}"
