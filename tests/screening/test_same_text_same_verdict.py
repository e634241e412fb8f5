"""The same text gets the same verdict whoever writes it, unless a stated fact differs."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rostra.policy.decide import Verdict
from rostra.policy.facts import FACTS, AuthorFacts, ExternalFacts, Facts
from rostra.screening.active import Current, shipped
from rostra.screening.author_queries import AuthorRow
from rostra.screening.detectors import Found, NoBanks, load_detectors
from rostra.screening.known_bad import NOTHING_BAD
from rostra.screening.screen import decide, gather
from rostra.screening.subject import Part, Subject
from tests.conftest import NOON
from tests.screening.policies import put_in_force
from tests.world import World

DAY = date(2026, 5, 4)
PIECES = (
    "I will kill you tonight", "ti ammazzo domani", "Good morning everyone", "che bella giornata", "you idiot",
    "Come armed to Piazza Duomo on Friday", "Free followers at http://bit.ly/x", "@bob", "#spam",
    "all of them are rats",
    "he said: “I will kill you”", "this game kills me", "k\u200bi\u200bl\u200bl", "𝖐𝖎𝖑𝖑 𝖞𝖔𝖚", "I want to die", "🔪🔪🔪",
    "send nudes",
    "nobody should burn down the mosque", "buy now!!! crypto x100", "his address is 12 High Street",
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=40)), min_size=1, max_size=5).map(" ".join)
ROWS = st.builds(
    AuthorRow,
    created_at=st.integers(0, 9000).map(lambda hours: NOON - timedelta(hours=hours)),
    domain=st.none(),
    labels=st.none(),
    statuses_count=st.integers(0, 500),
    followers_count=st.integers(0, 500),
    role=st.sampled_from(["user", "moderator"]),
    locale=st.sampled_from(["en", "it"]),
    posts_last_hour=st.integers(0, 70),
    held=st.integers(0, 3),
    reports=st.integers(0, 4),
    strikes=st.integers(0, 9),
    strangers=st.integers(0, 3),
    like_suspended=st.booleans(),
    copies=st.integers(0, 7),
    authors=st.integers(0, 5),
)
MODEST = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@cache
def current() -> Current:
    """What holds where the shipped policy does."""
    bundle, policy = shipped()
    return Current(
        policy=policy,
        bundle=bundle,
        version_id=None,
        revision=0,
        paused=frozenset(),
        detectors=load_detectors().for_bundle(bundle),
        bad=NOTHING_BAD,
        clauses={clause.id: clause for clause in bundle.clauses},
        labels={label.id: label for label in bundle.labels},
    )


def subject(text: str, author_id: int, **more: Any) -> Subject:
    return Subject(kind="post", author_id=author_id, parts=(Part("text", text),), visibility="public", **more)


def judged(of: Subject, found: Found, row: AuthorRow) -> tuple[Facts, Verdict]:
    facts = gather(current(), of, found, row, ExternalFacts(), NOON)
    return facts, decide(current(), facts, found, NOON)


@MODEST
@given(TEXTS, ROWS, st.lists(TEXTS, max_size=3), st.data())
def test_authors_of_equal_standing_get_the_same_verdict_whatever_is_read_beside(
    text: str, row: AuthorRow, beside: list[str], data: st.DataObject
) -> None:
    mine, yours = subject(text, 1), subject(text, 2)
    (alone,) = current().detectors.read_many([mine], NoBanks(), DAY)
    crowd = [subject(other, 3 + place) for place, other in enumerate(beside)]
    crowd.insert(data.draw(st.integers(0, len(crowd))), yours)
    among = current().detectors.read_many(crowd, NoBanks(), DAY)[crowd.index(yours)]
    assert judged(mine, alone, row) == judged(yours, among, row)
    assert alone.sample == among.sample
    assert alone.marks == among.marks


@MODEST
@given(TEXTS, ROWS, ROWS)
def test_a_verdict_differs_between_authors_only_where_a_fact_that_the_policy_names_does(
    text: str, mine: AuthorRow, yours: AuthorRow
) -> None:
    of = subject(text, 1)
    (found,) = current().detectors.read_many([of], NoBanks(), DAY)
    (facts, first), (others, second) = judged(of, found, mine), judged(of, found, yours)
    differ = {name for name in FACTS if _of(facts, name) != _of(others, name)}
    assert all(name.split(".")[0] in {"author", "near", "post"} for name in differ), (
        "nothing of the text is the author's"
    )
    if first != second:
        assert differ & current().policy.named
    # The facts that differ and that the policy names, set alike, make the verdicts alike.
    level = msgspec.structs.replace(others, author=facts.author, near=facts.near, post=facts.post)
    assert decide(current(), level, found, NOON) == first


@MODEST
@given(TEXTS)
def test_facts_that_no_rule_names_change_nothing(text: str) -> None:
    of = subject(text, 1)
    (found,) = current().detectors.read_many([of], NoBanks(), DAY)
    unnamed = [
        name.split(".")[1] for name in FACTS if name.startswith("author.") and name not in current().policy.named
    ]
    assume(unnamed)
    plain, odd = AuthorFacts(), AuthorFacts()
    for name in unnamed:
        value = getattr(plain, name)
        changed: Any = not value if isinstance(value, bool) else value + 7 if isinstance(value, (int, float)) else value
        odd = msgspec.structs.replace(odd, **{name: changed})
    facts = [found.facts, msgspec.structs.replace(found.facts, author=odd)]
    assert decide(current(), facts[0], found, NOON) == decide(current(), facts[1], found, NOON)


def _of(facts: Facts, name: str) -> object:
    group, _, fact = name.partition(".")
    return getattr(getattr(facts, group), fact)


CANARY = """
- id: half
  clause: words
  description: Half of the texts wait.
  when: text.normal.contains("carrot")
  then: [hold]
  reason: {en: This waits., it: Questo aspetta.}
  mode: canary
  share: 0.5
"""


async def test_two_people_of_equal_standing_get_the_same_from_the_server(world: World) -> None:
    await put_in_force(world, CANARY)
    people = [await world.person(name) for name in ("ada", "bob", "eve")]
    texts = [f"A carrot of the {n}th kind and what else we had for dinner that day" for n in range(24)]
    outcomes = [[(await one.post(text)).get("moderation", {}).get("withheld") for one in people] for text in texts]
    assert all(len(set(each)) == 1 for each in outcomes), "a canary chooses texts, not people"
    held = sum(each[0] == "review" for each in outcomes)
    assert 3 <= held <= 21, "about half of them"
    again = [(await people[0].post(text)).get("moderation", {}).get("withheld") for text in texts]
    assert again == [each[0] for each in outcomes]


@pytest.mark.parametrize(
    "text", ["I will kill you tonight, I know where you live", "Good morning!", "all of them are rats and must die"]
)
async def test_the_shipped_policy_judges_people_of_equal_standing_alike(world: World, text: str) -> None:
    await _ship(world)
    answers: list[tuple[int, str]] = []
    for name in ("ada", "zacharias"):
        person = await world.person(name)
        answer = await person.api.post("/api/v1/statuses", {"status": text}, expect=None)
        answers.append((answer.status_code, str(answer.json().get("error") or answer.json().get("moderation"))))
        # What the first one posted is a fact about the second one's copy; it is not to be one here.
        await world.db.connection.execute("delete from near_signatures")
    assert answers[0] == answers[1]


async def _ship(world: World) -> None:
    """Put the shipped policy into force, as a server without any other has it."""
    await world.db.connection.execute("update policy_state set version_id = null")
    world.res.screen.policies.forget()
