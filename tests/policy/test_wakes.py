"""What wakes a rule is never too little: whatever hits by its whole condition is awake, and gives the same verdict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.policy import evaluate
from rostra.policy.decide import Verdict
from rostra.policy.evaluate import compile_policy
from rostra.policy.expressions import read_expression
from rostra.policy.facts import (
    AuthorFacts,
    EventFacts,
    ExternalFacts,
    Facts,
    ImageFacts,
    LinkFacts,
    NearFacts,
    PostFacts,
    TextFacts,
)
from rostra.policy.shipped import shipped_bundle
from rostra.policy.wakes import find_wakes
from tests.policy.bundles import TODAY, policy, rule

HARD = [
    "text.threat > 0.5 && (text.quoted || links.count > 2)",
    "text.threat > 0.5 || text.hate >= 0.7 && links.count > 0",
    "!text.quoted && !(text.hate < 0.5)",
    "links.count == 0 && text.hate < 0.2",
    "links.count > 0 && text.length / (links.count - 1) > 10",
    "text.length / links.count > 2 && text.threat > 0.3",
    "text.quoted ? text.hate > 0.5 : text.threat > 0.5",
    "(text.quoted ? text.hate > 0.5 : true) && text.threat > 0.9",
    "size(text.matches) > 1 || size(text.matches) == 0",
    "size(text.matches) >= 1 && text.sexual >= 0.2",
    'text.matches.exists(m, m.startsWith("a") || m == "c") && text.hate > 0.1',
    'text.matches.all(m, m.startsWith("a"))',
    '!("c" in text.matches) && text.matches.exists_one(m, m == "a.b")',
    'text.normal.matches("b+c") || text.normal.matches("(?i)dinner")',
    'text.normal.matches("b+c") && !text.normal.matches("abbc")',
    'post.kind == "card" || ((((text.spam > 0.5))))',
    "-1 < links.count && links.count > -1",
    "text.threat > text.hate",
    "0.5 < text.threat && text.threat > 0.1",
]

shares = st.one_of(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.7, 1.0]), st.floats(0, 1))
hot = st.one_of(st.just(0.0), shares)
names = st.lists(st.sampled_from(["a.b", "b.c", "c"]), max_size=3)
posts = st.builds(
    Facts,
    text=st.builds(
        TextFacts,
        threat=hot,
        hate=hot,
        sexual=hot,
        spam=hot,
        incitement=hot,
        harassment=hot,
        quoted=st.booleans(),
        length=st.integers(0, 300),
        normal=st.sampled_from(["", "abbc", "bc", "what we had for dinner", "not a scam", "proud to be", "\ud800"]),
        matches=st.one_of(st.just([]), names, st.lists(st.sampled_from(["threat.kill", "spam.scam", "dox.phone"]))),
        suppressed=st.one_of(st.just([]), st.lists(st.sampled_from(["threat.kill", "hate.x"]), max_size=1)),
        lists=st.lists(st.sampled_from(["slurs-it", "drugs-trade", "minors-x"]), max_size=1),
    ),
    near=st.builds(NearFacts, copies=st.sampled_from([0, 6, 20]), authors=st.sampled_from([0, 4, 12])),
    image=st.builds(ImageFacts, banks=st.lists(st.sampled_from(["csam-x", "terror"]), max_size=1)),
    links=st.builds(LinkFacts, count=st.integers(0, 4), shortened=st.integers(0, 1)),
    post=st.builds(
        PostFacts,
        kind=st.sampled_from(["post", "name", "card"]),
        mentions=st.integers(0, 1),
        strangers=st.integers(0, 9),
    ),
    author=st.builds(
        AuthorFacts,
        age_hours=st.sampled_from([1.0, 100.0, 9000.0]),
        posts=st.sampled_from([0, 300]),
        posts_last_hour=st.sampled_from([0, 70]),
        strikes=st.sampled_from([0, 9]),
        staff=st.booleans(),
        like_suspended=st.booleans(),
    ),
    event=st.builds(EventFacts, imperative=st.booleans(), weapons=st.lists(st.just("knife"), max_size=1)),
    external=st.builds(ExternalFacts, asked=st.booleans(), available=st.booleans()),
)


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        ("text.threat > 0.5 && !text.quoted", {"text.threat"}),
        ("!text.quoted && links.count > 3 && text.threat > 0.5", {"text.threat"}),
        ('text.quoted || "graphic" in author.labels', {"text.quoted", "author.labels"}),
        ('text.matches.exists(m, m == "a" && m != "b") && !post.sensitive', {"text.matches"}),
        ('links.count == 0 && text.normal.matches("b+c")', {"text.normal"}),
        ("!text.quoted", None),
        ("text.threat < 0.5", None),
        ("text.quoted || text.threat < 0.5", None),
        ("text.quoted ? text.hate > 0.5 : text.threat > 0.5", None),
        ('text.matches.all(m, m == "a")', None),
        ("text.length / links.count > 2", None),
    ],
)
def test_a_condition_says_which_facts_wake_it(condition: str, facts: set[str] | None) -> None:
    wakes = find_wakes(read_expression(condition))
    assert (None if wakes is None else {wake.fact for wake in wakes}) == facts


def test_no_rule_of_the_shipped_policy_is_looked_at_always() -> None:
    assert [each.id for each in shipped_bundle().rules if find_wakes(read_expression(each.when)) is None] == []


SHIPPED = compile_policy(shipped_bundle())
ODD = policy("".join(rule(when, id=f"r{place}") for place, when in enumerate(HARD)))


@settings(deadline=None, max_examples=300)
@given(posts)
def test_rules_one_by_one_say_what_all_together_do(facts: Facts) -> None:
    for each in (SHIPPED, ODD):
        with pytest.MonkeyPatch.context() as patch:
            verdicts: list[Verdict] = []
            for few in (999, -1):
                patch.setattr(evaluate, "_FEW", few)
                verdicts.append(each.judge(facts, now=TODAY, sample=None))
        assert verdicts[0] == verdicts[1]
