"""Accounts as others see them, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Person, World, link

ACCOUNT = {
    "id", "username", "acct", "display_name", "locked", "bot", "discoverable", "indexable", "group", "created_at",
    "note", "url", "uri", "avatar", "avatar_static", "avatar_description", "header", "header_static",
    "header_description", "hide_collections", "noindex", "emojis", "roles", "fields", "followers_count",
    "following_count", "statuses_count", "last_status_at",
}  # fmt: skip


async def set_account(person: Person, column: str, value: object) -> None:
    await person.world.db.connection.execute(
        f"update accounts set {column} = $2, rendered_for = 0 where id = $1", person.account_id, value
    )


def ids(answer: Any) -> list[str]:
    return [one["id"] for one in answer.json()]


async def attach(world: World, status: dict[str, Any], person: Person) -> None:
    await world.db.connection.execute(
        "insert into media_attachments (id, account_id, status_id, type, content_type, original_key, preview_key,"
        " size_bytes, meta, created_at) values (make_id($1), $2, $3, 'image', 'image/png', 'a', 'b', 1, '{}', $1)",
        world.clock.now(), person.account_id, int(status["id"]),
    )  # fmt: skip


async def test_an_account_has_all_keys_for_anybody(world: World) -> None:
    alice = await world.person("alice")
    shown = (await world.anyone.get(f"/api/v1/accounts/{alice.id}")).json()
    assert set(shown) == ACCOUNT
    assert (shown["acct"], shown["url"]) == ("alice", "http://localhost:3000/@alice")


async def test_a_suspended_account_shows_that_it_is_and_nothing_else_of_it(world: World) -> None:
    alice, bob = await world.person("alice", display_name="Alice"), await world.person("bob")
    await bob.follow(alice)
    await alice.post("hello")
    await set_account(alice, "suspended_at", world.clock.now())
    shown = (await world.anyone.get(f"/api/v1/accounts/{alice.id}")).json()
    assert (shown["suspended"], shown["display_name"]) == (True, "")
    for path in ("statuses", "followers", "following"):
        assert (await bob.api.get(f"/api/v1/accounts/{alice.id}/{path}")).json() == []
    assert (await bob.api.get(f"/api/v1/accounts/{bob.id}/following")).json() == []


async def test_unknown_and_not_yet_confirmed_accounts_are_not_found(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    for column in ("confirmed_at", "approved_at"):
        await world.db.connection.execute(f"update users set {column} = null where account_id = $1", bob.account_id)
        for account_id in ("12345", bob.id, "not_an_endpoint_yet"):
            for path in ("", "/statuses", "/followers", "/following", "/lists", "/featured_tags"):
                answer = await alice.api.get(f"/api/v1/accounts/{account_id}{path}", expect=404)
                assert answer.json() == {"error": "Record not found"}
        await alice.api.get("/api/v1/accounts/lookup?acct=bob", expect=404)
        await world.db.connection.execute("update users set confirmed_at = $1", world.clock.now())


@pytest.mark.parametrize("acct", ["alice", "@alice", "ALICE", "alice@localhost:3000", "@Alice@LOCALHOST:3000"])
async def test_lookup_knows_this_servers_own_names(world: World, acct: str) -> None:
    alice = await world.person("alice")
    assert (await world.anyone.get("/api/v1/accounts/lookup", {"acct": acct})).json()["id"] == alice.id


async def test_lookup_finds_nobody_on_other_servers_or_under_no_name(world: World) -> None:
    await world.person("alice")
    for acct in ("alice@elsewhere.example", "alice@localhost", "alice@localhost:4000", "nobody", "a@b@c", "@"):
        await world.anyone.get("/api/v1/accounts/lookup", {"acct": acct}, expect=404)
    await world.anyone.get("/api/v1/accounts/lookup", expect=400)


async def test_several_accounts_come_in_the_order_asked_for_without_unknown_ones(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    params = [("id[]", bob.id), ("id[]", "5"), ("id[]", alice.id)]
    assert ids(await world.anyone.get("/api/v1/accounts", params)) == [bob.id, alice.id]
    assert ids(await world.anyone.get("/api/v1/accounts")) == []


async def test_a_token_must_carry_the_scope_even_where_none_is_needed(world: World) -> None:
    alice = await world.person("alice", scopes="write push")
    for path in ("", "/statuses", "/followers", "/following"):
        await alice.api.get(f"/api/v1/accounts/{alice.id}{path}", expect=403)


@pytest.mark.parametrize(("path", "statements"), [("followers", 4), ("following", 4)])
async def test_followers_and_following_page_at_a_constant_cost(world: World, path: str, statements: int) -> None:
    alice, others, costs = await world.person("alice"), list[Person](), list[int]()
    url = f"/api/v1/accounts/{alice.id}/{path}"
    for total in (1, 41):
        while len(others) < total:
            others.append(await world.person(f"p{len(others)}"))
            one, other = (others[-1], alice) if path == "followers" else (alice, others[-1])
            await one.follow(other)
        await alice.api.get(url)
        costs.append(len(await world.statements(lambda: alice.api.get(url))))
    assert costs[0] == costs[1] <= statements
    newest_first = [person.id for person in reversed(others)]
    first = await world.anyone.get(url)
    assert ids(first) == newest_first[:40]
    second = await world.anyone.get(link(first, "next") or "")
    assert ids(second) == newest_first[40:]
    assert link(second, "next") is None
    assert ids(await world.anyone.get(link(second, "prev") or "")) == newest_first[:40]


async def test_who_hides_their_collections_still_sees_them(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    await set_account(alice, "hide_collections", True)
    url = f"/api/v1/accounts/{alice.id}/followers"
    assert ids(await alice.api.get(url)) == [bob.id]
    assert ids(await bob.api.get(url)) == []
    assert ids(await world.anyone.get(url)) == []


async def test_collections_are_empty_for_the_blocked_and_without_those_the_viewer_avoids(world: World) -> None:
    alice, bob, carol, dan = [await world.person(name) for name in ("alice", "bob", "carol", "dan")]
    for person in (bob, carol):
        await person.follow(alice)
    url = f"/api/v1/accounts/{alice.id}/followers"
    await dan.api.post(f"/api/v1/accounts/{bob.id}/mute")
    await carol.api.post(f"/api/v1/accounts/{dan.id}/block")
    assert ids(await dan.api.get(url)) == []
    assert ids(await world.anyone.get(url)) == [carol.id, bob.id]
    await alice.api.post(f"/api/v1/accounts/{bob.id}/mute")
    assert ids(await alice.api.get(url)) == [carol.id, bob.id]
    await alice.api.post(f"/api/v1/accounts/{dan.id}/block")
    await dan.api.post(f"/api/v1/accounts/{bob.id}/unmute")
    assert ids(await dan.api.get(url)) == []
    assert ids(await dan.api.get(f"/api/v1/accounts/{alice.id}/following")) == []


async def test_familiar_followers_are_those_whom_the_viewer_follows(world: World) -> None:
    alice, bob, carol, dan, eve = [await world.person(name) for name in ("alice", "bob", "carol", "dan", "eve")]
    for person in (bob, carol, dan):
        await person.follow(eve)
    for person in (bob, carol):
        await alice.follow(person)
    await set_account(carol, "hide_collections", True)
    url, params = "/api/v1/accounts/familiar_followers", [("id[]", eve.id), ("id[]", dan.id), ("id[]", "9")]
    answer = (await alice.api.get(url, params)).json()
    assert [(one["id"], [who["id"] for who in one["accounts"]]) for one in answer] == [(eve.id, [bob.id]), (dan.id, [])]
    await set_account(eve, "hide_collections", True)
    assert (await alice.api.get(url, {"id[]": eve.id})).json() == [{"id": eve.id, "accounts": []}]


async def test_the_lists_that_an_account_is_in_are_the_viewers_own(world: World) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    for person in (alice, bob):
        await person.follow(carol)
        made = (await person.api.post("/api/v1/lists", {"title": f"of {person.username}"})).json()
        await person.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [carol.id]})
    shown = (await alice.api.get(f"/api/v1/accounts/{carol.id}/lists")).json()
    assert [one["title"] for one in shown] == ["of alice"]


async def test_no_account_features_hashtags_yet(world: World) -> None:
    alice = await world.person("alice")
    assert (await world.anyone.get(f"/api/v1/accounts/{alice.id}/featured_tags")).json() == []


async def test_each_viewer_sees_of_an_account_what_they_may(world: World) -> None:
    alice, fan, stranger, enemy = [await world.person(name) for name in ("alice", "fan", "stranger", "enemy")]
    await fan.follow(alice)
    await alice.api.post(f"/api/v1/accounts/{enemy.id}/block")
    kinds = ("public", "unlisted", "private", "direct")
    posted = {
        kind: (await alice.post("@stranger" if kind == "direct" else "x", visibility=kind))["id"] for kind in kinds
    }
    url = f"/api/v1/accounts/{alice.id}/statuses"

    async def seen(api: Any) -> set[str]:
        return {kind for kind in kinds if posted[kind] in ids(await api.get(url))}

    assert await seen(alice.api) == {"public", "unlisted", "private", "direct"}
    assert await seen(fan.api) == {"public", "unlisted", "private"}
    assert await seen(stranger.api) == {"public", "unlisted", "direct"}
    assert await seen(world.anyone) == {"public", "unlisted"}
    assert await seen(enemy.api) == set()


async def test_a_page_is_full_although_newer_statuses_are_hidden_from_the_viewer(world: World) -> None:
    alice = await world.person("alice")
    public = [(await alice.post(f"public {number}"))["id"] for number in range(3)]
    for number in range(5):
        await alice.post(f"secret {number}", visibility="direct")
    first = await world.anyone.get(f"/api/v1/accounts/{alice.id}/statuses?limit=2")
    assert ids(first) == [public[2], public[1]]
    second = await world.anyone.get(link(first, "next") or "")
    assert ids(second) == [public[0]]
    assert link(second, "next") is None
    assert ids(await world.anyone.get(link(second, "prev") or "")) == [public[2], public[1]]
    newest = await world.anyone.get(f"/api/v1/accounts/{alice.id}/statuses?since_id={public[0]}")
    assert ids(newest) == [public[2], public[1]]
    after = await world.anyone.get(f"/api/v1/accounts/{alice.id}/statuses?min_id={public[0]}&limit=1")
    assert ids(after) == [public[1]]


async def test_statuses_are_chosen_by_media_replies_boosts_and_hashtag(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    foreign = await bob.post("from bob")
    plain = await alice.post("plain #Größe")
    pictured = await alice.post("with two pictures")
    for _ in range(2):
        await attach(world, pictured, alice)
    answer = await alice.post("@bob yes", in_reply_to_id=foreign["id"])
    thread = await alice.post("more", in_reply_to_id=plain["id"])
    boost_id = await boost(world, alice, foreign)
    url = f"/api/v1/accounts/{alice.id}/statuses"

    async def chosen(**params: str) -> list[str]:
        return ids(await world.anyone.get(url, params))

    everything = [boost_id, thread["id"], answer["id"], pictured["id"], plain["id"]]
    assert await chosen() == everything
    assert await chosen(only_media="true") == [pictured["id"]]
    assert await chosen(exclude_replies="1") == [boost_id, thread["id"], pictured["id"], plain["id"]]
    assert await chosen(exclude_reblogs="true") == everything[1:]
    assert await chosen(tagged="GRÖSSE") == [plain["id"]]
    assert await chosen(tagged="#größe") == [plain["id"]]
    assert await chosen(tagged="none") == []
    assert await chosen(exclude_replies="true", exclude_reblogs="true", limit="1") == [thread["id"]]


async def boost(world: World, person: Person, status: dict[str, Any]) -> str:
    at = world.clock.now()
    status_id = await world.db.connection.fetchval(
        "insert into statuses (id, account_id, uri, url, visibility, reblog_of_id, conversation_id, created_at)"
        " select make_id($1), $2, s.uri || '#boost', s.url, 'public', s.id, s.conversation_id, $1 from statuses s"
        " where s.id = $3 returning id", at, person.account_id, int(status["id"]),
    )  # fmt: skip
    await world.db.connection.execute("insert into status_stats (status_id) values ($1)", status_id)
    return str(status_id)


async def test_boosts_of_those_whom_the_viewer_avoids_are_left_out(world: World) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    boost_id = await boost(world, alice, await bob.post("from bob"))
    url = f"/api/v1/accounts/{alice.id}/statuses"
    assert ids(await carol.api.get(url)) == [boost_id]
    await carol.api.post(f"/api/v1/accounts/{bob.id}/mute")
    assert ids(await carol.api.get(url)) == []
    await carol.api.post(f"/api/v1/accounts/{bob.id}/unmute")
    await bob.api.post(f"/api/v1/accounts/{carol.id}/block")
    assert ids(await carol.api.get(url)) == []
    assert ids(await world.anyone.get(url)) == [boost_id]


async def test_a_muted_account_still_shows_on_its_own_page(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await alice.post("hello")
    await bob.api.post(f"/api/v1/accounts/{alice.id}/mute")
    assert ids(await bob.api.get(f"/api/v1/accounts/{alice.id}/statuses")) == [post["id"]]


async def test_pinned_statuses_come_latest_pinned_first_and_only_to_those_who_may_see_them(world: World) -> None:
    alice = await world.person("alice")
    posts = [await alice.post("old"), await alice.post("new"), await alice.post("mine", visibility="private")]
    for post in (posts[1], posts[0], posts[2]):
        await world.db.connection.execute(
            "insert into status_pins (id, account_id, status_id, created_at) values (make_id($1), $2, $3, $1)",
            world.clock.now(), alice.account_id, int(post["id"]),
        )  # fmt: skip
    url = f"/api/v1/accounts/{alice.id}/statuses?pinned=true"
    assert ids(await world.anyone.get(url)) == [posts[0]["id"], posts[1]["id"]]
    own = (await alice.api.get(url)).json()
    assert [(one["id"], one["pinned"]) for one in own] == [
        (post["id"], True) for post in (posts[2], posts[0], posts[1])
    ]


async def test_statuses_of_an_account_take_the_same_statements_for_one_and_for_forty(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    url, costs = f"/api/v1/accounts/{alice.id}/statuses?limit=40", list[int]()
    for total in (1, 40):
        while len((await bob.api.get(url)).json()) < total:
            await alice.post("x")
        costs.append(len(await world.statements(lambda: bob.api.get(url))))
    assert costs[0] == costs[1] <= 3
