"""Conditions: what is let in, what is refused and why, and that nothing that is let in can run long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.policy.evaluate import compile_policy
from rostra.policy.expressions import (
    MAX_COST,
    ExpressionRefused,
    Fault,
    new_environment,
    read_expression,
)
from rostra.policy.facts import FACTS, EventFacts, Facts, LinkFacts, TextFacts
from tests.policy.bundles import TODAY, bundle, rule


def faults(source: str) -> list[tuple[str, str]]:
    with pytest.raises(ExpressionRefused) as refused:
        read_expression(source)
    return [(str(fault.what), str(fault.remedy)) for fault in refused.value.faults]


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_every_fact_is_declared_with_its_type(fact):
    comparisons = {bool: "{} == true", int: "{} == 1", float: "{} == 1.0", str: '{} == "a"', list[str]: '"a" in {}'}
    fits = comparisons.pop(fact.type)

    assert read_expression(fits.format(fact.name)).facts == (fact.name,)
    for other in comparisons.values():
        with pytest.raises(ExpressionRefused):
            read_expression(other.format(fact.name))


def test_an_unknown_fact_is_refused_with_the_nearest_one():
    assert faults("text.thret > 0.9") == [("unknown fact text.thret", "did you mean text.threat?")]
    assert faults("autor.age_hours > 2.0") == [("unknown name autor.age_hours", "did you mean author.age_hours?")]


def test_all_unknown_facts_are_named_at_once():
    assert [what for what, _ in faults("text.thret > 0.9 || author.agehours < 2.0")] == [
        "unknown fact text.thret",
        "unknown fact author.agehours",
    ]


def test_types_that_do_not_go_together_are_refused_in_plain_words():
    assert faults('text.threat == "x"')[0][0] == "`==` does not go with a decimal number and text"
    assert "24.0 or 24" in faults("author.age_hours < 24")[0][1]
    assert faults('"a" in text.plain')[0][1] == 'use contains to look into a text: text.normal.contains("word")'


def test_a_condition_must_give_true_or_false():
    for source in ("text.threat", "1 / 0 == 1"):
        assert faults(source)[0][0] == "the condition gives no true or false"


@pytest.mark.parametrize(
    "source",
    [
        "has(text.threat)",
        "[text.plain].map(a, a).size() > 1",
        'dyn(text.threat) == "x"',
        "type(text.threat) == double",
        '{"a": 1}["a"] == 1',
        'b"a" == b"b"',
        'text.plain + "a" == "b"',
        "[1] + [2] == [1, 2]",
        'text.matches.filter(m, [m] + [m] == ["a", "a"]).size() > 1',
        "text.normal.matches(text.plain)",
        'matches(text.normal, "a")',
        'text.matches.exists(m, m.matches("a"))',
        ".text.threat > 0.5",
        '"x" in .text.lists',
        'text.lists.exists(text, text == "x")',
    ],
)
def test_what_could_grow_or_hide_is_no_part_of_rules(source):
    assert faults(source)


@pytest.mark.parametrize(
    "source",
    [
        'text.matches.exists(m, m.startsWith("threat."))',
        'text.matches.filter(m, m.startsWith("spam.")).size() >= 2',
        'text.language in ["en", "it"] && event.days_until <= 7',
        "text.threat > 0.5 ? !text.quoted : text.length > 10",
        'text.normal.matches(r"\\bkill\\b") // a note',
        "text.length / 2 > 10 && links.domains.size() < 3",
        'links.domains.all(d, d.endsWith(".example"))',
    ],
)
def test_what_rules_need_is_let_in(source):
    assert read_expression(source).constant is None


def test_a_condition_that_never_changes_is_found_out():
    assert read_expression("true || text.threat > 0.5").constant is True
    assert read_expression("text.threat > 0.5 && 1 == 2").constant is False
    assert read_expression("text.threat > 0.5").constant is None


def test_the_pattern_is_read_as_the_language_reads_it():
    read = read_expression(r'text.normal.matches("a\\.b\u0041") && text.plain.matches(r"a\.b")')

    assert [pattern.regex for pattern in read.patterns] == ["a\\.bA", "a\\.b"]
    assert read.ready(["p", "q"]) == "p && q"


def test_words_in_quotes_and_notes_are_not_taken_for_searches():
    read = read_expression('text.plain.contains("text.normal.matches(1)") // text.normal.matches("a")')

    assert read.patterns == ()


def test_a_pattern_that_cannot_be_read_is_refused():
    what, remedy = faults(r'text.normal.matches(r"(?=a)")')[0]

    assert what == "the pattern cannot be read: invalid perl operator: (?="
    assert remedy == "RE2 has no look-around and no back-references"


# What somebody would write to keep the server busy.
HOSTILE = [
    "!" * 1_999,
    "(" * 5_000 + "text.quoted" + ")" * 5_000,
    "[" * 900 + "]" * 900 + ".size() > 1",
    "text.quoted" + " && text.quoted" * 100_000,
    '"' + "a" * 1_000_000 + '" == text.plain',
    "1" + " + 1" * 400 + " > text.length",
    "text.quoted" + " ? text.quoted" * 100 + " : text.quoted" * 100,
    "text.matches.exists(a, text.matches.exists(b, text.matches.exists(c, a == b)))",
    "text.matches.exists(a, text.matches.exists(b, text.plain.contains(a) && text.plain.contains(b)))",
    "[text.plain].exists(a, [a + a].exists(b, [b + b].exists(c, c == b)))",
    "text.plain.matches('" + "(" * 200 + "a" + ")*" * 200 + "')",
    "text.plain.matches('((a{1,100}){1,100}){1,100}')",
    "text.plain.matches('" + "|".join("abc" for _ in range(200)) + "')",
    "text.plain.matches('(.{0,999}x.{0,999})')",
    "\x00" * 100,
    "text.plain == '\ud800'",
    "`" * 300,
    "text." * 300,
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_conditions_are_refused(source):
    assert faults(source)


@given(st.text(alphabet="text.hrea><=!&|()[]{}'\"`\\/*+-?: \n0159rbx,m", max_size=120))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_reading_a_condition_fail_in_another_way(source):
    found = [Fault(0, "", "")]
    try:
        read_expression(source)
    except ExpressionRefused as refused:
        found = refused.faults
    assert found
    assert all(0 <= fault.offset <= len(source) for fault in found)


# What is let in and costs as much as it can.
DEAREST = [
    "text.matches.exists(a, text.matches.all(b, a != b || a != b))",
    "text.matches.exists(a, text.plain.contains(a) && " + " && ".join(["text.plain.contains(a)"] * 24) + ")",
    "links.domains.exists(a, links.domains.exists(b, a + 'x' == b))".replace(" + 'x'", ""),
    r'text.plain.matches("(a+)+$") || text.plain.matches("(a|aa)+$") || text.plain.matches("(.*a){20}$")',
    "text.matches.filter(m, text.matches.filter(n, m == n).size() > 300).size() > 300",
]


@pytest.mark.parametrize("source", DEAREST, ids=range(len(DEAREST)))
def test_the_dearest_condition_ends_soon_or_fails_and_holds(source):
    read = read_expression(source)
    assert read.cost <= MAX_COST
    policy = compile_policy(bundle(rules=rule(source)))
    many = ["a" * 60 + str(number) for number in range(256)]
    text = TextFacts(plain="a" * 20_000 + "b", matches=many)
    facts = Facts(text=text, links=LinkFacts(domains=many), event=EventFacts(places=many))

    # No time is asserted beyond what would be a hang.
    began = time.perf_counter()
    verdict = policy.judge(facts, now=TODAY, sample=0)
    assert time.perf_counter() - began < 60
    assert verdict.action in {"allow", "hold"}


def test_a_loop_over_its_budget_fails_the_rule_and_holds_the_post():
    policy = compile_policy(bundle(rules=rule("text.matches.exists(a, text.matches.exists(b, a != a && b != b))")))
    facts = Facts(text=TextFacts(matches=[str(number) for number in range(200)]))

    verdict = policy.judge(facts, now=TODAY, sample=0)

    assert (verdict.action, verdict.failed, verdict.hits, verdict.reasons) == ("hold", ("own",), (), {})


PATTERNS = [r"\bkill\b", "(?i)KILL", "^a.c$", "a|b", "[à-ÿ]+", "è", r"\d{2,3}", "(x)(y)?", "", "(?s)a.c", r"\s$"]


@given(st.text(alphabet="kill abcxyKILL àè\n019.", max_size=30), st.sampled_from(PATTERNS))
@settings(max_examples=300, deadline=None)
def test_patterns_find_what_the_library_itself_finds(text, regex):
    # The engine takes searches out of the condition; the library, asked directly, must agree.
    quoted = '"' + regex.replace("\\", "\\\\") + '"'
    source = f"text.normal.matches({quoted})"
    policy = compile_policy(bundle(rules=rule(source)))
    own = policy.judge(Facts(text=TextFacts(normal=text)), now=TODAY, sample=0).hits == ("own",)

    assert own is new_environment([]).compile(source).eval(data={"text.normal": text}).value()
