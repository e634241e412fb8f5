"""Reports become cases: one for each subject, weighed by who reported, with evidence and an outcome for each."""

from __future__ import annotations

from typing import Any

import pytest

from rostra.moderation.reports.report import weigh
from tests.moderation.desk import case_of, decide, drafted, open_cases
from tests.screening.policies import put_in_force
from tests.world import Person, World


async def people(world: World, *names: str) -> list[Person]:
    await put_in_force(world)
    return [await world.person(name) for name in names]


async def complain(
    by: Person, about: Person, *status_ids: str, expect: int | None = None, **more: Any
) -> dict[str, Any]:
    form = {"account_id": about.id, "status_ids": list(status_ids), **more}
    return (await by.api.post("/api/v1/reports", form, expect=expect)).json()


async def reports(world: World) -> list[Any]:
    return await world.db.connection.fetch("select * from reports order by id")


async def test_reports_of_one_post_are_one_case_and_each_adds_less_than_the_one_before(world: World) -> None:
    ada, *others = await people(world, "ada", "bob", "eve", "tom")
    posted = await ada.post("A carrot")
    chances: list[float] = []
    for who in others:
        await complain(who, ada, posted["id"], comment="Look")
        chances.append((await case_of(world, posted["id"]))["p"])
    (case,) = await open_cases(world)
    assert (case["reports_count"], case["source"], case["subject_kind"]) == (3, "report", "status")
    steps = [chances[0], chances[1] - chances[0], chances[2] - chances[1]]
    assert steps[0] > steps[1] > steps[2] > 0


async def test_whoever_says_it_twice_has_said_it_once(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A carrot")
    for _ in range(2):
        await complain(bob, ada, posted["id"])
    (case,) = await open_cases(world)
    assert case["reports_count"] == 1
    assert len(await reports(world)) == 2


async def test_a_report_without_posts_is_about_the_account_and_one_of_two_posts_is_two_cases(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    first, second = [await ada.post(text) for text in ("A carrot", "A second carrot")]
    await complain(bob, ada)
    await complain(bob, ada, first["id"], second["id"])
    subjects = {(case["subject_kind"], case["subject_id"]) for case in await open_cases(world)}
    assert subjects == {("account", ada.account_id), ("status", int(first["id"])), ("status", int(second["id"]))}


async def test_the_evidence_stays_when_the_post_is_edited_and_deleted_and_can_be_decided_on(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    root = await bob.post("What grows there?")
    posted = await ada.post("A carrot, you fool", in_reply_to_id=root["id"])
    await complain(bob, ada, posted["id"])
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A carrot, friend"})
    await ada.api.delete(f"/api/v1/statuses/{posted['id']}")
    (content,) = [row["content"] for row in await world.db.connection.fetch("select content from snapshots")]
    assert (content["text"], content["context"][0]["text"]) == ("A carrot, you fool", "What grows there?")
    await decide(world, posted["id"], drafted(clause="words", revision=None), mod)
    assert [row["outcome"] for row in await reports(world)] == ["upheld"]


async def test_a_reporters_word_grows_and_shrinks_with_how_often_they_were_right(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    weights: list[float] = []
    for n, outcome in enumerate(("violates", "violates", "ok", "ok", "ok", "ok", "unclear")):
        posted = await ada.post(f"A carrot number {n}")
        await complain(bob, ada, posted["id"])
        weights.append((await reports(world))[-1]["weight"])
        await decide(world, posted["id"], drafted(outcome, clause="words"), mod)
    assert weights[0] < weights[1] < weights[2]
    assert weights[2] > weights[3] > weights[4] > weights[5] > weights[6]
    row = await world.db.connection.fetchrow("select upheld, rejected from reporters")
    assert tuple(row.values()) == (2, 4), "what is unclear says nothing"


@pytest.mark.parametrize(
    ("upheld", "rejected", "low", "high"), [(0, 0, 0.8, 0.9), (10, 0, 2.0, 3.0), (0, 100, -2.0, -2.0)]
)
def test_the_weight_has_bounds(upheld: int, rejected: int, low: float, high: float) -> None:
    assert low <= weigh(upheld, rejected) <= high


async def test_a_muted_reporter_changes_nothing_but_is_logged(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    await world.db.connection.execute(
        "insert into reporters (account_id, muted_at) values ($1, $2)", bob.account_id, world.clock.now()
    )
    posted = await ada.post("A carrot")
    answer = await complain(bob, ada, posted["id"])
    assert answer["action_taken"] is False
    assert await open_cases(world) == []
    assert [row["muted"] for row in await reports(world)] == [True]
    assert await world.db.connection.fetchval("select count(*) from moderation_events where type = 'report_muted'") == 1


async def test_a_report_of_two_posts_has_its_outcome_when_both_are_decided(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    first, second = [await ada.post(text) for text in ("A carrot", "A second carrot")]
    await complain(bob, ada, first["id"], second["id"])
    await decide(world, first["id"], drafted(clause="words"), mod)
    assert [row["outcome"] for row in await reports(world)] == [None]
    await decide(world, second["id"], drafted("ok"), mod)
    assert [row["outcome"] for row in await reports(world)] == ["partly"]


async def test_a_reversal_takes_back_what_it_meant_for_the_reporter(world: World) -> None:
    from rostra.moderation.decisions.reverse import reverse
    from tests.moderation.desk import reviewer

    ada, bob, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    made = await decide(world, posted["id"], drafted(clause="words"), mod)
    await reverse(world.res.desk, reviewer(mod), made, "review")
    assert [row["outcome"] for row in await reports(world)] == ["rejected"]
    row = await world.db.connection.fetchrow("select upheld, rejected from reporters")
    assert tuple(row.values()) == (0, 1)


async def test_a_reason_is_a_clause_of_the_policy(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"], reason="nonsense", expect=422)
    await complain(bob, ada, posted["id"], reason="words")
    case = await case_of(world, posted["id"])
    assert (case["clause"], case["severity"]) == ("words", 3)


async def test_what_the_detectors_said_of_a_reported_post_counts_too(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    mild, harsh = await ada.post("A carrot"), await ada.post("I will kill you tonight")
    for posted in (mild, harsh):
        await complain(bob, ada, posted["id"])
    first, second = await open_cases(world)
    assert (first["subject_id"], second["subject_id"]) == (int(harsh["id"]), int(mild["id"]))
    assert first["p"] > 0.8 > 0.5 > second["p"]
