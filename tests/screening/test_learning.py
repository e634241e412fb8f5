"""Learning from decisions: what counts as a label, what is put into force, and how it is taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from rostra.detect.adjust import PLAIN, Adjustment, Figures
from rostra.detect.cascade import Judged
from rostra.detect.reading import CATEGORIES, Category
from rostra.kit.errors import Forbidden, Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions.reverse import reverse
from rostra.policy.shipped import shipped_bundle
from rostra.screening import learn as learning
from rostra.screening import learn_queries, lessons
from rostra.screening.detectors import load_detectors
from rostra.screening.learn import Outcome, learn, roll_back
from rostra.screening.learn_job import learn_nightly
from rostra.screening.lessons import TYPES, Texts, categories_of, read_decisions
from rostra.screening.propose import label_status, propose
from tests.conftest import NOON
from tests.moderation.desk import decide, drafted, reviewer
from tests.screening.policies import put_in_force
from tests.world import Person, World

RULES = """
- id: threats
  clause: words
  description: Threats wait.
  when: text.threat > 0.9 || text.normal.contains("pumpkin")
  then: [hold]
  reason: {en: This waits., it: Questo aspetta.}
  mode: live
"""
# What this server's people find threatening, and the model does not.
BAD = "We will carve {} like a pumpkin, {} o'clock"
GOOD = "I grew {} pumpkins this year, {} of them striped"


async def decided(
    world: World, author: Person, reviewers: Sequence[Person], number: int, *, label: bool = False
) -> None:
    """Posts of both kinds, each decided by one of the reviewers in turn, a minute apart."""
    for n in range(number):
        bad = n % 2 == 0
        posted = await author.post((BAD if bad else GOOD).format(n, n + 3))
        world.at(world.clock.now() + timedelta(minutes=1))
        by = reviewers[n % len(reviewers)].account_id
        if label:
            await label_status(world.db, world.clock, int(posted["id"]), ["threat"] if bad else [], actor_id=by)
        else:
            async with world.db.transaction() as tx:
                entry = Entry(
                    type="decision",
                    subject_kind="status",
                    subject_id=int(posted["id"]),
                    actor_id=by,
                    clause="words",
                    details={"outcome": "violates" if bad else "ok"},
                )
                await append(tx, world.clock.now(), entry)


async def people(world: World) -> tuple[Person, list[Person]]:
    await put_in_force(world, RULES.replace(' || text.normal.contains("pumpkin")', ""))
    return await world.person("ada"), [await world.person(name) for name in ("mod", "max", "mia", "moe")]


async def run(world: World, **more: Any) -> Outcome:
    return await learn(world.db, world.clock, world.res.screen.policies, **more)


async def chance(world: World, text: str) -> tuple[float, str]:
    """The chance of a threat, and the version of the detectors, as the ledger has them."""
    author = await world.person(f"someone{world.clock.now():%H%M%S}")
    posted = await author.post(text)
    row = await world.db.connection.fetchrow(
        "select details, detectors from moderation_events where subject_id = $1 and type = 'verdict'", int(posted["id"])
    )
    world.at(world.clock.now() + timedelta(seconds=3))
    return row["details"].get("scores", {}).get("threat", 0.0), row["detectors"]


async def test_decisions_become_an_adjustment_that_judges_at_once_and_is_taken_back_at_once(world: World) -> None:
    author, reviewers = await people(world)
    await decided(world, author, reviewers, 80)
    text = "We will carve Bob like a pumpkin, 9 o'clock"
    before, version = await chance(world, text)
    outcome = await run(world)
    learnt = outcome.categories["threat"]
    assert (learnt.outcome, learnt.decisions, learnt.bad, learnt.held_back) == ("promoted", 80, 40, 16)
    assert learnt.before is not None
    assert learnt.after is not None
    assert learnt.after.auroc >= learnt.before.auroc
    after, adjusted = await chance(world, text)
    assert after > before
    assert adjusted == f"{version}+own-{outcome.promoted}"
    assert await roll_back(world.db, world.clock, world.res.screen.policies) is None
    assert await chance(world, text) == (before, version)
    kinds = await world.db.connection.fetch(
        "select type from moderation_events where subject_kind = 'model' order by id"
    )
    assert [row["type"] for row in kinds] == ["model_promoted", "model_rolled_back"]
    with pytest.raises(NotFound):
        await roll_back(world.db, world.clock, world.res.screen.policies)


async def test_another_process_takes_an_adjustment_up_within_two_seconds(world: World) -> None:
    author, reviewers = await people(world)
    await decided(world, author, reviewers, 60)
    policies = world.res.screen.policies
    first = (await policies.current(world.db)).detectors.version
    looked = policies._looked_at
    assert (await run(world)).promoted
    policies._looked_at = looked
    world.at(looked + timedelta(seconds=1) if looked else world.clock.now())
    assert (await policies.current(world.db)).detectors.version == first
    world.at(world.clock.now() + timedelta(seconds=1))
    assert "+own-" in (await policies.current(world.db)).detectors.version


async def test_too_few_decisions_teach_nothing(world: World) -> None:
    author, reviewers = await people(world)
    await decided(world, author, reviewers, 48)
    outcome = await run(world)
    assert outcome.promoted is None
    assert {found.outcome for found in outcome.categories.values()} == {"too-few"}
    assert outcome.categories["threat"].decisions == 48
    assert await world.db.connection.fetchval("select count(*) from model_adjustments") == 0


async def test_what_does_no_better_on_decisions_held_back_is_not_put_into_force(world: World) -> None:
    author, reviewers = await people(world)
    await decided(world, author, reviewers[:1], 50)
    # From here on they decide the other way round.
    await world.db.connection.execute("set session_replication_role = replica")
    await world.db.connection.execute(
        "update moderation_events set details = jsonb_build_object('outcome',"
        " case details ->> 'outcome' when 'violates' then 'ok' else 'violates' end)"
        " where id in (select id from moderation_events where type = 'decision' order by id desc limit 10)"
    )
    await world.db.connection.execute("set session_replication_role = origin")
    outcome = await run(world)
    assert (outcome.promoted, outcome.categories["threat"].outcome) == (None, "no-better")


async def test_an_adjustment_that_breaks_the_policys_own_tests_is_not_put_into_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, reviewers = await people(world)
    await decided(world, author, reviewers, 60)
    asked: list[Adjustment | None] = []

    def fail(*args: Any) -> list[Any]:
        asked.append(args[3])
        problem = msgspec.defstruct("P", [("file", str), ("line", int), ("what", str)])
        return [] if args[3] is None else [problem("tests/a.yaml", 3, "test failed")]

    monkeypatch.setattr(learning, "run_fixtures", fail)
    monkeypatch.setattr(learning, "failures_of", lambda results: results)
    outcome = await run(world)
    assert (outcome.promoted, outcome.broken) == (None, ("tests/a.yaml:3: test failed",))
    assert len(asked) == 2
    assert await world.db.connection.fetchval("select count(*) from model_adjustments") == 0


async def test_what_breaks_the_policys_own_tests_is_left_out_and_the_rest_put_into_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, reviewers = await people(world)
    for n in range(60):
        posted = await author.post((BAD if n % 2 else GOOD).format(n, n + 3))
        world.at(world.clock.now() + timedelta(minutes=1))
        said: list[Category] = ["threat", "harassment"] if n % 2 else []
        by = reviewers[n % 4].account_id
        await label_status(world.db, world.clock, int(posted["id"]), said, actor_id=by)

    def fail(*args: Any) -> list[Any]:
        problem = msgspec.defstruct("P", [("file", str), ("line", int), ("what", str)])
        broken = args[3] is not None and "threat" in args[3].weights
        return [problem("tests/a.yaml", 3, "test failed")] if broken else []

    monkeypatch.setattr(learning, "run_fixtures", fail)
    monkeypatch.setattr(learning, "failures_of", lambda results: results)
    outcome = await run(world)
    assert (outcome.categories["threat"].outcome, outcome.categories["harassment"].outcome) == (
        "breaks-tests", "promoted",
    )  # fmt: skip
    assert outcome.broken == ("tests/a.yaml:3: test failed",)
    adjustment = (await world.res.screen.policies.current(world.db)).adjustment
    assert adjustment is not None
    assert adjustment.name == outcome.promoted
    assert list(adjustment.weights) == ["harassment"]


async def test_an_adjustment_for_another_model_counts_for_nothing(world: World) -> None:
    await put_in_force(world)
    weights = {"threat": [9.0] + [0.0] * (PLAIN - 1)}
    for base, marked in (("another", False), (load_detectors().cascade.version, True)):
        async with world.db.transaction() as tx:
            made = await learn_queries.insert_adjustment(tx, base, weights, {}, world.clock.now())
            await learn_queries.switch(tx, made, world.clock.now())
        world.res.screen.policies.forget()
        score, version = await chance(world, "Good morning everybody")
        assert ("+own-" in version, score > 0.5) == (marked, marked)


@pytest.mark.parametrize("weights", [{"threat": ["x"]}, {"nonsense": [1.0]}, [1, 2]])
async def test_an_adjustment_that_cannot_be_read_leaves_the_model_as_it_came(world: World, weights: Any) -> None:
    await put_in_force(world)
    async with world.db.transaction() as tx:
        base = load_detectors().cascade.version
        made = await learn_queries.insert_adjustment(tx, base, weights, {}, world.clock.now())
        await learn_queries.switch(tx, made, world.clock.now())
    world.res.screen.policies.forget()
    assert "+own-" not in (await chance(world, "Good morning everybody"))[1]


async def test_an_adjustment_with_too_few_weights_counts_for_nothing(world: World) -> None:
    await put_in_force(world)
    async with world.db.transaction() as tx:
        base = load_detectors().cascade.version
        made = await learn_queries.insert_adjustment(tx, base, {"threat": [1.0]}, {}, world.clock.now())
        await learn_queries.switch(tx, made, world.clock.now())
    world.res.screen.policies.forget()
    assert "+own-" not in (await chance(world, "Good morning everybody"))[1]


async def test_labels_come_from_people_and_from_texts_that_still_say_the_same(world: World) -> None:
    await put_in_force(world, RULES)
    ada, mod, other = [await world.person(name) for name in ("ada", "mod", "other")]
    posted = [await ada.post(f"A pumpkin number {n}") for n in range(5)]
    made: list[int] = []
    for status, outcome, by in zip(posted, ("ok", *["violates"] * 4), (mod, mod, mod, None, mod), strict=True):
        world.at(world.clock.now() + timedelta(minutes=1))
        made.append(await decide(world, status["id"], drafted(outcome), by))
    await reverse(world.res.desk, reviewer(other, "admin"), made[2], "review")
    await ada.api.put(f"/api/v1/statuses/{posted[0]['id']}", {"status": "Something else"})
    await ada.api.delete(f"/api/v1/statuses/{posted[4]['id']}")
    async with world.db.read() as conn:
        rows = await learn_queries.list_decisions(conn, TYPES, 100)
    bundle = (await world.res.screen.policies.current(world.db)).bundle
    found = {decision.status_id: decision for decision in read_decisions(rows, bundle)}
    assert found.keys() == {int(posted[1]["id"]), int(posted[2]["id"])}, "not the edited, the expired, the deleted one"
    refused, turned = found[int(posted[1]["id"])], found[int(posted[2]["id"])]
    assert (dict(refused.says), refused.counts, refused.actor_id) == ({"threat": True}, 1.0, mod.account_id)
    assert (dict(turned.says), turned.counts, turned.actor_id) == ({"threat": False}, 2.0, other.account_id)


def figures(auroc: float, recall: float, ece: float) -> Figures:
    return Figures(auroc, recall, ece)


@pytest.mark.parametrize(
    ("now", "better"),
    [
        (figures(0.85, 0.5, 0.1), True),
        (figures(0.8, 0.5, 0.05), True),
        (figures(0.85, 0.45, 0.1), True),
        (figures(0.85, 0.39, 0.1), False),
        (figures(0.79, 0.9, 0.01), False),
        (figures(0.9, 0.9, 0.12), False),
        (figures(0.8, 0.5, 0.1), False),
    ],
)
def test_it_wins_where_nothing_is_worse_and_something_is_better(now: Figures, better: bool) -> None:
    assert lessons._wins(figures(0.8, 0.5, 0.1), now, one=0.1) is better


def synthetic(number: int) -> Texts:
    """Texts that the model finds harmless alike; every other one has what a phrase gives."""
    evidence = np.zeros((number, len(CATEGORIES), 5), np.float32)
    evidence[::2, 0, 0] = 1.0
    judged = Judged(np.full((number, len(CATEGORIES)), -3.0, np.float32), evidence, None, np.zeros(number, np.int64))
    return Texts(judged, {place: place for place in range(number)})


def opinions(number: int, who: Callable[[int], int], bad: Callable[[int], bool]) -> list[lessons.Decision]:
    return [
        lessons.Decision(status_id=n, says={"threat": bad(n)}, actor_id=who(n), at=NOON + timedelta(minutes=n))
        for n in range(number)
    ]


def test_one_reviewer_alone_cannot_turn_the_model_round() -> None:
    def honest(n: int) -> bool:
        return n % 2 == 0

    texts = synthetic(400)

    def weight(decisions: list[lessons.Decision]) -> float:
        adjustment, _ = lessons.learn_from(decisions, texts, [], None, "b")
        return adjustment.weights.get("threat", (0.0,) * PLAIN)[1 + len(CATEGORIES)]

    # Two in three of the decisions are by one person who says the opposite of the three others.
    mixed = opinions(400, lambda n: 1 if n % 6 < 4 else 2 + n // 6 % 3, lambda n: honest(n) != (n % 6 < 4))
    assert weight(opinions(400, lambda n: n % 4, honest)) > 1
    assert weight(mixed) > 0, "what the many say outweighs it"


def test_what_is_mostly_refused_does_not_make_ordinary_posts_look_bad() -> None:
    texts = synthetic(800)
    # Nine in ten of what was flagged was refused, as it happens where a policy is good.
    decisions = [
        msgspec.structs.replace(decision, status_id=2 * decision.status_id)
        for decision in opinions(400, lambda n: n % 4, lambda n: n % 10 > 0)
    ]
    ordinary = list(range(401, 800, 2))
    plain = np.full((1, len(CATEGORIES)), -3.0, np.float32)
    nothing = np.zeros((1, len(CATEGORIES), 5), np.float32)

    def chance_of_ordinary(anchors: list[int]) -> float:
        adjustment, learnt = lessons.learn_from(decisions, texts, anchors, None, "b")
        assert learnt["threat"].outcome == "promoted"
        return float(adjustment.adjust(plain, nothing, None)[0, 0])

    assert chance_of_ordinary(ordinary) < chance_of_ordinary([]) - 1


def test_clauses_are_about_what_most_of_their_rules_speak_of() -> None:
    found = categories_of(shipped_bundle())
    expected: Mapping[str, tuple[str, ...]] = {
        "violence.threat": ("threat",),
        "violence.mobilisation": ("incitement",),
        "hate.speech": ("hate",),
        "harassment.targeted": ("harassment",),
        "fraud.scam": ("spam",),
    }
    assert {clause: found[clause] for clause in expected} == expected
    assert not found.keys() & {"selfharm.crisis", "sexual.unmarked", "integrity.unchecked", "fraud.malware"}


async def test_the_night_learns_what_is_new_and_waits_after_somebody_took_it_back(world: World) -> None:
    author, reviewers = await people(world)
    policies = world.res.screen.policies
    await decided(world, author, reviewers, 60, label=True)
    assert (await learn_nightly(world.db, world.clock, policies)).promoted
    assert "hardly anything" in (await learn_nightly(world.db, world.clock, policies)).skipped
    world.at(world.clock.now() + timedelta(minutes=1))
    await roll_back(world.db, world.clock, policies)
    await decided(world, author, reviewers, 20, label=True)
    assert "taken back" in (await learn_nightly(world.db, world.clock, policies)).skipped
    assert (await run(world)).promoted


async def test_an_adjustment_taken_back_gives_way_to_the_one_before(world: World) -> None:
    await put_in_force(world)
    base = load_detectors().cascade.version
    ids: list[int] = []
    for n in (1.0, 2.0):
        async with world.db.transaction() as tx:
            weights = {"threat": [n] + [0.0] * (PLAIN - 1)}
            ids.append(await learn_queries.insert_adjustment(tx, base, weights, {}, world.clock.now()))
            await learn_queries.switch(tx, ids[-1], world.clock.now())
        world.at(world.clock.now() + timedelta(minutes=1))
    assert await roll_back(world.db, world.clock, world.res.screen.policies) == ids[0]
    assert await roll_back(world.db, world.clock, world.res.screen.policies) is None


async def test_proposals_are_unflagged_public_and_undecided_two_thirds_of_them_uncertain(world: World) -> None:
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod")
    texts = ["I will kill you", "I could kill for a pizza", *(f"Good morning number {n}" for n in range(10))]
    plain = {(await ada.post(text))["id"] for text in texts}
    await ada.post("A pumpkin that waits")
    await ada.post("A marrow for somebody to look at")
    await ada.post("A secret", visibility="private")
    found = await propose(world.db, world.clock, world.res.screen.policies, 6)
    assert [each.why for each in found] == ["uncertain"] * 4 + ["random"] * 2
    assert len({each.status_id for each in found}) == 6
    assert {str(each.status_id) for each in found} <= plain
    unsure = [abs(each.chance - 0.5) for each in found]
    assert unsure[:4] == sorted(unsure[:4]), "the least sure of first"
    assert max(unsure[:4]) <= min(unsure[4:])
    await label_status(world.db, world.clock, found[0].status_id, [], actor_id=mod.account_id)
    again = await propose(world.db, world.clock, world.res.screen.policies, 100)
    assert len(again) == 11
    assert found[0].status_id not in {each.status_id for each in again}
    with pytest.raises(Forbidden):
        await label_status(world.db, world.clock, found[1].status_id, [], actor_id=ada.account_id)
    with pytest.raises(Invalid):
        await label_status(world.db, world.clock, found[1].status_id, ["rude"], actor_id=mod.account_id)  # type: ignore[list-item]
    with pytest.raises(NotFound):
        await label_status(world.db, world.clock, 1, [], actor_id=mod.account_id)


def test_the_newest_of_each_outcome_are_held_back_whatever_else_was_decided_last() -> None:
    # For a week nothing of the kind was seen, and everything that was answered is harmless.
    decisions = opinions(400, lambda n: n % 4, lambda n: n < 100 and n % 2 == 0)
    _, learnt = lessons.learn_from(decisions, synthetic(400), [], None, "b")
    found = learnt["threat"]
    assert (found.bad, found.held_back) == (50, 10 + 70)
    assert found.outcome != "too-few"
    older, newest = lessons._split(decisions, "threat")
    assert [each.status_id for each in newest if each.says["threat"]] == list(range(80, 100, 2))
    assert not {each.status_id for each in older} & {each.status_id for each in newest}


def test_nobody_alone_says_what_does_better_by_deciding_last() -> None:
    # Three decide 300 in turn; then one of them 200 the other way round.
    decisions = opinions(500, lambda n: n % 3 if n < 300 else 0, lambda n: (n % 2 == 0) != (n >= 300))
    _, held_back = lessons._split(decisions, "threat")
    by = Counter(each.actor_id for each in held_back)
    assert by == {0: 60, 1: 20, 2: 20}, "each in proportion to what they decided"
    counts = lessons._lesson(0, "threat", held_back, synthetic(500)).counts
    shares = [sum(counts[n] for n, each in enumerate(held_back) if each.actor_id == who) for who in range(3)]
    assert [round(float(share / sum(shares)), 3) for share in shares] == [0.333] * 3
    adjustment, learnt = lessons.learn_from(decisions, synthetic(500), [], None, "b")
    assert learnt["threat"].outcome == "promoted"
    assert adjustment.weights["threat"][1 + len(CATEGORIES)] > 0, "the way that the others say"


def test_at_least_five_of_each_outcome_are_held_back() -> None:
    decisions = opinions(60, lambda n: n % 4, lambda n: n % 6 == 0)
    _, newest = lessons._split(decisions, "threat")
    assert [sum(each.says["threat"] is outcome for each in newest) for outcome in (True, False)] == [5, 10]
