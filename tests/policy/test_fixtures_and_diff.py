"""A bundle's own tests, and what differs between two bundles."""

from __future__ import annotations

from rostra.policy.check_fixtures import check_fixtures, with_facts
from rostra.policy.diff import diff_bundles
from rostra.policy.evaluate import compile_policy
from rostra.policy.facts import Facts, TextFacts
from rostra.policy.records import Fixture
from tests.policy.bundles import MAIN, RULES, TESTS, TODAY, bundle, rule


def read(fixture: Fixture) -> Facts:
    """What detectors would find: only that somebody says that they will hurt somebody."""
    return Facts(text=TextFacts(plain=fixture.text, threat=0.95 if "hurt" in fixture.text else 0.0))


def results(tests: str, rules: str = RULES):
    given = bundle(rules=rules, tests=tests)
    return check_fixtures(compile_policy(given, drafts=True), given, read, now=TODAY)


def test_a_bundle_that_keeps_its_promises_passes():
    assert [(each.ok, each.faults) for each in results(TESTS)] == [(True, ()), (True, ())]


def test_a_broken_promise_says_what_came_instead():
    tests = "- {text: I will hurt you, expect: {action: hold, clause: spam.links, labels: [graphic], case: true}}\n"

    (result,) = results(tests)

    assert not result.ok
    assert tuple(map(str, result.faults)) == (
        "expected hold, got reject by threat",
        "expected clause spam.links, got violence.threat",
        "expected label graphic, got none",
        "expected a case",
    )


def test_the_facts_of_a_test_go_over_those_of_its_text():
    facts = with_facts(read(bundle().fixtures[0]), bundle().fixtures[0])

    assert facts.text.threat == 0.99
    assert facts.text.plain == "I will hurt you"


def test_several_texts_share_one_expectation_and_have_their_own_lines():
    tests = "- texts:\n    - good morning\n    - I will hurt you\n  expect: {action: allow}\n"

    found = results(tests)

    assert [(each.fixture.text, each.fixture.at.line, each.ok) for each in found] == [
        ("good morning", 2, True),
        ("I will hurt you", 3, False),
    ]


def test_a_known_gap_stands_in_nobodys_way_and_says_when_it_is_closed():
    gap = "- {text: I will harm you, expect: {action: reject}, known_gap: Only the word hurt is known.}\n"
    closed = gap.replace("harm", "hurt")

    (open_gap,), (now_found,) = results(gap), results(closed)

    assert (open_gap.ok, str(open_gap.what)) == (True, "expected reject, got allow")
    assert (now_found.ok, str(now_found.what)) == (True, "this works now: take out `known_gap`")


def test_a_test_may_be_content_with_more():
    tests = "- {text: I will hurt you, expect: {at_least: hold, clause: violence.threat}}\n"
    less = "- {text: good morning, expect: {at_least: hold}}\n"

    (enough,), (too_little,) = results(tests), results(less)

    assert enough.ok
    assert tuple(map(str, too_little.faults)) == ("expected at least hold, got allow",)


def test_a_draft_can_be_tested_before_it_counts():
    draft = rule("text.threat > 0.5", id="new", mode="draft")

    (hit,) = results("- {text: I will hurt you, expect: {action: reject, hits: [new, threat]}}\n", RULES + draft)
    (missed,) = results("- {text: good morning, expect: {action: allow, hits: [new]}}\n", RULES + draft)
    (wrong,) = results("- {text: I will hurt you, expect: {at_least: allow, misses: [new]}}\n", RULES + draft)

    assert hit.ok
    assert tuple(map(str, missed.faults)) == ("expected a hit of new",)
    assert tuple(map(str, wrong.faults)) == ("expected no hit of new",)


def test_every_canary_counts_in_tests():
    canary = rule("text.threat > 0.5", id="new", then="reject", mode="canary", more="  share: 0.001\n")

    (result,) = results("- {text: I will hurt you, expect: {action: reject, rule: new}}\n", canary)

    assert result.ok


def test_the_same_bundle_has_no_difference():
    assert diff_bundles(bundle(), bundle(rules="# a note\n" + RULES)).changes == ()


def test_a_difference_names_what_was_added_removed_and_changed():
    rules = RULES.replace("0.9 ", "0.8 ").replace("mode: live", "mode: shadow", 1).partition("- id: links")[0]
    rules += rule("text.hate > 0.5", id="hate")
    main = MAIN.replace("severity: 2", "severity: 3").replace("[en]", "[en, it]")
    tests = TESTS.replace("look at all", "see all")

    changes = diff_bundles(bundle(), bundle(main=main, rules=rules, tests=tests))

    assert [str(change) for change in changes.changes] == [
        'policy: languages: ["en"] → ["en","it"]',
        "clause spam.links: severity: 2 → 3",
        "rule hate: added",
        "rule links: removed",
        "rule threat: when: text.threat > 0.9 && !text.quoted → text.threat > 0.8 && !text.quoted\n"
        "rule threat: mode: live → shadow",
        'test "look at all these links" links.count=9: removed',
        'test "see all these links" links.count=9: added',
    ]
    assert [change.id for change in changes.of("rule")] == ["hate", "links", "threat"]


def test_of_a_list_only_the_entries_that_differ_are_named():
    old = bundle(lists="id: bad\nkind: domains\nentries: [a.example, b.example]\n")
    new = bundle(lists="id: bad\nkind: domains\nentries: [b.example, c.example]\n")

    assert [str(change) for change in diff_bundles(old, new).changes] == [
        "list bad: a.example: there → nothing\nlist bad: c.example: nothing → there"
    ]
