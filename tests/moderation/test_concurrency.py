"""What reviewers do at the same moment, on real connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rostra.kit.clock import FixedClock
from rostra.kit.errors import Conflict
from rostra.moderation.cases.queue import Query, take_next
from rostra.moderation.decisions.bulk import get_bulk, run_bulk, start_bulk
from rostra.moderation.decisions.decide import decide_case, decide_subject
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.records import Wish
from tests.moderation.desk import drafted, reviewer
from tests.posts.live import fetchval, live_world
from tests.screening.policies import put_in_force
from tests.world import Person, World


@pytest.fixture
async def live(fresh_dsn: str, clock: FixedClock, tmp_path: Path) -> AsyncIterator[World]:
    async with live_world(fresh_dsn, clock, tmp_path) as world:
        await put_in_force(world)
        yield world


async def staff(world: World, number: int) -> list[Person]:
    return [await world.person(f"m{index}") for index in range(number)]


async def test_ten_reviewers_who_ask_at_once_get_ten_cases(live: World) -> None:
    ada, reviewers = await live.person("ada"), await staff(live, 10)
    for n in range(12):
        await ada.post(f"A marrow number {n}")
    got = await asyncio.gather(*(take_next(live.res.desk, reviewer(each), Query()) for each in reviewers))
    assert None not in got
    assert len(set(got)) == 10


async def test_of_two_decisions_at_once_one_counts(live: World) -> None:
    ada, reviewers = await live.person("ada"), await staff(live, 6)
    for n in range(5):
        await ada.post(f"A marrow number {n}")
        case_id = await fetchval(live, "select id from cases where state = 'queued'")
        said = await asyncio.gather(
            *(decide_case(live.res.desk, reviewer(each), case_id, drafted()) for each in reviewers),
            return_exceptions=True,
        )
        assert sum(isinstance(each, int) for each in said) == 1
        assert sum(isinstance(each, Conflict) for each in said) == 5
    assert await fetchval(live, "select count(*) from decisions") == 5
    assert await fetchval(live, "select count(*) from moderation_events where type = 'strike'") == 5


async def test_an_author_who_edits_while_a_reviewer_decides_is_not_decided_unseen(live: World) -> None:
    ada, (mod,) = await live.person("ada"), await staff(live, 1)
    for n in range(8):
        posted = await ada.post(f"A marrow number {n}")
        case_id = await fetchval(live, "select id from cases where state <> 'closed' order by id desc limit 1")
        said, _ = await asyncio.gather(
            decide_case(live.res.desk, reviewer(mod), case_id, drafted()),
            ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": f"A carrot number {n}"}, expect=None),
            return_exceptions=True,
        )
        withheld = await fetchval(live, "select withheld from statuses where id = $1", int(posted["id"]))
        revision = await fetchval(live, "select revision from statuses where id = $1", int(posted["id"]))
        # Decided before the edit, which then is refused; or edited first, and nothing was decided.
        assert (isinstance(said, int), withheld, revision) in ((True, "refused", 0), (False, None, 1))


async def test_a_decision_is_turned_round_once(live: World) -> None:
    ada, bosses = await live.person("ada"), await staff(live, 4)
    posted = await ada.post("A carrot")
    draft = drafted("violates", Wish(kind="remove"), clause="words")
    made = await decide_subject(live.res.desk, reviewer(bosses[0]), "status", int(posted["id"]), draft)
    said = await asyncio.gather(
        *(reverse(live.res.desk, reviewer(each, "admin"), made, "review") for each in bosses), return_exceptions=True
    )
    assert sum(each is None for each in said) == 1
    assert await fetchval(live, "select count(*) from moderation_events where type = 'strike_lifted'") == 1
    assert await fetchval(live, "select statuses_count from account_stats where account_id = $1", ada.account_id) == 1


async def test_two_workers_on_one_bulk_decision_decide_nothing_twice(live: World) -> None:
    ada, (mod,) = await live.person("ada"), await staff(live, 1)
    await live.db.connection.execute("update users set role = 'moderator' where account_id = $1", mod.account_id)
    ids = [int((await ada.post(f"A carrot number {n}"))["id"]) for n in range(12)]
    draft = drafted("violates", Wish(kind="remove"), clause="words", revision=None)
    made = await start_bulk(live.res.desk, reviewer(mod), "status", ids, draft)
    await asyncio.gather(run_bulk(live.res.desk, made), run_bulk(live.res.desk, made))
    assert await fetchval(live, "select count(*) from decisions where bulk_id = $1", made) == 12
    assert (await get_bulk(live.res.desk, made)).done == 12
