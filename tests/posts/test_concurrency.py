"""What happens at once, on real connections: nothing is counted twice or lost, and nobody waits in a circle."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from rostra.kit.clock import FixedClock
from rostra.posts.schedule import publish_scheduled
from tests.api.pictures import upload
from tests.posts.live import fetchval, live_world
from tests.world import Person, World

COUNTS_ARE_EXACT = """
select not exists (
    select from status_stats st where (st.replies_count, st.reblogs_count, st.favourites_count) is distinct from (
      (select count(*) from statuses r
        where r.in_reply_to_id = st.status_id and r.visibility in ('public', 'unlisted')),
      (select count(*) from statuses b where b.reblog_of_id = st.status_id),
      (select count(*) from favourites f where f.status_id = st.status_id)))
  and not exists (
    select from account_stats st where st.statuses_count is distinct from (
      select count(*) from statuses s where s.account_id = st.account_id and s.visibility <> 'direct'))
"""


@pytest.fixture
async def live(fresh_dsn: str, clock: FixedClock, tmp_path: Path) -> AsyncIterator[World]:
    async with live_world(fresh_dsn, clock, tmp_path) as world:
        yield world


async def people(world: World, number: int) -> list[Person]:
    return [await world.person(f"p{index}") for index in range(number)]


def codes(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_one_key_sent_by_many_at_once_makes_one_status(live: World) -> None:
    alice = await live.person("alice")
    picture = await upload(alice)
    sent = {"status": "once", "media_ids": [picture["id"]]}
    answers = await asyncio.gather(
        *[alice.api.post("/api/v1/statuses", sent, headers={"idempotency-key": "k"}, expect=None) for _ in range(10)]
    )
    assert codes(answers) == {200: 10}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await fetchval(live, "select count(*) from statuses") == 1


async def test_one_picture_wanted_by_many_posts_at_once_goes_to_one(live: World) -> None:
    alice = await live.person("alice")
    picture = await upload(alice)
    sent = {"status": "mine", "media_ids": [picture["id"]]}
    answers = await asyncio.gather(*[alice.api.post("/api/v1/statuses", sent, expect=None) for _ in range(6)])
    assert codes(answers) == {200: 1, 422: 5}
    assert await fetchval(live, "select count(*) from statuses") == 1


@pytest.mark.parametrize("verb", ["favourite", "reblog", "bookmark"])
async def test_the_same_reaction_at_once_counts_once(live: World, verb: str) -> None:
    alice, bob = await people(live, 2)
    status = await alice.post("x")
    answers = await asyncio.gather(*[bob.api.post(f"/api/v1/statuses/{status['id']}/{verb}") for _ in range(8)])
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await fetchval(live, COUNTS_ARE_EXACT)


async def test_reactions_of_many_and_their_taking_back_leave_exact_counts(live: World) -> None:
    crowd = await people(live, 6)
    statuses = [await crowd[0].post(str(number)) for number in range(2)]
    verbs = ("favourite", "reblog", "unfavourite", "unreblog", "favourite", "bookmark", "unbookmark", "mute")
    answers = await asyncio.gather(
        *[
            person.api.post(f"/api/v1/statuses/{status['id']}/{verb}", expect=None)
            for verb in verbs
            for person in crowd
            for status in statuses
        ]
    )
    # A boost that was taken back before its answer was read is gone.
    assert set(codes(answers)) <= {200, 404}
    assert await fetchval(live, COUNTS_ARE_EXACT)


async def test_a_thread_that_is_deleted_while_people_answer_and_react_leaves_exact_counts(live: World) -> None:
    crowd = await people(live, 5)
    alice = crowd[0]
    root = await alice.post("root #tag")
    branch = await alice.post("branch #tag", in_reply_to_id=root["id"])
    for person in crowd:
        await person.api.post(f"/api/v1/statuses/{branch['id']}/reblog")

    async def everything(person: Person) -> list[httpx.Response]:
        return [
            await person.api.request(method, path, expect=None, **more)
            for method, path, more in (
                ("POST", "/api/v1/statuses", {"json": {"status": "a #tag", "in_reply_to_id": branch["id"]}}),
                ("POST", f"/api/v1/statuses/{branch['id']}/favourite", {}),
                ("POST", f"/api/v1/statuses/{branch['id']}/unreblog", {}),
                ("POST", f"/api/v1/statuses/{branch['id']}/reblog", {}),
                ("POST", f"/api/v1/statuses/{root['id']}/reblog", {}),
                ("POST", "/api/v1/statuses", {"json": {"status": "b #tag", "in_reply_to_id": root["id"]}}),
                ("POST", f"/api/v1/statuses/{root['id']}/unfavourite", {}),
            )
        ]

    async def delete() -> list[httpx.Response]:
        await asyncio.sleep(0.02)
        both = [alice.api.delete(f"/api/v1/statuses/{one['id']}", expect=None) for one in (branch, root)]
        return list(await asyncio.gather(*both))

    results = await asyncio.gather(delete(), *[everything(person) for person in crowd])
    assert codes(results[0]) == {200: 2}
    assert set(codes([answer for result in results for answer in result])) <= {200, 404}
    assert await fetchval(live, COUNTS_ARE_EXACT)
    assert await fetchval(live, "select count(*) from statuses where reblog_of_id is not null") == 0


async def test_votes_at_once_are_all_counted_and_twice_is_once(live: World) -> None:
    crowd = await people(live, 9)
    poll = (await crowd[0].post("?", poll={"options": ["a", "b"], "expires_in": 600, "multiple": True}))["poll"]
    path = f"/api/v1/polls/{poll['id']}/votes"
    answers = await asyncio.gather(
        *[
            person.api.post(path, {"choices": [0, 1] if index % 2 else [1]}, expect=None)
            for index, person in enumerate(crowd[1:])
            for _ in range(2)
        ]
    )
    assert codes(answers) == {200: 8, 422: 8}
    shown = (await crowd[0].api.get(f"/api/v1/polls/{poll['id']}")).json()
    assert ([option["votes_count"] for option in shown["options"]], shown["voters_count"]) == ([4, 8], 8)


async def test_edits_at_once_follow_each_other(live: World) -> None:
    alice = await live.person("alice")
    status = await alice.post("0")
    path = f"/api/v1/statuses/{status['id']}"
    await asyncio.gather(*[alice.api.put(path, {"status": f"{number} #tag{number}"}) for number in range(1, 6)])
    history = (await alice.api.get(f"{path}/history")).json()
    assert len({version["content"] for version in history}) == 6
    shown = (await alice.api.get(path)).json()
    assert shown["content"] == history[-1]["content"]
    assert [tag["name"] for tag in shown["tags"]] == [shown["content"].split("tags/")[1].split('"')[0]]


async def test_a_sixth_pin_at_once_with_a_fifth_is_refused(live: World) -> None:
    alice = await live.person("alice")
    ids = [(await alice.post(str(number)))["id"] for number in range(8)]
    answers = await asyncio.gather(
        *[alice.api.post(f"/api/v1/statuses/{status_id}/pin", expect=None) for status_id in ids]
    )
    assert codes(answers) == {200: 5, 422: 3}


async def test_a_scheduled_status_whose_job_runs_twice_at_once_is_published_once(live: World) -> None:
    alice = await live.person("alice")
    made = await alice.post("later", scheduled_at="2026-05-04T13:00:00Z")
    live.clock.tick(hours=1)
    res = live.res
    published = await asyncio.gather(
        *[publish_scheduled(res.db, res.clock, res.urls, res.emit, res.screen, int(made["id"])) for _ in range(5)]
    )
    assert [status_id is None for status_id in published].count(False) == 1
    assert await fetchval(live, "select count(*) from statuses") == 1


async def test_stale_json_that_many_read_at_once_is_made_anew_without_a_deadlock(live: World) -> None:
    alice = await live.person("alice")
    ids = [(await alice.post(str(number)))["id"] for number in range(10)]
    for _ in range(3):
        await live.db.connection.execute("update statuses set rendered_for = 0, rendered = replace(rendered, 'p', 'q')")
        await live.db.connection.execute("update accounts set rendered_for = 0")
        wanted = [ids, ids[::-1], ids[5:] + ids[:5], ids[::2]]
        answers = await asyncio.gather(
            *[alice.api.get("/api/v1/statuses", {"id[]": some}) for some in wanted for _ in range(2)]
        )
        shown = {status["content"] for answer in answers for status in answer.json()}
        assert shown == {f"<p>{number}</p>" for number in range(10)}


async def test_an_edit_is_not_undone_by_a_reader_who_renders_what_was(live: World) -> None:
    alice = await live.person("alice")
    status = await alice.post("old")
    path = f"/api/v1/statuses/{status['id']}"
    for number in range(10):
        await live.db.connection.execute("update statuses set rendered_for = 0")
        await asyncio.gather(
            *[alice.api.get(path) for _ in range(3)],
            alice.api.put(path, {"status": f"new {number}"}),
            *[alice.api.get(path) for _ in range(3)],
        )
        assert (await alice.api.get(path)).json()["content"] == f"<p>new {number}</p>"
