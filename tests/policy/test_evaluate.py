"""Judging: the strongest action wins, shadows change nothing, canaries are steady, exceptions lift, failures hold."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.policy.decide import Verdict
from rostra.policy.evaluate import MAX_ITEMS, MAX_TEXT, compile_policy
from rostra.policy.facts import AuthorFacts, Facts, ImageFacts, LinkFacts, PostFacts, TextFacts
from rostra.policy.records import ACTIONS, STRENGTH
from tests.policy.bundles import MAIN, RULES, TODAY, bundle, policy, rule

THREAT = Facts(text=TextFacts(threat=0.99))

CONDITIONS = [
    "text.threat > 0.5",
    "text.hate > 0.5 && !text.quoted",
    "links.count > 3",
    'text.matches.exists(m, m.startsWith("a"))',
    '"graphic" in author.labels',
    "author.age_hours < 24.0",
    r'text.normal.matches("b+c")',
    "text.length / links.count > 2",
    'post.kind == "name"',
]

shares = st.floats(0, 1)
few_words = st.lists(st.sampled_from(["a.b", "b.c", "c"]), max_size=3)
facts_of_posts = st.builds(
    Facts,
    text=st.builds(
        TextFacts,
        threat=shares,
        hate=shares,
        quoted=st.booleans(),
        matches=few_words,
        length=st.integers(0, 50),
        normal=st.text(alphabet="abc", max_size=6),
    ),
    links=st.builds(LinkFacts, count=st.integers(0, 6)),
    author=st.builds(AuthorFacts, age_hours=st.floats(0, 100), labels=st.just(["graphic"]) | st.just([])),
    post=st.builds(PostFacts, kind=st.sampled_from(["post", "name"])),
)
modes = st.sampled_from(["live", "shadow", "canary", "draft"])
actions = st.sampled_from([*ACTIONS[2:], "label: graphic", "hold, case", "limit, interaction-off"])


@st.composite
def rule_sets(draw: st.DrawFn) -> str:
    chosen = draw(st.lists(st.tuples(st.sampled_from(CONDITIONS), modes, actions), min_size=1, max_size=8))
    rules: list[str] = []
    for place, (when, mode, then) in enumerate(chosen):
        more = f"  share: {draw(st.sampled_from([0.1, 0.5, 0.9]))}\n" if mode == "canary" else ""
        rules.append(rule(when, id=f"r{place}", then=then, mode=mode, more=more))
    return "".join(rules)


def test_what_nothing_hits_is_allowed():
    verdict = policy(RULES).judge(Facts(), now=TODAY, sample=0)

    assert verdict == Verdict(policy=bundle().version)


def test_a_rule_without_then_does_what_its_clause_says_with_its_reason():
    verdict = policy(RULES).judge(THREAT, now=TODAY, sample=0)

    assert (verdict.action, verdict.clause, verdict.rule) == ("reject", "violence.threat", "threat")
    assert verdict.reasons == {"en": "This reads as a threat."}


@pytest.mark.parametrize("stronger", ACTIONS[1:])
@pytest.mark.parametrize("weaker", ACTIONS[1:])
def test_the_strongest_action_wins_and_the_others_still_apply(weaker, stronger):
    written = {"label": "label: graphic"}
    rules = rule("text.threat > 0.5", id="one", then=written.get(weaker, weaker))
    rules += rule("text.threat > 0.6", id="two", then=written.get(stronger, stronger))

    verdict = policy(rules).judge(THREAT, now=TODAY, sample=0)

    assert verdict.action == max(weaker, stronger, key=lambda action: STRENGTH[action])
    assert verdict.limited == ("limit" in {weaker, stronger})
    assert verdict.interaction_off == ("interaction-off" in {weaker, stronger})
    assert verdict.labels == (("graphic",) if "label" in {weaker, stronger} else ())


def test_of_equally_strong_rules_the_one_of_the_severer_clause_decides():
    rules = rule("text.threat > 0.5", id="light").replace("violence.threat", "spam.links") + rule("text.threat > 0.6")

    assert policy(rules).judge(THREAT, now=TODAY, sample=0).rule == "own"


def test_the_stronger_action_of_a_lighter_clause_wins():
    light = rule("text.threat > 0.5", id="light", then="hold").replace("violence.threat", "spam.links")

    verdict = policy(rule("text.threat > 0.6", then="limit") + light).judge(THREAT, now=TODAY, sample=0)

    assert (verdict.action, verdict.rule, verdict.limited) == ("hold", "light", True)


def test_cases_are_opened_once_for_each_clause():
    rules = rule("text.threat > 0.5", id="one", then="hold, case") + rule("text.threat > 0.6", id="two", then="case")

    assert policy(rules).judge(THREAT, now=TODAY, sample=0).cases == ("violence.threat",)


def test_an_exception_lifts_the_hits_of_the_clauses_that_it_names():
    allow = "- {id: shop, description: Known., when: author.followers > 99, then: allow, lifts: [spam], mode: live}\n"
    facts = Facts(links=LinkFacts(count=9), author=AuthorFacts(followers=100))

    verdict = policy(RULES + allow).judge(facts, now=TODAY, sample=0)

    assert (verdict.action, verdict.lifted, verdict.hits) == ("allow", ("links",), ("shop",))


def test_an_exception_never_lifts_what_is_most_severe():
    allow = "- {id: shop, description: Known., when: author.followers > 99, then: allow, lifts: ['*'], mode: live}\n"
    facts = Facts(text=TextFacts(threat=0.99), links=LinkFacts(count=9), author=AuthorFacts(followers=100))

    verdict = policy(RULES + allow).judge(facts, now=TODAY, sample=0)

    assert (verdict.action, verdict.lifted) == ("reject", ("links",))


def test_an_exception_in_shadow_lifts_nothing():
    allow = "- {id: shop, description: Known., when: author.followers > 99, then: allow, lifts: [spam], mode: shadow}\n"
    facts = Facts(links=LinkFacts(count=9), author=AuthorFacts(followers=100))

    verdict = policy(RULES + allow).judge(facts, now=TODAY, sample=0)

    assert (verdict.action, verdict.lifted, verdict.shadow) == ("limit", (), ("shop",))


def test_a_family_is_named_by_whole_words_only():
    allow = (
        "- {id: shop, description: Known., when: author.followers > 9, then: allow, lifts: [spam.lin], mode: live}\n"
    )
    facts = Facts(links=LinkFacts(count=9), author=AuthorFacts(followers=100))

    assert policy(RULES + allow).judge(facts, now=TODAY, sample=0).action == "limit"


def test_a_paused_rule_goes_on_as_a_shadow():
    verdict = policy(RULES).judge(THREAT, now=TODAY, sample=0, paused={"threat"})

    assert (verdict.action, verdict.hits, verdict.shadow) == ("allow", (), ("threat",))


def test_a_rule_counts_until_its_last_day():
    judge = policy(rule("text.threat > 0.5", more="  expires: 2026-11-22\n")).judge

    assert judge(THREAT, now=TODAY, sample=0).action == "hold"
    assert judge(THREAT, now=TODAY + timedelta(days=1), sample=0).action == "allow"


def test_drafts_run_as_shadows_only_where_asked_for():
    drafted = bundle(rules=rule("text.threat > 0.5", mode="draft"))

    assert compile_policy(drafted).judge(THREAT, now=TODAY, sample=0) == Verdict(policy=drafted.version)
    assert compile_policy(drafted, drafts=True).judge(THREAT, now=TODAY, sample=0).shadow == ("own",)


def test_a_canary_decides_over_its_share_of_texts_and_always_the_same():
    judge = policy(rule("text.threat > 0.5", mode="canary", more="  share: 0.2\n")).judge

    verdicts = [judge(THREAT, now=TODAY, sample=sample).action for sample in range(5_000)]

    assert 900 < verdicts.count("hold") < 1_100
    assert verdicts == [judge(THREAT, now=TODAY, sample=sample).action for sample in range(5_000)]
    assert judge(THREAT, now=TODAY, sample=None).action == "hold"


def test_two_canaries_do_not_choose_the_same_texts():
    rules = "".join(rule("text.threat > 0.5", id=name, mode="canary", more="  share: 0.5\n") for name in "ab")
    judge = policy(rules).judge

    both = [len(judge(THREAT, now=TODAY, sample=sample).hits) for sample in range(1_000)]

    assert all(both.count(number) > 150 for number in (0, 1, 2))


def test_a_wider_canary_keeps_the_texts_of_the_narrower():
    narrow, wide = (
        policy(rule("text.threat > 0.5", mode="canary", more=f"  share: {share}\n")).judge for share in (0.1, 0.5)
    )

    chosen = [sample for sample in range(500) if narrow(THREAT, now=TODAY, sample=sample).hits]

    assert chosen
    assert all(wide(THREAT, now=TODAY, sample=sample).hits for sample in chosen)


@pytest.mark.parametrize(
    "facts",
    [
        Facts(text=TextFacts(threat=float("nan"))),
        Facts(text=TextFacts(matches=["a"] * (MAX_ITEMS + 1))),
        Facts(text=TextFacts(normal="a" * (MAX_TEXT + 1))),
        Facts(text=TextFacts(plain="\ud800")),
        Facts(links=LinkFacts(count=2**80)),
        Facts(links=LinkFacts(count=None)),  # pyright: ignore[reportArgumentType] - what a broken detector gives
        Facts(text=TextFacts(matches=None)),  # pyright: ignore[reportArgumentType]
        Facts(text=TextFacts(threat="high")),  # pyright: ignore[reportArgumentType]
    ],
    ids=["nan", "long list", "long text", "half a character", "huge", "none", "no list", "no number"],
)
def test_facts_that_nothing_can_be_said_about_hold_the_post(facts):
    rules = [
        "text.threat > 0.9",
        'text.matches.exists(m, m == "b")',
        'text.normal.matches("b")',
        'text.plain.contains("b")',
        "links.count > 5",
    ]
    judge = policy("".join(rule(when, id=f"r{place}") for place, when in enumerate(rules))).judge

    verdict = judge(facts, now=TODAY, sample=0)

    assert verdict.action == "hold"
    assert verdict.failed
    assert verdict.reasons == {}


def test_only_the_rule_that_failed_fails():
    judge = policy(rule('text.matches[3] == "a"') + RULES).judge

    verdict = judge(THREAT, now=TODAY, sample=0)

    assert (verdict.action, verdict.rule, verdict.failed) == ("reject", "threat", ("own",))


def test_a_shadow_that_fails_holds_nothing():
    verdict = policy(rule('text.matches[3] == "a"', mode="shadow")).judge(Facts(), now=TODAY, sample=0)

    assert (verdict.action, verdict.failed, verdict.shadow_failed) == ("allow", (), ("own",))


def test_an_exception_that_fails_lifts_nothing_and_holds_nothing():
    allow = "- {id: x, description: X., when: 'text.matches[9] == \"a\"', then: allow, lifts: [spam], mode: live}\n"

    verdict = policy(RULES + allow).judge(Facts(links=LinkFacts(count=9)), now=TODAY, sample=0)

    assert (verdict.action, verdict.failed) == ("limit", ("x",))


@given(rule_sets(), facts_of_posts, st.integers(-(2**63), 2**63))
@settings(max_examples=60, deadline=None)
def test_judging_depends_on_the_facts_alone(rules, facts, sample):
    judge = policy(rules).judge
    first = judge(facts, now=TODAY, sample=sample)
    judge(Facts(image=ImageFacts(count=3)), now=date(2027, 1, 1), sample=sample + 1)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=Facts)

    assert judge(again, now=TODAY, sample=sample) == first
    assert policy(rules).judge(again, now=TODAY, sample=sample) == first


@given(rule_sets(), st.sampled_from(CONDITIONS), st.booleans(), facts_of_posts, st.integers(0, 2**64))
@settings(max_examples=80, deadline=None)
def test_a_shadow_never_changes_a_verdict(rules, when, in_front, facts, sample):
    shadow = rule(when, id="new", then="reject, case", mode="shadow")
    with_shadow = policy(shadow + rules if in_front else rules + shadow).judge(facts, now=TODAY, sample=sample)
    without = policy(rules).judge(facts, now=TODAY, sample=sample)

    seen = msgspec.structs.replace(
        with_shadow,
        shadow=tuple(name for name in with_shadow.shadow if name != "new"),
        shadow_failed=tuple(name for name in with_shadow.shadow_failed if name != "new"),
        policy=without.policy,
    )
    assert seen == without


@given(rule_sets(), facts_of_posts, st.integers(0, 2**64))
@settings(max_examples=80, deadline=None)
def test_rules_together_find_what_each_finds_alone(rules, facts, sample):
    together = policy(rules)
    verdict = together.judge(facts, now=TODAY, sample=sample)
    hits, failed = set(), set()
    for one in together.bundle.rules:
        alone = compile_policy(msgspec.structs.replace(together.bundle, rules=(one,)))
        result = alone.judge(facts, now=TODAY, sample=sample)
        hits |= {*result.hits, *result.shadow}
        failed |= {*result.failed, *result.shadow_failed}

    assert {*verdict.hits, *verdict.shadow} == hits
    assert {*verdict.failed, *verdict.shadow_failed} == failed


@given(rule_sets(), facts_of_posts, st.integers(0, 2**64))
@settings(max_examples=80, deadline=None)
def test_the_action_is_that_of_the_strongest_hit_and_has_a_reason(rules, facts, sample):
    judged = policy(rules)
    verdict = judged.judge(facts, now=TODAY, sample=sample)
    hits = [one.then.strongest for one in judged.bundle.rules if one.id in verdict.hits and one.then is not None]
    strongest = max((STRENGTH[action] for action in hits), default=0)

    if verdict.failed:
        strongest = max(strongest, STRENGTH["hold"])
    assert STRENGTH[verdict.action] == strongest
    if strongest >= STRENGTH["hold"] and verdict.rule in verdict.hits:
        assert verdict.reasons


def test_threads_share_a_policy():
    judge = policy("".join(rule(when, id=f"r{place}") for place, when in enumerate(CONDITIONS))).judge
    kinds = [Facts(text=TextFacts(threat=place / 10), links=LinkFacts(count=place)) for place in range(10)]
    expected = [judge(facts, now=TODAY, sample=0) for facts in kinds]
    wrong: list[Verdict] = []

    def work() -> None:
        for _ in range(200):
            for facts, verdict in zip(kinds, expected, strict=True):
                got = judge(facts, now=TODAY, sample=0)
                if got != verdict:
                    wrong.append(got)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_verdict_can_be_stored_and_read_back():
    verdict = policy(RULES).judge(THREAT, now=TODAY, sample=0)

    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def test_a_policy_without_rules_allows():
    assert policy("[]\n", main=MAIN).judge(Facts(), now=TODAY, sample=0).action == "allow"
