"""The default policy: whole, in both languages, careful about what it refuses, and kind to people who are not well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import rostra.policy
from rostra.detect.cascade import Cascade
from rostra.detect.encoder import load_encoders
from rostra.detect.phrases.catalogue import PHRASES
from rostra.policy.check import check_files
from rostra.policy.folder import read_folder
from rostra.policy.literals import Known
from rostra.policy.parse import Parsed, parse_bundle
from rostra.policy.records import Bundle, Clause, Rule
from rostra.screening.detectors import Detectors
from rostra.screening.fixtures import failures_of, run_fixtures

SHIPPED = Path(rostra.policy.__file__).parent / "shipped"

# Keywords of the European Union's transparency database that the default policy uses; the check knows the categories.
KEYWORDS = [
    "ADULT_SEXUAL_MATERIAL",
    "CHILD_SEXUAL_ABUSE_MATERIAL",
    "CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE",
    "COORDINATED_HARM",
    "COPYRIGHT_INFRINGEMENT",
    "CYBER_BULLYING_INTIMIDATION",
    "CYBER_HARASSMENT",
    "CYBER_INCITEMENT",
    "CYBER_STALKING",
    "DISCRIMINATION",
    "GROOMING_SEXUAL_ENTICEMENT_MINORS",
    "HATE_SPEECH",
    "ILLEGAL_ORGANIZATIONS",
    "IMPERSONATION_ACCOUNT_HIJACKING",
    "INAUTHENTIC_ACCOUNTS",
    "INCITEMENT_VIOLENCE_HATRED",
    "MISSING_PROCESSING_GROUND",
    "NON_CONSENSUAL_IMAGE_SHARING",
    "NON_CONSENSUAL_MATERIAL_DEEPFAKE",
    "NUDITY",
    "OTHER",
    "PHISHING",
    "PROHIBITED_PRODUCTS",
    "PYRAMID_SCHEMES",
    "SELF_MUTILATION",
    "STALKING",
    "SUICIDE",
    "TERRORIST_CONTENT",
    "TRADEMARK_INFRINGEMENT",
]


@pytest.fixture(scope="module")
def parsed() -> Parsed:
    return parse_bundle(read_folder(SHIPPED))


@pytest.fixture(scope="module")
def bundle(parsed: Parsed) -> Bundle:
    return parsed.bundle


def test_the_default_policy_is_read_without_a_problem(parsed: Parsed) -> None:
    assert [str(problem) for problem in parsed.problems] == []


def test_the_check_finds_nothing_wrong_not_even_an_empty_cell_of_the_coverage() -> None:
    known = Known(frozenset(phrase.name for phrase in PHRASES))
    _, problems = check_files(read_folder(SHIPPED), today=date(2027, 1, 1), known=known)
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize("encoders", [0, 1, 2], ids=["as it comes", "with an encoder", "with the better one, too"])
def test_the_default_policy_passes_its_own_tests_with_the_detectors_that_come_with_it(
    bundle: Bundle, encoders: int
) -> None:
    cascade = Cascade.load(encoders=encoders)
    if len(load_encoders(encoders)) < encoders:
        pytest.skip("the encoder is not installed")
    results = run_fixtures(bundle, Detectors(cascade), date(2027, 1, 1))
    assert [str(problem) for problem in failures_of(results)] == []
    gaps = [result for result in results if result.fixture.known_gap]
    assert len(gaps) <= len(results) // 10, "what is known not to work must stay the exception"


def test_every_clause_says_in_both_languages_what_is_not_allowed_and_what_is(bundle: Bundle) -> None:
    says = {"en": re.compile(r"allowed", re.IGNORECASE), "it": re.compile(r"permess|ammess|vietat", re.IGNORECASE)}
    for clause in bundle.clauses:
        assert set(clause.title) == set(clause.text) == {"en", "it"}, clause.id
        assert clause.title["en"] != clause.title["it"] or clause.id in {"spam.bulk", "fraud.phishing"}, clause.id
        if clause.id != "integrity.unchecked":
            assert all(says[language].search(text) for language, text in clause.text.items()), clause.id


def test_every_clause_has_its_place_in_the_transparency_database(bundle: Bundle) -> None:
    for clause in bundle.clauses:
        assert clause.dsa is not None, clause.id
        assert clause.dsa.keywords, clause.id
        assert {word.removeprefix("KEYWORD_") for word in clause.dsa.keywords} <= set(KEYWORDS), clause.id


def test_a_clause_that_stands_on_the_law_names_it(bundle: Bundle) -> None:
    assert all(bool(clause.law) == (clause.ground == "law") for clause in bundle.clauses)


def test_whoever_is_held_or_refused_reads_why_and_what_to_do(bundle: Bundle) -> None:
    for clause, rule in _acting(bundle):
        if rule.then is not None and rule.then.strongest in {"hold", "reject"}:
            reason = rule.reason or clause.reason
            assert set(reason) == {"en", "it"}, rule.id
            assert reason["en"] != reason["it"], rule.id


def test_nothing_is_refused_for_words_alone(bundle: Bundle) -> None:
    # A name or a profile is turned away also where a rule says that it waits.
    known = ("image.banks", "links.lists", "near.known_bad", 'post.kind == "name"', 'post.kind == "profile"')
    for _, rule in _acting(bundle):
        if rule.then is None or rule.then.strongest != "reject" or any(fact in rule.when for fact in known):
            continue
        assert re.search(r"text\.(threat|incitement|hate|self_harm|spam) >= 0\.[89]", rule.when), rule.id
        assert "text.matches" in rule.when, rule.id
        assert "!text.quoted" in rule.when, rule.id
        # The model knows no other languages.
        assert 'text.language in ["en", "it", ""]' in rule.when, rule.id


def test_whoever_is_in_pain_is_never_held_or_punished(bundle: Bundle) -> None:
    crisis = next(clause for clause in bundle.clauses if clause.id == "selfharm.crisis")
    assert crisis.strikes is None or crisis.strikes.points == 0
    for clause, rule in _acting(bundle):
        if clause is crisis:
            assert rule.then is not None
            assert rule.then.actions == ("label",), rule.id


def test_a_failed_check_costs_no_strikes_and_has_no_cap(bundle: Bundle) -> None:
    unchecked = next(clause for clause in bundle.clauses if clause.id == "integrity.unchecked")
    assert unchecked.strikes is None or unchecked.strikes.points == 0
    rules = [rule for rule in bundle.rules if rule.clause == unchecked.id]
    assert len(rules) >= 5
    assert all(rule.daily_cap is None and rule.expected is None and rule.mode == "live" for rule in rules)


def test_nobody_switches_a_safeguard_off_by_setting_it_off_often(bundle: Bundle) -> None:
    for clause, rule in _acting(bundle):
        if rule.mode != "live" or rule.then is None:
            continue
        if clause.severity >= 4 or rule.then.strongest in {"hold", "reject"}:
            assert rule.daily_cap is None, rule.id
            assert rule.expected is None or rule.expected[1] >= 1000, rule.id


def test_rules_on_trial_say_how_often_they_should_hit(bundle: Bundle) -> None:
    on_trial = [rule for rule in bundle.rules if rule.mode in {"shadow", "canary"}]
    assert on_trial
    assert all(rule.expected is not None for rule in on_trial)


def test_exceptions_never_name_what_is_most_severe(bundle: Bundle) -> None:
    severest = {clause.id for clause in bundle.clauses if clause.severity == 5}
    for rule in bundle.rules:
        assert not [
            lift for lift in rule.lifts if any(each == lift or each.startswith(lift + ".") for each in severest)
        ]


def test_every_clause_of_a_typical_host_is_answered(bundle: Bundle) -> None:
    covered = {name for clause in bundle.clauses for name in clause.covers}
    used = {rule.clause for rule in bundle.rules if rule.mode == "live"}
    for host in bundle.hosts:
        for clause in host.clauses:
            name = f"{host.id}/{clause.id}"
            answering = [each.id for each in bundle.clauses if name in each.covers]
            assert clause.met_by or set(answering) & used, name
            covered.discard(name)
    assert not covered, "clauses cover what no host asks for"


def test_every_clause_is_tested_in_both_languages_with_what_it_hits_and_the_whole_with_what_it_must_not(
    bundle: Bundle,
) -> None:
    tested = Counter((test.expect.clause, test.language) for test in bundle.fixtures if test.expect.action != "allow")
    for clause in bundle.clauses:
        assert tested[clause.id, "en"], f"no English test of {clause.id}"
        assert tested[clause.id, "it"], f"no Italian test of {clause.id}"
    free = Counter(test.language for test in bundle.fixtures if test.expect.action == "allow")
    assert free["en"] >= 150
    assert free["it"] >= 150
    assert len(bundle.fixtures) >= 600


def test_lists_of_domains_name_nobody_who_did_nothing(bundle: Bundle) -> None:
    reserved = re.compile(r"\.(example|test|invalid)\Z")
    for words in bundle.lists:
        if words.kind == "domains":
            assert all(reserved.search(domain) for domain in words.entries), words.id


def test_lists_are_used(bundle: Bundle) -> None:
    conditions = " ".join(rule.when for rule in bundle.rules)
    for words in bundle.lists:
        named = f'"{words.id}"' in conditions or f'"{words.id.rsplit("-", 1)[0]}-"' in conditions
        assert named, words.id


def _acting(bundle: Bundle) -> Iterator[tuple[Clause, Rule]]:
    clauses = {clause.id: clause for clause in bundle.clauses}
    return ((clauses[rule.clause], rule) for rule in bundle.rules if not rule.lifts)
