"""Replaying a policy over stored posts: what it would newly hit and newly free, on what sample, with what precision."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.kit.errors import NotFound
from rostra.policy.check import check_files
from rostra.policy.evaluate import compile_policy
from rostra.screening.banks import Banks
from rostra.screening.detectors import load_detectors
from rostra.screening.replay import Candidate, get_replay, is_replayed, label_sample, precision_of, replay
from rostra.screening.replay_queries import Labelled
from tests.conftest import NOON
from tests.screening.policies import bundle_files, put_in_force
from tests.screening.test_policy_in_force import SMALL
from tests.world import Person, World


def candidate(rules: str) -> Candidate:
    bundle, _ = check_files(bundle_files(rules), today=NOON.date())
    return Candidate(compile_policy(bundle), load_detectors().for_bundle(bundle))


async def run(world: World, rules: str, days: int = 30) -> int:
    current = await world.res.screen.policies.current(world.db)
    baseline = Candidate(current.policy, current.detectors)
    return await replay(world.db, world.clock, candidate(rules), baseline, Banks(None), days=days)


async def stored(world: World) -> tuple[Person, dict[str, str]]:
    """A little world of posts, judged when they were written by a policy that holds pumpkins."""
    await put_in_force(world, SMALL.format(word="pumpkin"))
    ada, bob = await world.person("ada"), await world.person("bob")
    await world.db.connection.execute(
        "update account_stats set followers_count = 100 where account_id = $1", ada.account_id
    )
    texts = ["A pumpkin", "Two pumpkins here", "A turnip", "Good morning", "A turnip and a pumpkin"]
    posted = {text: (await ada.post(text))["id"] for text in texts}
    posted["poll"] = (await bob.post("Which?", poll={"options": ["turnip", "leek"], "expires_in": 3600}))["id"]
    return ada, posted


async def test_a_replay_counts_what_is_newly_hit_and_newly_freed(world: World) -> None:
    _, posted = await stored(world)
    row, samples, precisions = await get_replay(world.db, await run(world, SMALL.format(word="turnip")))
    assert (row.judged, row.total, precisions) == (6, 6, {})
    result = row.result
    assert result is not None
    assert (result["hit"], result["freed"]) == (2, 2), "what both versions hit has not changed"
    assert result["by_clause"] == {"freed": {"words": 2}, "hit": {"words": 2}}
    assert result["by_action"] == [["allow", "hold", 2], ["hold", "allow", 2]]
    assert result["reach"] == {"hit": 100, "freed": 200}, "by followers of the authors"
    changes = {str(sample.status_id): sample.change for sample in samples}
    assert changes == {
        posted["A turnip"]: "hit",
        posted["poll"]: "hit",
        posted["A pumpkin"]: "freed",
        posted["Two pumpkins here"]: "freed",
    }
    assert {sample.rule for sample in samples} == {"one"}


async def test_the_same_policy_changes_nothing(world: World) -> None:
    await stored(world)
    row, samples, _ = await get_replay(world.db, await run(world, SMALL.format(word="pumpkin")))
    assert row.result is not None
    assert (row.result["hit"], row.result["freed"], samples) == (0, 0, [])


async def test_a_replay_looks_back_so_many_days_and_counts_for_a_week(world: World) -> None:
    ada, _ = await stored(world)
    world.at(NOON + timedelta(days=10))
    await ada.post("A turnip ten days later")
    version = candidate(SMALL.format(word="turnip")).policy.version
    assert not await is_replayed(world.db, world.clock, version)
    row, _, _ = await get_replay(world.db, await run(world, SMALL.format(word="turnip"), days=2))
    assert (row.judged, row.result and row.result["hit"]) == (1, 1)
    assert await is_replayed(world.db, world.clock, version)
    world.at(NOON + timedelta(days=18))
    assert not await is_replayed(world.db, world.clock, version)


async def test_facts_of_the_moment_are_named_as_unknown(world: World) -> None:
    await stored(world)
    rules = SMALL.format(word="turnip").replace("when: text", "when: author.strikes > 2 || text")
    row, _, _ = await get_replay(world.db, await run(world, rules))
    assert row.result is not None
    assert row.result["unknown_facts"] == ["author.strikes"]


async def test_people_label_the_sample_and_the_precision_comes_with_its_interval(world: World) -> None:
    _, posted = await stored(world)
    mod = await world.person("mod")
    replay_id = await run(world, SMALL.format(word="turnip"))
    for text, right in (("A turnip", True), ("poll", False), ("A pumpkin", True)):
        await label_sample(world.db, replay_id, int(posted[text]), is_right=right, actor_id=mod.account_id)
    _, samples, precisions = await get_replay(world.db, replay_id)
    assert {str(sample.status_id): sample.is_right for sample in samples}[posted["poll"]] is False
    hit, freed = precisions["hit"], precisions["freed"]
    assert (hit.right, hit.labelled, hit.share) == (1, 2, 0.5)
    assert (freed.right, freed.labelled) == (1, 1)
    assert 0 < hit.low < 0.5 < hit.high < 1
    await label_sample(world.db, replay_id, int(posted["poll"]), is_right=None, actor_id=mod.account_id)
    assert (await get_replay(world.db, replay_id))[2]["hit"].labelled == 1
    with pytest.raises(NotFound):
        await label_sample(world.db, replay_id, int(posted["Good morning"]), is_right=True, actor_id=mod.account_id)


def test_the_interval_is_wilsons() -> None:
    found = precision_of(Labelled(change="hit", right_ones=8, labelled=10, sampled=20))
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    assert precision_of(Labelled(change="hit", right_ones=0, labelled=0, sampled=20)) is None
