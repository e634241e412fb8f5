"""Aliases, and moving from one account to another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.archive import move
from rostra.archive.aliases import MAX_ALIASES, Elsewhere, add_alias, list_aliases, remove_alias
from rostra.archive.move import Hindered, carry_batch, find_move, start_move, undo_move
from rostra.kit.errors import Invalid
from tests.world import Person, World


@pytest.fixture
async def old(world: World) -> Person:
    return await world.person("old")


@pytest.fixture
async def new(world: World, old: Person) -> Person:
    new = await world.person("new")
    await add_alias(world.db, world.clock, world.res.urls, new.account_id, "@old@localhost:3000")
    return new


async def go(world: World, old: Person, named: str = "new", mode: str = "followers") -> int:
    res = world.res
    move_id = await start_move(
        res.db,
        res.clock,
        res.emit,
        res.urls,
        old.account_id,
        named,
        mode="followers" if mode == "followers" else "redirect",
    )
    await world.settle()
    return move_id


async def names(person: Person, what: str) -> set[str]:
    answer = await person.api.get(f"/api/v1/accounts/{person.id}/{what}")
    return {account["username"] for account in answer.json()}


async def test_aliases_are_added_shown_and_taken_back(world: World, old: Person) -> None:
    urls = world.res.urls
    await world.person("bob")
    for named in ("bob", "@Bob@localhost:3000", "http://localhost:3000/@bob", "http://localhost:3000/users/bob"):
        uri = await add_alias(world.db, world.clock, urls, old.account_id, named)
        assert uri == "http://localhost:3000/users/bob"
    far = "https://far.example/users/me"
    await add_alias(world.db, world.clock, urls, old.account_id, far)
    assert await list_aliases(world.db, old.account_id) == ["http://localhost:3000/users/bob", far]
    await remove_alias(world.db, world.clock, old.account_id, far)
    assert await list_aliases(world.db, old.account_id) == ["http://localhost:3000/users/bob"]
    for wrong in ("", "nobody", "old", "javascript:alert(1)", "https://x.example/ y"):
        with pytest.raises(Invalid):
            await add_alias(world.db, world.clock, urls, old.account_id, wrong)
    with pytest.raises(Elsewhere):
        await add_alias(world.db, world.clock, urls, old.account_id, "me@far.example")
    for number in range(MAX_ALIASES - 1):
        await add_alias(world.db, world.clock, urls, old.account_id, f"https://far.example/users/me{number}")
    with pytest.raises(Invalid, match="more than 20"):
        await add_alias(world.db, world.clock, urls, old.account_id, far)


async def test_followers_come_along_with_what_they_wanted(world: World, old: Person, new: Person) -> None:
    bob, eve = await world.person("bob"), await world.person("eve")
    await bob.api.post(f"/api/v1/accounts/{old.id}/follow", {"reblogs": False, "notify": True, "languages": ["it"]})
    await eve.follow(old)
    await eve.follow(new)
    list_id = (await bob.api.post("/api/v1/lists", {"title": "Friends"})).json()["id"]
    await bob.api.post(f"/api/v1/lists/{list_id}/accounts", {"account_ids": [old.id]})
    await world.settle()
    await new.api.post("/api/v1/notifications/clear")
    move_id = await go(world, old)
    assert await names(new, "followers") == {"bob", "eve"}
    assert await names(old, "followers") == set()
    kept = (await bob.api.get("/api/v1/accounts/relationships", {"id[]": new.id})).json()[0]
    assert (kept["showing_reblogs"], kept["notifying"], kept["languages"]) == (False, True, ["it"])
    members = (await bob.api.get(f"/api/v1/lists/{list_id}/accounts")).json()
    assert [member["username"] for member in members] == ["new"]
    assert (await new.api.get("/api/v1/notifications")).json() == []
    counts = (await new.api.get("/api/v1/accounts/verify_credentials")).json()
    assert counts["followers_count"] == 2
    assert (await old.api.get("/api/v1/accounts/verify_credentials")).json()["followers_count"] == 0
    assert [
        (await person.api.get("/api/v1/accounts/verify_credentials")).json()["following_count"] for person in (bob, eve)
    ] == [1, 1]
    done = await find_move(world.db, old.account_id)
    assert done is not None
    assert (done.id, done.state, done.followers) == (move_id, "finished", 2)


async def test_who_may_not_follow_the_new_account_stays_and_a_locked_one_is_asked(
    world: World, old: Person, new: Person
) -> None:
    bob, eve = await world.person("bob"), await world.person("eve")
    await bob.follow(old)
    await eve.follow(old)
    await new.api.post(f"/api/v1/accounts/{bob.id}/block")
    await world.db.connection.execute("update accounts set locked = true where id = $1", new.account_id)
    await world.settle()
    await go(world, old)
    assert await names(old, "followers") == {"bob"}
    assert await names(new, "followers") == set()
    asked = (await new.api.get("/api/v1/follow_requests")).json()
    assert [account["username"] for account in asked] == ["eve"]


async def test_what_others_hold_against_the_old_account_holds_against_the_new_one(
    world: World, old: Person, new: Person
) -> None:
    bob, eve, friend = [await world.person(name) for name in ("bob", "eve", "friend")]
    await bob.api.post(f"/api/v1/accounts/{old.id}/block")
    await eve.api.post(f"/api/v1/accounts/{old.id}/mute", {"notifications": False})
    await eve.api.post(f"/api/v1/accounts/{old.id}/note", {"comment": "Loud"})
    await friend.api.post(f"/api/v1/accounts/{old.id}/block")
    await friend.follow(new)
    await world.settle()
    await go(world, old)

    async def seen(person: Person) -> dict[str, object]:
        return (await person.api.get("/api/v1/accounts/relationships", {"id[]": new.id})).json()[0]

    assert (await seen(bob))["blocking"] is True
    found = await seen(eve)
    assert (found["muting"], found["muting_notifications"], found["note"]) == (True, False, "Loud")
    # Who follows the new account knows whom they follow.
    assert (await seen(friend))["blocking"] is False


async def test_the_old_account_shows_where_it_has_gone_and_does_nothing_until_it_is_back(
    world: World, old: Person, new: Person
) -> None:
    bob = await world.person("bob")
    post = await bob.post("Hello")
    await go(world, old, mode="redirect")
    for path in (f"/api/v1/accounts/{old.id}", "/api/v1/accounts/lookup?acct=old"):
        shown = (await world.anyone.get(path)).json()
        assert (shown["moved"]["id"], shown["moved"]["acct"]) == (new.id, "new")
        assert "moved" not in shown["moved"]
    await new.api.patch("/api/v1/accounts/update_credentials", {"display_name": "Newer"})
    await world.anyone.get(f"/api/v1/accounts/{new.id}")
    shown = (await world.anyone.get(f"/api/v1/accounts/{old.id}")).json()
    assert shown["moved"]["display_name"] == "Newer"
    await old.api.post("/api/v1/statuses", {"status": "Still here"}, expect=403)
    await old.api.post(f"/api/v1/statuses/{post['id']}/reblog", expect=403)
    await old.api.post(f"/api/v1/accounts/{bob.id}/follow", expect=403)
    at = (world.clock.now() + timedelta(hours=1)).isoformat()
    await old.api.post("/api/v1/statuses", {"status": "Later", "scheduled_at": at}, expect=403)
    await old.api.post(f"/api/v1/accounts/{bob.id}/block")
    await undo_move(world.db, world.clock, world.res.emit, old.account_id)
    await world.settle()
    assert "moved" not in (await world.anyone.get(f"/api/v1/accounts/{old.id}")).json()
    await old.post("Back again")


async def test_what_is_shown_of_the_new_account_is_never_out_of_date(world: World, old: Person, new: Person) -> None:
    await go(world, old, mode="redirect")
    path = f"/api/v1/accounts/{old.id}"
    assert (await world.anyone.get(path)).json()["moved"]["display_name"] == ""
    await new.api.patch("/api/v1/accounts/update_credentials", {"display_name": "Newer"})
    assert (await world.anyone.get(path)).json()["moved"]["display_name"] == "Newer"
    await world.db.connection.execute("delete from accounts where id = $1", new.account_id)
    assert "moved" not in (await world.anyone.get(path)).json()


async def test_an_account_that_has_moved_does_not_follow_by_an_import_either(
    world: World, old: Person, new: Person
) -> None:
    from rostra.archive.import_csv import confirm_import, get_import, stage_csv

    await world.person("bob")
    await go(world, old, mode="redirect")
    res = world.res
    import_id = await stage_csv(res.db, res.clock, res.urls, old.account_id, b"bob\n", kind="following")
    await confirm_import(res.db, res.clock, old.account_id, import_id)
    await world.settle()
    done = await get_import(res.db, old.account_id, import_id)
    assert (done.imported, done.failed) == (0, 1)
    assert await names(old, "following") == set()


async def test_a_redirect_leaves_followers_where_they_are(world: World, old: Person, new: Person) -> None:
    bob = await world.person("bob")
    await bob.follow(old)
    await world.settle()
    await go(world, old, mode="redirect")
    assert await names(old, "followers") == {"bob"}
    assert await names(new, "followers") == set()


async def test_a_target_has_to_say_that_the_account_is_its_own(world: World, old: Person, new: Person) -> None:
    await world.person("stranger")
    gone = await world.person("gone")
    await add_alias(world.db, world.clock, world.res.urls, gone.account_id, "old")
    await world.db.connection.execute("update accounts set suspended_at = now() where id = $1", gone.account_id)
    for named, said in (
        ("stranger", "alias"), ("nobody", "any account here"), ("old", "this account itself"),
        ("gone", "any account here"), ("", "address of an account"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=said):
            await go(world, old, named)
    for far in ("me@far.example", "https://far.example/@me"):
        with pytest.raises(Elsewhere, match="cannot be reached yet"):
            await go(world, old, far)
    # In a circle nobody would be anywhere.
    await go(world, old)
    await add_alias(world.db, world.clock, world.res.urls, old.account_id, "new")
    with pytest.raises(Invalid, match="moved away itself"):
        await go(world, new, "old")


@pytest.mark.parametrize(
    ("column", "why"), [("suspended_at", "suspended"), ("frozen_at", "frozen"), ("silenced_at", "limited")]
)
async def test_nobody_moves_away_from_what_was_decided(
    world: World, old: Person, new: Person, column: str, why: str
) -> None:
    await world.db.connection.execute(f"update accounts set {column} = now() where id = $1", old.account_id)
    with pytest.raises(Hindered) as caught:
        await go(world, old)
    assert caught.value.why == why


async def test_thirty_days_lie_between_two_moves(world: World, old: Person, new: Person) -> None:
    await go(world, old)
    await undo_move(world.db, world.clock, world.res.emit, old.account_id)
    with pytest.raises(Hindered) as caught:
        await go(world, old)
    assert caught.value.why == "too_soon"
    world.at(world.clock.now() + timedelta(days=30))
    await go(world, old)


async def test_a_move_that_dies_in_the_middle_goes_on_and_one_that_is_undone_stops(
    world: World, old: Person, new: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move, "BATCH", 2)
    followers = [await world.person(f"friend{number}") for number in range(5)]
    for each in followers:
        await each.follow(old)
    await world.settle()
    res = world.res
    move_id = await start_move(res.db, res.clock, res.emit, res.urls, old.account_id, "new", mode="followers")
    assert await carry_batch(res.db, res.clock, res.emit, move_id)
    advance = move.queries.advance

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(move.queries, "advance", die)
    with pytest.raises(RuntimeError):
        await carry_batch(res.db, res.clock, res.emit, move_id)
    monkeypatch.setattr(move.queries, "advance", advance)
    assert len(await names(new, "followers")) == 2
    await world.settle()
    assert len(await names(new, "followers")) == 5
    assert (await new.api.get("/api/v1/accounts/verify_credentials")).json()["followers_count"] == 5
    assert not await carry_batch(res.db, res.clock, res.emit, move_id)
    await undo_move(res.db, res.clock, res.emit, old.account_id)
    await followers[0].follow(old)
    assert not await carry_batch(res.db, res.clock, res.emit, move_id)
    assert await names(old, "followers") == {"friend0"}


async def test_a_batch_takes_as_many_statements_for_forty_followers_as_for_one(world: World) -> None:
    counts: list[int] = []
    for number in (1, 40):
        old, new = await world.person(f"old{number}"), await world.person(f"new{number}")
        await add_alias(world.db, world.clock, world.res.urls, new.account_id, old.username)
        for follower in range(number):
            await (await world.person(f"f{number}x{follower}")).follow(old)
        await world.settle()
        res = world.res
        move_id = await start_move(
            res.db, res.clock, res.emit, res.urls, old.account_id, new.username, mode="followers"
        )
        ran = await world.statements(lambda number=move_id: carry_batch(world.db, world.clock, world.res.emit, number))
        counts.append(len(ran))
        assert len(await names(new, "followers")) == number
    assert counts[0] == counts[1]
