"""Lists and their members over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Person, World, link


async def make(person: Person, title: str = "friends", **more: Any) -> dict[str, Any]:
    return (await person.api.post("/api/v1/lists", {"title": title, **more})).json()


async def members(person: Person, made: dict[str, Any], **params: Any) -> list[str]:
    answer = await person.api.get(f"/api/v1/lists/{made['id']}/accounts", params)
    return [account["id"] for account in answer.json()]


async def test_a_list_is_made_shown_changed_and_deleted(world: World) -> None:
    alice = await world.person("alice")
    made = await make(alice, " friends ")
    assert made == {"id": made["id"], "title": "friends", "replies_policy": "list", "exclusive": False}
    path = f"/api/v1/lists/{made['id']}"
    assert (await alice.api.get(path)).json() == made
    changed = (await alice.api.put(path, {"title": "Family", "replies_policy": "none", "exclusive": True})).json()
    assert changed == {"id": made["id"], "title": "Family", "replies_policy": "none", "exclusive": True}
    assert (await alice.api.patch(path, {"exclusive": "false"})).json() == {**changed, "exclusive": False}
    assert (await alice.api.get("/api/v1/lists")).json() == [{**changed, "exclusive": False}]
    assert (await alice.api.delete(path)).json() == {}
    await alice.api.get(path, expect=404)
    assert (await alice.api.get("/api/v1/lists")).json() == []


async def test_a_list_needs_a_usable_title_and_policy(world: World) -> None:
    alice = await world.person("alice")
    made = await make(alice)
    for wrong in ({"title": "  "}, {"title": "x" * 257}, {"title": "x", "replies_policy": "some"}):
        assert "Validation failed" in (await alice.api.post("/api/v1/lists", wrong, expect=422)).json()["error"]
        await alice.api.put(f"/api/v1/lists/{made['id']}", wrong, expect=422)
    await alice.api.post("/api/v1/lists", {}, expect=400)
    assert (await alice.api.get("/api/v1/lists")).json() == [made]


async def test_there_are_no_more_than_fifty(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    for number in range(50):
        await make(alice, f"list {number}")
    answer = await alice.api.post("/api/v1/lists", {"title": "one too many"}, expect=422)
    assert "50 lists" in answer.json()["error"]
    await make(bob)


async def test_lists_of_others_are_not_there(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    path = f"/api/v1/lists/{(await make(alice))['id']}"
    for method, url in (("GET", path), ("PUT", path), ("DELETE", path), ("GET", f"{path}/accounts"),
                        ("POST", f"{path}/accounts"), ("DELETE", f"{path}/accounts")):  # fmt: skip
        answer = await bob.api.request(method, url, json={"title": "mine", "account_ids": [bob.id]}, expect=404)
        assert answer.json() == {"error": "Record not found"}
    assert (await bob.api.get("/api/v1/lists")).json() == []


async def test_only_those_whom_the_owner_follows_or_has_asked_can_be_members(world: World) -> None:
    alice, bob, carol, dan = [await world.person(name) for name in ("alice", "bob", "carol", "dan")]
    await world.db.connection.execute("update accounts set locked = true where id = $1", carol.account_id)
    for person in (bob, carol):
        await alice.follow(person)
    made = await make(alice)
    path = f"/api/v1/lists/{made['id']}/accounts"
    for wrong in ([dan.id], [bob.id, dan.id], ["99"]):
        answer = await alice.api.post(path, {"account_ids": wrong}, expect=404)
        assert answer.json() == {"error": "Record not found"}
    assert await members(alice, made) == []
    assert (await alice.api.post(path, {"account_ids": [bob.id, carol.id, alice.id]})).json() == {}
    assert set(await members(alice, made)) == {alice.id, bob.id, carol.id}
    await alice.api.post(path, {"account_ids": [bob.id]})
    assert len(await members(alice, made)) == 3
    await carol.api.post(f"/api/v1/follow_requests/{alice.id}/authorize")
    assert carol.id in await members(alice, made)


async def test_a_refused_request_leaves_the_list(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await world.db.connection.execute("update accounts set locked = true where id = $1", bob.account_id)
    await alice.follow(bob)
    made = await make(alice)
    await alice.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [bob.id]})
    await bob.api.post(f"/api/v1/follow_requests/{alice.id}/reject")
    assert await members(alice, made) == []


@pytest.mark.parametrize("shape", ["json", "form", "multipart", "query"])
async def test_members_are_named_in_every_form_and_removed_by_body_or_query(world: World, shape: str) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    for person in (bob, carol):
        await alice.follow(person)
    made = await make(alice)
    named: Any = {
        "json": {"json": {"account_ids": [bob.id, carol.id]}},
        "form": {"data": {"account_ids[]": [bob.id, carol.id]}},
        "multipart": {"files": {"account_ids[0]": (None, bob.id), "account_ids[1]": (None, carol.id)}},
        "query": {"params": [("account_ids[]", bob.id), ("account_ids[]", carol.id)]},
    }[shape]
    path = f"/api/v1/lists/{made['id']}/accounts"
    await alice.api.request("POST", path, **named)
    assert set(await members(alice, made)) == {bob.id, carol.id}
    assert (await alice.api.request("DELETE", path, **named)).json() == {}
    assert await members(alice, made) == []
    await alice.api.request("DELETE", path, **named)


async def test_members_page_at_a_constant_cost_and_come_all_at_once_with_limit_0(world: World) -> None:
    alice, others, costs = await world.person("alice"), list[Person](), list[int]()
    made = await make(alice)
    path = f"/api/v1/lists/{made['id']}/accounts"
    for total in (1, 41):
        while len(others) < total:
            others.append(await world.person(f"p{len(others)}"))
            await alice.follow(others[-1])
            await alice.api.post(path, {"account_ids": [others[-1].id]})
        await alice.api.get(path)
        costs.append(len(await world.statements(lambda: alice.api.get(path))))
    assert costs[0] == costs[1] <= 4
    newest_first = [person.id for person in reversed(others)]
    first = await alice.api.get(path)
    assert [account["id"] for account in first.json()] == newest_first[:40]
    second = await alice.api.get(link(first, "next") or "")
    assert [account["id"] for account in second.json()] == newest_first[40:]
    everybody = await alice.api.get(path, {"limit": 0})
    assert [account["id"] for account in everybody.json()] == newest_first
    assert "link" not in everybody.headers


async def test_the_list_timeline_shows_the_members_and_an_exclusive_list_keeps_them_from_home(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    for person in (bob, carol):
        await alice.follow(person)
    made = await make(alice, exclusive=True)
    await alice.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [bob.id]})
    inside, outside = await bob.post("in the list"), await carol.post("not in the list")
    await world.settle()
    shown = (await alice.api.get(f"/api/v1/timelines/list/{made['id']}")).json()
    assert [status["id"] for status in shown] == [inside["id"]]
    assert [status["id"] for status in (await alice.api.get("/api/v1/timelines/home")).json()] == [outside["id"]]


async def test_lists_need_their_scopes(world: World) -> None:
    reader = await world.person("reader", scopes="read:lists")
    writer = await world.person("writer", scopes="write:lists")
    await reader.api.get("/api/v1/lists")
    await reader.api.post("/api/v1/lists", {"title": "x"}, expect=403)
    await writer.api.post("/api/v1/lists", {"title": "x"})
    await writer.api.get("/api/v1/lists", expect=403)
    await world.anyone.get("/api/v1/lists", expect=401)
