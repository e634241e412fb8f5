"""Boosts, favourites, bookmarks, pins and muted conversations over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Person, World, link


async def show(person: Person, status_id: str) -> dict[str, Any]:
    return (await person.api.get(f"/api/v1/statuses/{status_id}")).json()


async def act(person: Person, verb: str, status_id: str, expect: int = 200, **more: Any) -> dict[str, Any]:
    return (await person.api.post(f"/api/v1/statuses/{status_id}/{verb}", more, expect=expect)).json()


@pytest.mark.parametrize(
    ("do", "undo", "flag", "count"),
    [
        ("favourite", "unfavourite", "favourited", "favourites_count"),
        ("bookmark", "unbookmark", "bookmarked", None),
        ("mute", "unmute", "muted", None),
        ("pin", "unpin", "pinned", None),
    ],
)
async def test_a_reaction_shows_may_be_repeated_and_can_be_taken_back(
    world: World, do: str, undo: str, flag: str, count: str | None
) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    who = alice if do == "pin" else bob
    status = await alice.post("x")
    for _ in range(2):
        after = await act(who, do, status["id"])
        assert after["id"] == status["id"]
        assert after[flag]
        assert count is None or after[count] == 1
    assert not (await show(bob if who is alice else alice, status["id"])).get(flag)
    for _ in range(2):
        after = await act(who, undo, status["id"])
        assert not after[flag]
        assert count is None or after[count] == 0
    await act(who, do, "12345", expect=404)
    await act(who, undo, "12345", expect=404)


@pytest.mark.parametrize("verb", ["favourite", "bookmark", "mute", "reblog", "pin"])
async def test_what_one_may_not_see_one_cannot_react_to(world: World, verb: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("for followers", visibility="private")
    assert (await act(bob, verb, status["id"], expect=404))["error"] == "Record not found"
    await world.anyone.post(f"/api/v1/statuses/{status['id']}/{verb}", expect=401)


@pytest.mark.parametrize("verb", ["favourite", "bookmark", "reblog", "mute"])
async def test_a_reaction_to_a_boost_is_one_to_what_it_boosts(world: World, verb: str) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    status = await alice.post("x")
    boost = await act(bob, "reblog", status["id"])
    flag = {"favourite": "favourited", "bookmark": "bookmarked", "reblog": "reblogged", "mute": "muted"}[verb]
    answer = await act(carol, verb, boost["id"])
    assert answer["reblog"]["id"] == status["id"]
    assert answer[flag]
    assert answer["reblog"][flag]
    assert (await show(carol, status["id"]))[flag]


async def test_taking_back_works_on_what_is_no_longer_to_be_seen(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    status = await alice.post("x", visibility="private")
    await act(bob, "favourite", status["id"])
    await alice.api.post(f"/api/v1/accounts/{bob.id}/remove_from_followers")
    await act(bob, "unfavourite", status["id"], expect=404)
    assert (await show(alice, status["id"]))["favourites_count"] == 0


async def test_favouriting_tells_the_author_once_and_taking_back_untells(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("x")
    for verb in ("favourite", "favourite", "reblog", "reblog"):
        await act(bob, verb, status["id"])
    await world.settle()
    told = (await alice.api.get("/api/v1/notifications")).json()
    assert {one["type"] for one in told} == {"favourite", "reblog"}
    assert len(told) == 2
    for verb in ("unfavourite", "unreblog"):
        await act(bob, verb, status["id"])
    await world.settle()
    assert (await alice.api.get("/api/v1/notifications")).json() == []


async def test_a_boost_is_answered_with_itself_and_is_one_however_often_it_is_asked_for(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("x", spoiler_text="cw")
    first, second = await act(bob, "reblog", status["id"]), await act(bob, "reblog", status["id"])
    assert first["id"] == second["id"] != status["id"]
    assert first["account"]["id"] == bob.id
    assert first["reblog"]["id"] == status["id"]
    assert first["reblog"]["account"]["id"] == alice.id
    assert first["reblog"]["spoiler_text"] == "cw"
    assert first["reblog"]["reblogs_count"] == first["reblogs_count"] == 1
    assert first["reblogged"]
    assert first["reblog"]["reblogged"]
    again = await act(bob, "unreblog", status["id"])
    assert (again["id"], again["reblogged"], again["reblogs_count"]) == (status["id"], False, 0)
    await act(bob, "unreblog", status["id"])
    third = await act(bob, "reblog", first["reblog"]["id"])
    undone = await act(bob, "unreblog", third["id"])
    assert undone["id"] == status["id"]


async def test_who_may_boost_what_and_to_whom(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    private = await alice.post("x", visibility="private")
    direct = await alice.post("@bob x", visibility="direct")
    public = await alice.post("x")
    assert (await act(bob, "reblog", private["id"], expect=403))["error"] == "This action is not allowed"
    await act(bob, "reblog", direct["id"], expect=403)
    await act(alice, "reblog", direct["id"], expect=403)
    # One's own followers-only post can be shown again, to the same people.
    assert (await act(alice, "reblog", private["id"], visibility="public"))["visibility"] == "private"
    assert (await act(bob, "reblog", public["id"], visibility="unlisted"))["visibility"] == "unlisted"
    await act(bob, "unreblog", public["id"])
    await act(bob, "reblog", public["id"], expect=422, visibility="direct")
    await world.db.connection.execute(
        "update users set default_visibility = 'direct' where account_id = $1", bob.account_id
    )
    assert (await act(bob, "reblog", public["id"]))["visibility"] == "private"
    await act(bob, "unreblog", public["id"])
    await bob.api.post(f"/api/v1/accounts/{alice.id}/block")
    await act(bob, "reblog", public["id"], expect=403)
    await act(bob, "favourite", public["id"], expect=403)


async def test_a_boost_of_what_the_viewer_may_not_see_is_not_seen(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await carol.follow(bob)
    status = await alice.post("x")
    boost = await act(bob, "reblog", status["id"])
    await world.settle()
    assert len((await carol.api.get("/api/v1/timelines/home")).json()) == 1
    await alice.api.post(f"/api/v1/accounts/{carol.id}/block")
    await carol.api.get(f"/api/v1/statuses/{boost['id']}", expect=404)
    assert (await carol.api.get("/api/v1/timelines/home")).json() == []


async def test_pins_are_ones_own_not_boosts_not_direct_and_five(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    theirs, direct = await bob.post("x"), await alice.post("x", visibility="direct")
    boost = await act(alice, "reblog", theirs["id"])
    refusals = [(await act(alice, "pin", one["id"], expect=422))["error"] for one in (theirs, direct, boost)]
    assert len(set(refusals)) == 3
    ids = [(await alice.post(str(number), visibility="private"))["id"] for number in range(6)]
    for status_id in ids[:5]:
        await act(alice, "pin", status_id)
    assert "5" in (await act(alice, "pin", ids[5], expect=422))["error"]
    await act(alice, "pin", ids[0])
    await act(alice, "unpin", ids[0])
    await act(alice, "pin", ids[5])
    pinned = (await alice.api.get(f"/api/v1/accounts/{alice.id}/statuses?pinned=true")).json()
    assert [status["id"] for status in pinned] == [ids[5], ids[4], ids[3], ids[2], ids[1]]


async def test_a_muted_conversation_is_silent_in_all_its_parts(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    root = await alice.post("root")
    reply = await bob.post("@alice one", in_reply_to_id=root["id"])
    await world.settle()
    await act(alice, "mute", reply["id"])
    assert (await show(alice, root["id"]))["muted"]
    await bob.post("@alice two", in_reply_to_id=reply["id"])
    await world.settle()
    assert len((await alice.api.get("/api/v1/notifications")).json()) == 1
    await act(alice, "unmute", root["id"])
    await bob.post("@alice three", in_reply_to_id=reply["id"])
    await world.settle()
    assert len((await alice.api.get("/api/v1/notifications")).json()) == 2


@pytest.mark.parametrize("verb", ["favourite", "bookmark"])
async def test_what_was_saved_comes_latest_first_and_pages_by_the_order_of_saving(world: World, verb: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    ids = [(await alice.post(str(number)))["id"] for number in range(5)]
    for status_id in (order := [ids[index] for index in (3, 0, 4, 1, 2)]):
        await act(bob, verb, status_id)
        world.clock.tick(milliseconds=1)
    path = f"/api/v1/{verb}s"
    first = await bob.api.get(f"{path}?limit=2")
    assert [status["id"] for status in first.json()] == [order[4], order[3]]
    second = await bob.api.get(link(first, "next") or "")
    assert [status["id"] for status in second.json()] == [order[2], order[1]]
    last = await bob.api.get(link(second, "next") or "")
    assert [status["id"] for status in last.json()] == [order[0]]
    assert link(last, "next") is None
    back = await bob.api.get(link(last, "prev") or "")
    assert [status["id"] for status in back.json()] == [order[2], order[1]]
    # The cursor is no id of a status.
    assert not any(status_id in (link(first, "next") or "") for status_id in ids)
    nothing = await alice.api.get(path)
    assert nothing.json() == []
    assert "link" not in nothing.headers
    await world.anyone.get(path, expect=401)


@pytest.mark.parametrize("verb", ["favourite", "bookmark"])
async def test_what_was_saved_and_may_not_be_seen_any_more_leaves_no_short_page(world: World, verb: str) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await bob.follow(carol)
    kept = await alice.post("kept")
    hidden = [await carol.post(str(number), visibility="private") for number in range(3)]
    for status in (kept, *hidden):
        await act(bob, verb, status["id"])
        world.clock.tick(milliseconds=1)
    await carol.api.post(f"/api/v1/accounts/{bob.id}/remove_from_followers")
    answer = await bob.api.get(f"/api/v1/{verb}s?limit=1")
    assert [status["id"] for status in answer.json()] == [kept["id"]]


@pytest.mark.parametrize(("verb", "people"), [("reblog", "reblogged_by"), ("favourite", "favourited_by")])
async def test_people_come_latest_first_without_those_the_viewer_does_not_want(
    world: World, verb: str, people: str
) -> None:
    alice = await world.person("alice")
    others = [await world.person(f"p{number}") for number in range(4)]
    status = await alice.post("x")
    for person in others:
        await act(person, verb, status["id"])
        world.clock.tick(milliseconds=1)
    path = f"/api/v1/statuses/{status['id']}/{people}"
    first = await world.anyone.get(f"{path}?limit=3")
    assert [account["acct"] for account in first.json()] == ["p3", "p2", "p1"]
    second = await world.anyone.get(link(first, "next") or "")
    assert [account["acct"] for account in second.json()] == ["p0"]
    assert link(second, "next") is None
    back = await world.anyone.get(link(second, "prev") or "")
    assert [account["acct"] for account in back.json()] == ["p3", "p2", "p1"]
    await alice.api.post(f"/api/v1/accounts/{others[2].id}/mute")
    assert [account["acct"] for account in (await alice.api.get(path)).json()] == ["p3", "p1", "p0"]
    private = await alice.post("x", visibility="private")
    await others[0].api.get(f"/api/v1/statuses/{private['id']}/{people}", expect=404)


async def test_a_boost_to_followers_only_is_not_shown_to_others(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("x")
    await act(bob, "reblog", status["id"], visibility="private")
    path = f"/api/v1/statuses/{status['id']}/reblogged_by"
    assert (await world.anyone.get(path)).json() == []
    assert [account["acct"] for account in (await bob.api.get(path)).json()] == ["bob"]


@pytest.mark.parametrize("what", ["favourites", "bookmarks", "favourited_by", "reblogged_by"])
async def test_a_list_takes_as_many_statements_for_one_row_as_for_forty(world: World, what: str) -> None:
    alice = await world.person("alice")
    subject = await alice.post("x")
    path = f"/api/v1/{what}" if what in ("favourites", "bookmarks") else f"/api/v1/statuses/{subject['id']}/{what}"
    verb = {"favourites": "favourite", "bookmarks": "bookmark", "favourited_by": "favourite"}.get(what, "reblog")
    costs: list[int] = []
    for number in range(40):
        if what in ("favourites", "bookmarks"):
            await act(alice, verb, (await alice.post(str(number)))["id"])
        else:
            await act(await world.person(f"p{number}"), verb, subject["id"])
        world.clock.tick(milliseconds=1)
        if number in (0, 39):
            await alice.api.get(f"{path}?limit=40")
            costs.append(len(await world.statements(lambda: alice.api.get(f"{path}?limit=40"))))
    assert len((await alice.api.get(f"{path}?limit=40")).json()) == 40
    assert costs[0] == costs[1]
