"""Scheduled statuses over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rostra.entities.account import timestamp
from tests.api.pictures import upload
from tests.world import Person, World, link


async def plan(
    person: Person, minutes: float, text: str = "later", *, expect: int = 200, **more: Any
) -> dict[str, Any]:
    at = timestamp(person.world.clock.now() + timedelta(minutes=minutes))
    wanted = {"status": text, "scheduled_at": at, **more}
    return (await person.api.post("/api/v1/statuses", wanted, expect=expect)).json()


async def own(person: Person) -> list[dict[str, Any]]:
    return (await person.api.get(f"/api/v1/accounts/{person.id}/statuses")).json()


async def waiting(person: Person) -> list[dict[str, Any]]:
    return (await person.api.get("/api/v1/scheduled_statuses")).json()


async def test_a_scheduled_status_waits_with_all_its_parts_and_is_published_at_its_time(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    picture = await upload(alice, description="a gate")
    parent = await bob.post("parent")
    made = await plan(
        alice, 10, "Later @bob #tag", media_ids=[picture["id"]], visibility="unlisted", spoiler_text="cw",
        language="it", in_reply_to_id=parent["id"],
    )  # fmt: skip
    assert set(made) == {"id", "scheduled_at", "params", "media_attachments"}
    assert made["scheduled_at"] == "2026-05-04T12:10:00.000Z"
    assert [media["description"] for media in made["media_attachments"]] == ["a gate"]
    params = made["params"]
    assert (params["text"], params["visibility"], params["spoiler_text"]) == ("Later @bob #tag", "unlisted", "cw")
    assert (params["media_ids"], params["in_reply_to_id"]) == ([picture["id"]], parent["id"])
    assert await waiting(alice) == [made]
    assert (await alice.api.get(f"/api/v1/scheduled_statuses/{made['id']}")).json() == made
    # What waits for it cannot be posted otherwise.
    await alice.api.post("/api/v1/statuses", {"status": "x", "media_ids": [picture["id"]]}, expect=422)
    await world.settle()
    assert await own(alice) == []
    world.clock.tick(minutes=10)
    await world.settle()
    assert await waiting(alice) == []
    status = (await own(alice))[0]
    assert (status["created_at"], status["visibility"], status["language"]) == (
        "2026-05-04T12:10:00.000Z", "unlisted", "it",
    )  # fmt: skip
    assert [media["id"] for media in status["media_attachments"]] == [picture["id"]]
    assert status["in_reply_to_id"] == parent["id"]
    assert status["application"]["name"] == "Test app"
    told = (await bob.api.get("/api/v1/notifications")).json()
    assert [one["type"] for one in told] == ["mention"]
    await world.settle()
    assert len(await own(alice)) == 1


async def test_a_poll_begins_when_its_status_is_published(world: World) -> None:
    alice = await world.person("alice")
    made = await plan(alice, 10, poll={"options": ["a", "b"], "expires_in": 600, "multiple": True})
    assert made["params"]["poll"] == {"options": ["a", "b"], "expires_in": 600, "multiple": True, "hide_totals": False}
    world.clock.tick(minutes=10)
    await world.settle()
    assert (await own(alice))[0]["poll"]["expires_at"] == "2026-05-04T12:20:00.000Z"


async def test_a_time_must_be_five_minutes_ahead_and_one_in_the_past_means_now(world: World) -> None:
    alice = await world.person("alice")
    assert "scheduled_at" in (await plan(alice, 4.9, expect=422))["details"]
    made = await plan(alice, 5)
    path = f"/api/v1/scheduled_statuses/{made['id']}"
    for wrong in (timestamp(world.clock.now() + timedelta(minutes=4)), "soon", ""):
        refused = await alice.api.put(path, {"scheduled_at": wrong}, expect=422)
        assert "scheduled_at" in refused.json()["details"]
    assert "content" in await plan(alice, -1)
    assert len(await own(alice)) == 1


async def test_another_time_replaces_the_first(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    made = await plan(alice, 10)
    path = f"/api/v1/scheduled_statuses/{made['id']}"
    later = timestamp(world.clock.now() + timedelta(minutes=20))
    await bob.api.put(path, {"scheduled_at": later}, expect=404)
    assert (await alice.api.put(path, {"scheduled_at": later})).json()["scheduled_at"] == later
    world.clock.tick(minutes=10)
    await world.settle()
    assert await own(alice) == []
    world.clock.tick(minutes=10)
    await world.settle()
    assert len(await own(alice)) == 1


async def test_a_cancelled_status_is_not_published_and_lets_its_pictures_go(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    picture = await upload(alice)
    made = await plan(alice, 10, media_ids=[picture["id"]])
    path = f"/api/v1/scheduled_statuses/{made['id']}"
    await bob.api.get(path, expect=404)
    await bob.api.delete(path, expect=404)
    assert (await alice.api.delete(path)).json() == {}
    await alice.api.delete(path, expect=404)
    world.clock.tick(minutes=10)
    await world.settle()
    assert await own(alice) == []
    assert await alice.post("x", media_ids=[picture["id"]])


async def test_a_draft_is_checked_when_it_is_scheduled(world: World) -> None:
    alice = await world.person("alice")
    await plan(alice, 10, "", expect=422)
    await plan(alice, 10, "x" * 501, expect=422)
    await plan(alice, 10, in_reply_to_id="12345", expect=404)
    assert await waiting(alice) == []


async def test_what_cannot_be_published_any_more_stays_with_its_author(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("parent")
    made = await plan(alice, 10, in_reply_to_id=parent["id"])
    await bob.api.delete(f"/api/v1/statuses/{parent['id']}")
    world.clock.tick(minutes=10)
    await world.settle()
    assert await own(alice) == []
    assert [(one["id"], one["problem"]) for one in await waiting(alice)] == [(made["id"], "parent")]
    # Another time is another chance.
    later = {"scheduled_at": timestamp(world.clock.now() + timedelta(minutes=10))}
    moved = (await alice.api.put(f"/api/v1/scheduled_statuses/{made['id']}", later)).json()
    assert "problem" not in moved


async def test_what_has_other_pictures_or_a_closed_parent_by_then_says_so(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("parent")
    await plan(alice, 10, in_reply_to_id=parent["id"])
    picture = await upload(alice)
    await plan(alice, 10, media_ids=[picture["id"]])
    await world.db.connection.execute("update statuses set interaction_off = true where id = $1", int(parent["id"]))
    await world.db.connection.execute("delete from media_attachments where account_id = $1", alice.account_id)
    world.clock.tick(minutes=10)
    await world.settle()
    assert sorted(one["problem"] for one in await waiting(alice)) == ["closed", "media"]


async def test_a_barred_account_publishes_nothing_by_waiting(world: World) -> None:
    alice = await world.person("alice")
    await plan(alice, 10)
    await world.db.connection.execute(
        "update users set disabled_at = $2 where account_id = $1", alice.account_id, world.clock.now()
    )
    world.clock.tick(minutes=10)
    await world.settle()
    assert await world.db.connection.fetchval("select count(*) from statuses") == 0
    assert await world.db.connection.fetchval("select problem from scheduled_statuses") == "barred"


async def test_there_may_be_25_a_day_and_300_in_all(world: World) -> None:
    alice = await world.person("alice")
    for _ in range(25):
        await plan(alice, 60)
    assert "25" in (await plan(alice, 60, expect=422))["error"]
    tomorrow = await plan(alice, 60 * 24)
    today = timestamp(world.clock.now() + timedelta(minutes=70))
    path = f"/api/v1/scheduled_statuses/{tomorrow['id']}"
    assert "25" in (await alice.api.put(path, {"scheduled_at": today}, expect=422)).json()["error"]
    await world.db.connection.execute(
        "insert into scheduled_statuses (id, account_id, scheduled_at, draft, created_at)"
        " select make_id($2), $1, $2::timestamptz + make_interval(days => 10 + n), '{}', $2"
        " from generate_series(1, 274) n",
        alice.account_id,
        world.clock.now(),
    )
    assert "300" in (await plan(alice, 60 * 48, expect=422))["error"]


async def test_the_same_key_schedules_once_and_later_answers_the_status(world: World) -> None:
    alice = await world.person("alice")
    headers = {"Idempotency-Key": "abc"}
    at = timestamp(world.clock.now() + timedelta(minutes=10))
    sent = {"status": "once", "scheduled_at": at}
    made = [(await alice.api.post("/api/v1/statuses", sent, headers=headers)).json() for _ in range(2)]
    assert made[0] == made[1]
    assert len(await waiting(alice)) == 1
    world.clock.tick(minutes=10)
    await world.settle()
    published = (await own(alice))[0]
    assert (await alice.api.post("/api/v1/statuses", sent, headers=headers)).json()["id"] == published["id"]
    assert len(await own(alice)) == 1


async def test_the_list_pages_by_id_and_costs_the_same_for_one_and_for_twenty(world: World) -> None:
    alice = await world.person("alice")
    made: list[str] = []
    costs: list[int] = []
    for number in range(20):
        made.insert(0, (await plan(alice, 60, str(number)))["id"])
        world.clock.tick(milliseconds=1)
        if number in (0, 19):
            costs.append(len(await world.statements(lambda: waiting(alice))))
    assert costs[0] == costs[1] <= 2
    first = await alice.api.get("/api/v1/scheduled_statuses?limit=15")
    assert [one["id"] for one in first.json()] == made[:15]
    second = await alice.api.get(link(first, "next") or "")
    assert [one["id"] for one in second.json()] == made[15:]
    assert link(second, "next") is None
    back = await alice.api.get(link(second, "prev") or "")
    assert [one["id"] for one in back.json()] == made[:15]


async def test_nothing_is_scheduled_for_more_than_five_years_ahead(world: World) -> None:
    alice = await world.person("alice")
    form = {"status": "far away", "scheduled_at": "2031-05-01T12:00:00Z"}
    made = (await alice.api.post("/api/v1/statuses", form)).json()
    form["scheduled_at"] = "2031-06-01T12:00:00Z"
    refused = await alice.api.post("/api/v1/statuses", form, expect=422)
    assert list(refused.json()["details"]) == ["scheduled_at"]
    path = f"/api/v1/scheduled_statuses/{made['id']}"
    await alice.api.put(path, {"scheduled_at": form["scheduled_at"]}, expect=422)
