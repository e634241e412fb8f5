"""Timelines over HTTP."""

from __future__ import annotations

from tests.world import World, link


async def test_a_status_appears_in_its_authors_home_timeline(world: World) -> None:
    alice = await world.person("alice")
    posted = await alice.post("hello", visibility="public")
    await world.settle()
    timeline = (await alice.api.get("/api/v1/timelines/home")).json()
    assert [status["id"] for status in timeline] == [posted["id"]]


async def test_home_takes_two_statements_for_one_row_and_for_forty(world: World) -> None:
    alice = await world.person("alice")
    counts: list[int] = []
    for total in (1, 40):
        while len((await alice.api.get("/api/v1/timelines/home?limit=40")).json()) < total:
            await alice.post("x")
            await world.settle()
        counts.append(len(await world.statements(lambda: alice.api.get("/api/v1/timelines/home?limit=40"))))
    assert counts == [2, 2]


async def test_pages_follow_each_other_in_both_directions(world: World) -> None:
    alice = await world.person("alice")
    ids = [(await alice.post(f"{number}"))["id"] for number in range(5)]
    await world.settle()
    first = await alice.api.get("/api/v1/timelines/home?limit=2")
    assert [s["id"] for s in first.json()] == [ids[4], ids[3]]
    second = await alice.api.get(link(first, "next") or "")
    assert [s["id"] for s in second.json()] == [ids[2], ids[1]]
    back = await alice.api.get(link(second, "prev") or "")
    assert [s["id"] for s in back.json()] == [ids[4], ids[3]]
    newest = await alice.api.get(f"/api/v1/timelines/home?since_id={ids[0]}&limit=2")
    assert [s["id"] for s in newest.json()] == [ids[4], ids[3]]
    after = await alice.api.get(f"/api/v1/timelines/home?min_id={ids[0]}&limit=2")
    assert [s["id"] for s in after.json()] == [ids[2], ids[1]]


async def test_both_local_and_remote_is_everything(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("hello")
    for asked, found in (("local=true", 1), ("remote=true", 0), ("local=true&remote=true", 1), ("", 1)):
        shown = (await world.anyone.get(f"/api/v1/timelines/public?{asked}")).json()
        assert [one["id"] for one in shown] == [status["id"]] * found
