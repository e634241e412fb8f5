"""What becomes of held posts that nobody looks at: the rule says it, else its clause, else the bundle."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.policy.diff import diff_bundles
from rostra.policy.facts import Facts, LinkFacts, TextFacts
from rostra.policy.records import Hold
from rostra.screening.detectors import load_detectors
from rostra.screening.fixtures import run_fixtures
from tests.policy.bundles import MAIN, RULES, TESTS, TODAY, bundle, errors, policy, problems, rule

LINKS = Facts(links=LinkFacts(count=9))
THREAT = Facts(text=TextFacts(threat=0.99), links=LinkFacts(count=9))
SPAM = "    severity: 2\n"
SOON = "hold: {expires: 24h, then: release}"
DAY = Hold(timedelta(hours=24), "release")


def spam(more: str = "") -> str:
    """A rule that holds under the mild clause."""
    return rule("links.count > 5", id="many", more=more).replace("violence.threat", "spam.links")


def clause(more: str) -> str:
    """The bundle with a line more in its mild clause."""
    return MAIN.replace(SPAM, f"{SPAM}    {more}\n")


def end_of(rules: str, facts: Facts = LINKS, **given: str) -> Hold | None:
    return policy(rules, **given).judge(facts, now=TODAY, sample=0).hold


def test_the_rule_says_it_else_its_clause_else_the_bundle() -> None:
    assert end_of(spam()) == Hold(timedelta(hours=72), "refuse")
    week = "hold: {expires: 7d, then: release}\n"
    assert end_of(spam(), main=MAIN + week) == Hold(timedelta(days=7), "release")
    assert end_of(spam(), main=clause(SOON) + week) == DAY
    own = "  hold: {expires: 12h, then: refuse}\n"
    assert end_of(spam(own), main=clause(SOON) + week) == Hold(timedelta(hours=12), "refuse")


def test_what_is_not_held_has_no_end() -> None:
    assert end_of(spam().replace("[hold]", "[limit]"), main=clause(SOON)) is None
    assert end_of(spam(), Facts(), main=clause(SOON)) is None


def test_what_is_severest_is_never_published_unseen_whatever_the_bundle_says() -> None:
    week = "hold: {expires: 7d, then: release}\n"
    assert end_of(rule("text.threat > 0.5"), THREAT, main=MAIN + week) == Hold(timedelta(days=7), "refuse")
    (said,) = errors(rules=RULES, main=MAIN.replace("    severity: 5\n", f"    severity: 5\n    {SOON}\n"))
    assert said == "clause violence.threat: hold: severity 5 and released by the clock"
    (said,) = errors(rules=RULES + rule("text.threat > 0.5", more=f"  {SOON}\n  reason: {{en: So.}}\n"))
    assert said == "rule own: hold: severity 5 and released by the clock"


def test_where_several_hold_it_the_severest_clause_says_it_and_of_equals_one_that_refuses() -> None:
    both = spam(f"  {SOON}\n") + rule("text.threat > 0.5")
    assert end_of(both, THREAT) == Hold(timedelta(hours=72), "refuse")
    strict = rule("links.count > 6", id="more").replace("violence.threat", "spam.links")
    verdict = policy(spam(f"  {SOON}\n") + strict).judge(LINKS, now=TODAY, sample=0)
    assert (verdict.rule, verdict.hold) == ("more", Hold(timedelta(hours=72), "refuse"))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("hold: {expires: 30m, then: release}", "too short or too long"),
        ("hold: {expires: 99d, then: refuse}", "too short or too long"),
        ("hold: {expires: 24h, then: publish}", "'publish' is not known"),
        ("hold: {expires: soon, then: refuse}", "expires"),
        ("hold: {then: refuse}", "expires"),
        ("hold: {expires: 24h}", "then"),
        ("hold: {expires: 24h, then: refuse, label: x}", "label"),
    ],
)
def test_what_cannot_be_is_said_with_its_line(written: str, says: str) -> None:
    found = [each for each in problems(main=clause(written)) if says in str(each.what)]
    assert found, [str(each) for each in problems(main=clause(written))]
    assert MAIN.splitlines().index("    severity: 2") + 2 == found[0].line


def test_a_rule_that_holds_nothing_has_no_end() -> None:
    limits = spam(f"  {SOON}\n").replace("[hold]", "[limit]")
    assert "rule many: hold: nothing is held" not in errors(rules=RULES + limits)
    assert "rule many: nothing is held" in errors(rules=RULES + limits)


def test_tests_of_a_bundle_ask_for_the_end() -> None:
    rules = spam(f"  {SOON}\n  reason: {{en: So.}}\n")
    tests = "- {text: look, facts: {links.count: 9}, expect: {action: hold, unseen: %s}}\n"
    made = [bundle(rules=rules, tests=tests % end) for end in ("release", "refuse")]
    right, wrong = (run_fixtures(each, load_detectors(), TODAY) for each in made)
    assert right[0].ok
    assert tuple(map(str, wrong[0].faults)) == ("expected `unseen: refuse`, got release",)
    assert errors(rules=RULES, tests=TESTS + tests % "publish") == ["test: expect: unseen: 'publish' is not known"]


def test_a_change_of_the_end_is_a_difference() -> None:
    (change,) = diff_bundles(bundle(main=MAIN), bundle(main=clause(SOON))).changes
    assert str(change).startswith("clause spam.links: hold: nothing →")
