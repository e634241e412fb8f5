"""What can be wrong with a bundle's tests before they run, and running them: `check_fixtures`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final, TypeAlias

import msgspec

from rostra.policy.decide import Verdict
from rostra.policy.evaluate import Policy
from rostra.policy.facts import Facts
from rostra.policy.reading import Notes, did_you_mean
from rostra.policy.records import STRENGTH, Bundle, Fixture
from rostra.policy.said import Said, both, of, said
from rostra.policy.texts import check_labels_of

MAX_FIXTURES: Final = 20_000
MAX_TEXT: Final = 20_000
_NONE: Final = said("none")

# What is told how many tests are done, of how many.
Progress: TypeAlias = Callable[[int, int], None]


class FixtureResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a test went. `faults` is empty where the verdict is the expected one."""

    fixture: Fixture
    verdict: Verdict
    faults: tuple[Said, ...]

    @property
    def ok(self) -> bool:
        """Whether it stands in the way of activation. A known gap never does: a better model may close it any day."""
        return not self.faults or bool(self.fixture.known_gap)

    @property
    def what(self) -> Said:
        """What is wrong; only where something is, or where a known gap is none any more."""
        if self.fixture.known_gap and not self.faults:
            return said("this works now: take out `known_gap`")
        return both(self.faults)


def check_tests(notes: Notes, bundle: Bundle) -> None:
    """Names in tests must exist, and what they expect must be possible."""
    clauses = {clause.id: clause for clause in bundle.clauses}
    rules = {rule.id: rule for rule in bundle.rules}
    whose = said("test")
    for test in bundle.fixtures[:MAX_FIXTURES]:
        expect = test.expect
        if len(test.text) > MAX_TEXT:
            what = of(whose, said("the text is longer than %(n)s characters", n=MAX_TEXT))
            notes.at(test.at, "", what, said("shorten it"))
        if expect.clause and expect.clause not in clauses:
            remedy = did_you_mean(expect.clause, clauses, said("policy.yaml and clauses/ have the clauses"))
            notes.at(test.at, "expect", of(whose, said("unknown clause %(name)s", name=expect.clause)), remedy)
        for rule in (expect.rule, *expect.hits, *expect.misses):
            if rule and rule not in rules:
                remedy = did_you_mean(rule, rules, said("rules/ has the rules"))
                notes.at(test.at, "expect", of(whose, said("unknown rule %(name)s", name=rule)), remedy)
        check_labels_of(notes, bundle, test.at, "expect", whose, expect.labels)
    if len(bundle.fixtures) > MAX_FIXTURES:
        last = bundle.fixtures[-1].at
        notes.at(last, "", said("there are more than %(n)s tests", n=MAX_FIXTURES), said("keep those that differ"))


def no_progress(_done: int, _total: int) -> None:
    """Nobody waits."""


def check_fixtures(
    policy: Policy,
    bundle: Bundle,
    read: Callable[[Fixture], Facts],
    *,
    now: date,
    progress: Progress = no_progress,
) -> list[FixtureResult]:
    """Run all tests of a bundle. `read` gives the facts of a test's text; the test's own facts go over them.

    Every canary counts. Compile the policy with `drafts=True`, so that tests can ask for hits of drafts. `progress` is
    told before each test how many are done, of how many.
    """
    results: list[FixtureResult] = []
    for done, fixture in enumerate(bundle.fixtures):
        progress(done, len(bundle.fixtures))
        results.append(_run(policy, fixture, with_facts(read(fixture), fixture), now))
    return results


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


def _faults(fixture: Fixture, verdict: Verdict) -> Iterator[Said]:
    expect = fixture.expect
    enough = STRENGTH[verdict.action] > STRENGTH[expect.action] and expect.or_stronger
    if verdict.action != expect.action and not enough:
        yield _action_fault(fixture, verdict)
    if expect.clause and expect.clause != verdict.clause:
        yield said("expected clause %(name)s, got %(got)s", name=expect.clause, got=verdict.clause or _NONE)
    if expect.rule and expect.rule != verdict.rule:
        yield said("expected rule %(name)s, got %(got)s", name=expect.rule, got=verdict.rule or _NONE)
    for label in expect.labels:
        if label not in verdict.labels:
            yield said("expected label %(name)s, got %(got)s", name=label, got=", ".join(verdict.labels) or _NONE)
    if expect.case is not None and expect.case != bool(verdict.cases):
        unwanted = said("expected no case, got one for %(names)s", names=", ".join(verdict.cases))
        yield said("expected a case") if expect.case else unwanted
    then = verdict.hold.then if verdict.hold else said("no hold")
    if expect.unseen and expect.unseen != then:
        yield said("expected `unseen: %(ending)s`, got %(got)s", ending=expect.unseen, got=then)
    hit = {*verdict.hits, *verdict.shadow, *verdict.lifted}
    yield from (said("expected a hit of %(name)s", name=rule) for rule in expect.hits if rule not in hit)
    yield from (said("expected no hit of %(name)s", name=rule) for rule in expect.misses if rule in hit)
    if verdict.failed:
        yield said("failed: %(names)s", names=", ".join(verdict.failed))


def _action_fault(fixture: Fixture, verdict: Verdict) -> Said:
    by_rule = said("%(action)s by %(name)s", action=verdict.action, name=verdict.rule)
    got = by_rule if verdict.rule else verdict.action
    if fixture.expect.or_stronger:
        return said("expected at least %(action)s, got %(got)s", action=fixture.expect.action, got=got)
    return said("expected %(action)s, got %(got)s", action=fixture.expect.action, got=got)
