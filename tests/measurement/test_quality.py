"""Rules, reviewers and agreement, from what people said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.kit.errors import NotFound
from rostra.measurement.golden import add_from_decision
from rostra.measurement.label_queries import Outcome
from rostra.measurement.labelling import Answer, draw_second, take_item
from rostra.measurement.quality import (
    ANY,
    agreement_by_clause,
    recall_of,
    recalls,
    reviewer_figures,
    rule_figures,
)
from rostra.measurement.quality_queries import Found, list_doubted, list_reversed
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft, Wish
from tests.measurement.test_golden import golden
from tests.measurement.test_labelling import BAD, FINE, items, label, label_all, stage, take
from tests.screening.policies import put_in_force
from tests.world import Person, World


def _found(rules: list[str], weight: float = 1, draws: int = 1, clause: str = "words") -> Found:
    return Found(clause=clause, rules=rules, weight=weight, draws=draws)


def test_recall_weighs_views_and_not_posts() -> None:
    found = [_found(["a"], 900, 3), _found([], 100), _found(["b"], 0.5, clause="spam")]
    recall = recall_of(found, "words")
    assert recall is not None
    assert recall.share.share == pytest.approx(0.9)
    assert recall.draws == 4
    everything, one = recall_of(found), recall_of(found, rule="b")
    assert everything is not None
    assert one is not None
    assert everything.share.share == pytest.approx(900.5 / 1000.5)
    assert one.share.share == pytest.approx(0.5 / 1000.5)
    assert recall_of(found, "nothing") is None


def test_unequal_weights_make_the_interval_wider() -> None:
    equal = recall_of([_found(["a"]) for _ in range(50)] + [_found([]) for _ in range(50)])
    unequal = recall_of([_found(["a"], n) for n in range(1, 51)] + [_found([], n) for n in range(1, 51)])
    assert equal is not None
    assert unequal is not None
    assert equal.share.share == unequal.share.share == pytest.approx(0.5)
    assert unequal.share.high - unequal.share.low > equal.share.high - equal.share.low


async def test_recall_of_the_rules_comes_from_the_sample(world: World) -> None:
    _, (mia, *_) = await stage(world, 4)
    await world.db.connection.execute("update label_items set rules = '{gore}' where position < 1")
    await label_all(world, mia, BAD)
    day = world.clock.now().date()
    found = {each.clause: each for each in await recalls(world.db.connection, day - timedelta(days=7), day)}
    assert set(found) == {ANY, "words"}
    # Four posts with ten views each: those of a stratum stand for its views by how often they were drawn.
    rows = await items(world, "stratum, draws, position")
    of_stratum = {stratum: [draws for other, draws, _ in rows if other == stratum] for stratum, _, _ in rows}
    weights = [(10 * len(of_stratum[h]) * draws / sum(of_stratum[h]), position) for h, draws, position in rows]
    assert sum(weight for weight, _ in weights) == pytest.approx(40)
    share = sum(weight for weight, position in weights if position < 1) / 40
    assert found["words"].share.share == pytest.approx(share)
    (rule,) = await rule_figures(world.db.connection, world.clock.now())
    assert rule.rule == "gore"
    assert rule.recall is not None
    assert rule.precision is None


async def _decided(world: World, ada: Person, mia: Person, outcome: str, text: str) -> int:
    status_id = int((await ada.post(text))["id"])
    wishes = (Wish(kind="sensitive"),) if outcome == "violates" else ()
    draft = Draft(outcome=outcome, clause="words" if wishes else "", wishes=wishes, revision=0)  # type: ignore[arg-type] # one of two
    reviewer = Reviewer(account_id=mia.account_id, role="moderator")
    return await decide_subject(world.res.desk, reviewer, "status", status_id, draft)


async def test_the_precision_of_a_rule_is_what_people_upheld(world: World) -> None:
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    upheld = [await _decided(world, ada, mia, "violates", f"A marrow {n}") for n in range(3)]
    await _decided(world, ada, mia, "ok", "A marrow again")
    (rule,) = [each for each in await rule_figures(world.db.connection, world.clock.now()) if each.decided]
    assert rule.precision is not None
    assert (rule.decided, rule.precision.share) == (4, 0.75)
    await reverse(world.res.desk, None, upheld[0], "appeal")
    (rule,) = [each for each in await rule_figures(world.db.connection, world.clock.now()) if each.decided]
    assert rule.precision is not None
    assert rule.precision.share == 0.5
    (week,) = await list_reversed(world.db.connection, world.clock.now() - timedelta(days=7))
    assert (week.decided, week.by_appeal, week.by_review) == (3, 1, 0)


async def test_agreement_is_by_clause_and_counts_only_what_two_have_seen(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 10, 1.0)
    answers: list[tuple[Answer, Answer]] = [(BAD, BAD)] * 2 + [(FINE, FINE)] * 6 + [(BAD, FINE)]
    for first, second in answers:
        for person, answer in ((mia, first), (max_, second)):
            offer = await take(world, person)
            assert offer is not None
            await label(world, person, offer.number, answer)
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, BAD)
    found = await agreement_by_clause(world.db.connection, world.clock.now())
    assert set(found) == {ANY, "words"}
    assert found[ANY].units == 9
    assert found[ANY].observed == pytest.approx(8 / 9)
    assert found["words"].alpha == pytest.approx(found[ANY].alpha)


@pytest.mark.parametrize(("second", "third"), [("fine", "fine"), ("violates", "fine")])
async def test_a_decision_that_others_saw_otherwise_is_named(world: World, second: Outcome, third: Outcome) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    mia, max_, moe = [await world.person(name, role="moderator") for name in ("mia", "max", "moe")]
    await world.db.connection.execute("update measurement_settings set second_share = 1, golden_share = 0")
    decision_id = await _decided(world, ada, mia, "violates", "Doubtful")
    world.clock.tick(days=1)
    await draw_second(world.db, world.clock)
    for person, outcome in ((max_, second), (moe, third)):
        offer = await take_item(world.db, world.clock, person.account_id)
        if offer is not None:
            await label(world, person, offer.number, BAD if outcome == "violates" else FINE)
    doubted = await list_doubted(world.db.connection, 5)
    assert [each.id for each in doubted] == ([decision_id] if second == "fine" else [])
    golden_id = await add_from_decision(world.db, world.clock, decision_id, actor_id=moe.account_id)
    made = await world.db.connection.fetchrow(
        "select outcome, clause, origin from golden_items where id = $1", golden_id
    )
    assert made is not None
    assert tuple(made) == (second, "" if second == "fine" else "words", "expert")
    with pytest.raises(NotFound):
        await add_from_decision(world.db, world.clock, decision_id, actor_id=moe.account_id)
    (figures,) = await reviewer_figures(world.db.connection, world.clock.now())
    assert figures.account_id == mia.account_id
    assert figures.upheld is not None
    assert figures.upheld.share == (0.0 if second == "fine" else 1.0)


async def test_reviewers_are_known_by_golden_items_under_a_pseudonym(world: World) -> None:
    ada, (mia, *_) = await stage(world, 12, golden=0.5)
    await golden(world, ada, 4)
    await world.db.connection.execute(
        "insert into reviewers (account_id, pseudonym) values ($1, 'reviewer-9')", mia.account_id
    )
    for number in range(12):
        offer = await take(world, mia)
        if offer is None:
            break
        await label(world, mia, offer.number, BAD if number % 2 else FINE)
    (figures,) = await reviewer_figures(world.db.connection, world.clock.now())
    assert figures.pseudonym == "reviewer-9"
    assert figures.golden > 0
    assert figures.right is not None
    assert figures.upheld is None
