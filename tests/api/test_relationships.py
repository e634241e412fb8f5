"""Follow, block, mute, notes, follow requests and blocked domains over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Person, World, link

RELATIONSHIP = {
    "id", "following", "showing_reblogs", "notifying", "languages", "followed_by", "blocking", "blocked_by", "muting",
    "muting_notifications", "muting_expires_at", "requested", "requested_by", "domain_blocking", "endorsed", "note",
}  # fmt: skip


async def between(one: Person, other: Person) -> dict[str, Any]:
    return (await one.api.get("/api/v1/accounts/relationships", {"id[]": other.id})).json()[0]


async def counts(person: Person) -> tuple[int, int]:
    shown = (await person.world.anyone.get(f"/api/v1/accounts/{person.id}")).json()
    return shown["following_count"], shown["followers_count"]


async def set_account(person: Person, column: str, value: object) -> None:
    await person.world.db.connection.execute(
        f"update accounts set {column} = $2, rendered_for = 0 where id = $1", person.account_id, value
    )


async def home(person: Person) -> list[str]:
    await person.world.settle()
    return [status["id"] for status in (await person.api.get("/api/v1/timelines/home")).json()]


async def test_a_follow_shows_on_both_sides_and_in_both_counts(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    answer = (await alice.api.post(f"/api/v1/accounts/{bob.id}/follow")).json()
    assert set(answer) == RELATIONSHIP
    assert answer["following"]
    assert answer["showing_reblogs"]
    assert not answer["notifying"]
    assert answer["languages"] is None
    assert (await between(bob, alice))["followed_by"]
    assert (await counts(alice), await counts(bob)) == ((1, 0), (0, 1))
    await alice.api.post(f"/api/v1/accounts/{bob.id}/unfollow")
    assert not (await between(alice, bob))["following"]
    assert (await counts(alice), await counts(bob)) == ((0, 0), (0, 0))


async def test_following_again_changes_the_options_that_are_given_and_counts_once(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    path = f"/api/v1/accounts/{bob.id}/follow"
    await alice.api.post(path, {"reblogs": False, "languages": ["en", "pt-BR"]})
    answer = (await alice.api.post(path, {"notify": True})).json()
    assert (answer["showing_reblogs"], answer["notifying"], answer["languages"]) == (False, True, ["en", "pt-BR"])
    answer = (await alice.api.post(path, {"languages": []})).json()
    assert answer["languages"] is None
    assert await counts(bob) == (0, 1)


@pytest.mark.parametrize(
    "more",
    [
        {"json": {"reblogs": False, "notify": "true", "languages": ["it"]}},
        {"data": {"reblogs": "false", "notify": "1", "languages[]": "it"}},
        {"files": {"reblogs": (None, "0"), "notify": (None, "on"), "languages[0]": (None, "it")}},
        {"params": {"reblogs": "false", "notify": "true", "languages[]": "it"}},
    ],
    ids=["json", "form", "multipart", "query"],
)
async def test_follow_options_may_come_in_every_form(world: World, more: dict[str, Any]) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    answer = (await alice.api.request("POST", f"/api/v1/accounts/{bob.id}/follow", **more)).json()
    assert (answer["showing_reblogs"], answer["notifying"], answer["languages"]) == (False, True, ["it"])


async def test_languages_must_look_like_languages(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    answer = await alice.api.post(f"/api/v1/accounts/{bob.id}/follow", {"languages": ["klingon!"]}, expect=422)
    assert "languages" in answer.json()["error"]


async def test_nobody_follows_themselves_or_across_a_block(world: World) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    await alice.api.post(f"/api/v1/accounts/{alice.id}/follow", expect=403)
    await bob.api.post(f"/api/v1/accounts/{alice.id}/block")
    await alice.api.post(f"/api/v1/accounts/{carol.id}/block")
    for other in (bob, carol):
        answer = await alice.api.post(f"/api/v1/accounts/{other.id}/follow", expect=403)
        assert answer.json() == {"error": "This action is not allowed"}
    assert await counts(alice) == (0, 0)


async def test_who_is_unknown_suspended_or_not_confirmed_cannot_be_followed(world: World) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    await set_account(bob, "suspended_at", world.clock.now())
    await world.db.connection.execute("update users set confirmed_at = null where account_id = $1", carol.account_id)
    for account_id in ("1", bob.id, carol.id, "nobody", str(2**63), "-1"):
        answer = await alice.api.post(f"/api/v1/accounts/{account_id}/follow", expect=404)
        assert answer.json() == {"error": "Record not found"}


async def test_a_locked_account_is_asked_and_may_accept(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await set_account(bob, "locked", True)
    hidden = await bob.post("for followers", visibility="private")
    answer = (await alice.api.post(f"/api/v1/accounts/{bob.id}/follow", {"notify": True})).json()
    assert (answer["following"], answer["requested"], answer["notifying"]) == (False, True, True)
    assert (await between(bob, alice))["requested_by"]
    assert await counts(bob) == (0, 0)
    asked = await bob.api.get("/api/v1/follow_requests")
    assert [account["id"] for account in asked.json()] == [alice.id]
    answer = (await bob.api.post(f"/api/v1/follow_requests/{alice.id}/authorize")).json()
    assert (answer["id"], answer["followed_by"], answer["requested_by"]) == (alice.id, True, False)
    shown = await between(alice, bob)
    assert (shown["following"], shown["requested"], shown["notifying"]) == (True, False, True)
    assert (await counts(alice), await counts(bob)) == ((1, 0), (0, 1))
    assert (await bob.api.get("/api/v1/follow_requests")).json() == []
    assert hidden["id"] in await home(alice)
    await bob.api.post(f"/api/v1/follow_requests/{alice.id}/authorize", expect=404)


async def test_a_request_may_be_refused_or_withdrawn(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await set_account(bob, "locked", True)
    for end in (
        bob.api.post(f"/api/v1/follow_requests/{alice.id}/reject", expect=None),
        alice.api.post(f"/api/v1/accounts/{bob.id}/unfollow", expect=None),
    ):
        await alice.api.post(f"/api/v1/accounts/{bob.id}/follow")
        await world.settle()
        types = [one["type"] for one in (await bob.api.get("/api/v1/notifications")).json()]
        assert types == ["follow_request"]
        assert (await end).status_code == 200
        assert not (await between(alice, bob))["requested"]
        assert (await bob.api.get("/api/v1/notifications")).json() == []
    await bob.api.post(f"/api/v1/follow_requests/{alice.id}/reject", expect=404)
    assert await counts(bob) == (0, 0)


async def test_who_is_limited_has_to_ask_everybody(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await set_account(alice, "silenced_at", world.clock.now())
    answer = (await alice.api.post(f"/api/v1/accounts/{bob.id}/follow")).json()
    assert (answer["following"], answer["requested"]) == (False, True)


async def test_a_follower_can_be_removed(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    post = await alice.post("hello")
    assert await home(bob) == [post["id"]]
    answer = (await alice.api.post(f"/api/v1/accounts/{bob.id}/remove_from_followers")).json()
    assert not answer["followed_by"]
    assert (await counts(alice), await counts(bob)) == ((0, 0), (0, 0))
    assert await home(bob) == []


async def test_after_an_unfollow_the_posts_leave_the_home_timeline_and_the_lists(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    await alice.post("hello")
    made = (await bob.api.post("/api/v1/lists", {"title": "friends"})).json()
    await bob.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [alice.id]})
    assert len(await home(bob)) == 1
    await bob.api.post(f"/api/v1/accounts/{alice.id}/unfollow")
    assert await home(bob) == []
    assert (await bob.api.get(f"/api/v1/lists/{made['id']}/accounts")).json() == []


async def test_a_block_ends_all_that_was_between_the_two(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await bob.follow(alice)
    made = (await bob.api.post("/api/v1/lists", {"title": "friends"})).json()
    await bob.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [alice.id]})
    await alice.post("from alice")
    await bob.post("@alice from bob")
    assert (len(await home(alice)), len(await home(bob))) == (2, 2)
    assert len((await alice.api.get("/api/v1/notifications")).json()) == 2
    answer = (await alice.api.post(f"/api/v1/accounts/{bob.id}/block")).json()
    flags = ("blocking", "following", "followed_by", "requested", "requested_by")
    assert [answer[flag] for flag in flags] == [True, False, False, False, False]
    assert (await between(bob, alice))["blocked_by"]
    assert (await counts(alice), await counts(bob)) == ((0, 0), (0, 0))
    assert (await bob.api.get(f"/api/v1/lists/{made['id']}/accounts")).json() == []
    assert (await alice.api.get("/api/v1/notifications")).json() == []
    assert (len(await home(alice)), len(await home(bob))) == (1, 1)
    rows = "select count(*) from home_entries where account_id <> author_id"
    assert await world.db.connection.fetchval(rows) == 0
    await alice.api.post(f"/api/v1/accounts/{bob.id}/block")
    answer = (await alice.api.post(f"/api/v1/accounts/{bob.id}/unblock")).json()
    assert (answer["blocking"], answer["following"], answer["followed_by"]) == (False, False, False)


async def test_a_block_takes_back_requests_both_ways(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    for person in (alice, bob):
        await set_account(person, "locked", True)
    await alice.follow(bob)
    await bob.follow(alice)
    await alice.api.post(f"/api/v1/accounts/{bob.id}/block")
    shown = await between(alice, bob)
    assert (shown["requested"], shown["requested_by"]) == (False, False)
    await alice.api.post(f"/api/v1/follow_requests/{bob.id}/authorize", expect=404)


async def test_nobody_blocks_or_mutes_themselves(world: World) -> None:
    alice = await world.person("alice")
    await alice.api.post(f"/api/v1/accounts/{alice.id}/block", expect=403)
    await alice.api.post(f"/api/v1/accounts/{alice.id}/mute", expect=403)


async def test_a_mute_hides_and_a_timed_one_ends_by_itself(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    post = await alice.post("hello")
    assert await home(bob) == [post["id"]]
    answer = (await bob.api.post(f"/api/v1/accounts/{alice.id}/mute", {"duration": 300})).json()
    assert (answer["muting"], answer["muting_notifications"]) == (True, True)
    assert answer["muting_expires_at"] == "2026-05-04T12:05:00.000Z"
    muted = (await bob.api.get("/api/v1/mutes")).json()
    assert [(account["id"], account["mute_expires_at"]) for account in muted] == [
        (alice.id, "2026-05-04T12:05:00.000Z")
    ]
    assert await home(bob) == []
    world.clock.tick(seconds=300)
    shown = await between(bob, alice)
    assert (shown["muting"], shown["muting_notifications"], shown["muting_expires_at"]) == (False, False, None)
    assert (await bob.api.get("/api/v1/mutes")).json() == []
    assert await home(bob) == [post["id"]]
    assert shown["following"]


async def test_a_second_mute_replaces_the_first(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    path = f"/api/v1/accounts/{alice.id}/mute"
    await bob.api.post(path, {"duration": 60, "notifications": True})
    answer = (await bob.api.post(path, {"notifications": False})).json()
    assert (answer["muting_notifications"], answer["muting_expires_at"]) == (False, None)
    assert (await bob.api.get("/api/v1/mutes")).json()[0]["mute_expires_at"] is None
    assert not (await bob.api.post(f"/api/v1/accounts/{alice.id}/unmute")).json()["muting"]
    for wrong in (-1, 10**12, "soon"):
        await bob.api.post(path, {"duration": wrong}, expect=422)


async def test_a_mute_takes_back_what_was_told_only_if_notifications_are_muted(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await world.settle()
    await bob.api.post(f"/api/v1/accounts/{alice.id}/mute", {"notifications": False})
    rows = "select count(*) from notifications where account_id = $1"
    assert await world.db.connection.fetchval(rows, bob.account_id) == 1
    await bob.api.post(f"/api/v1/accounts/{alice.id}/mute")
    assert await world.db.connection.fetchval(rows, bob.account_id) == 0


async def test_a_note_is_private_and_the_empty_one_deletes_it(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    path = f"/api/v1/accounts/{bob.id}/note"
    assert (await alice.api.post(path, {"comment": "met at PyCon"})).json()["note"] == "met at PyCon"
    assert (await between(bob, alice))["note"] == ""
    await alice.api.post(path, {"comment": "x" * 2001}, expect=422)
    assert (await between(alice, bob))["note"] == "met at PyCon"
    assert (await alice.api.post(path, {"comment": ""})).json()["note"] == ""


async def test_relationships_answer_each_known_id_once_suspended_ones_only_if_asked(world: World) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    await set_account(carol, "suspended_at", world.clock.now())
    path = "/api/v1/accounts/relationships"
    params = [("id[]", bob.id), ("id[]", "77"), ("id[]", bob.id), ("id[]", carol.id)]
    assert [one["id"] for one in (await alice.api.get(path, params)).json()] == [bob.id]
    suspended_too = (await alice.api.get(path, [*params, ("with_suspended", "true")])).json()
    assert [one["id"] for one in suspended_too] == [bob.id, carol.id]
    assert [one["id"] for one in (await alice.api.get(path, {"id": bob.id})).json()] == [bob.id]
    assert (await alice.api.get(path)).json() == []
    await world.anyone.get(path, {"id": bob.id}, expect=401)


async def test_relationships_take_the_same_statements_for_one_id_and_for_forty(world: World) -> None:
    alice = await world.person("alice")
    ids = [(await world.person(f"p{number}")).id for number in range(40)]
    costs = [
        len(
            await world.statements(
                lambda wanted=wanted: alice.api.get(
                    "/api/v1/accounts/relationships", [("id[]", account_id) for account_id in wanted]
                )
            )
        )
        for wanted in (ids[:1], ids)
    ]
    assert costs[0] == costs[1] <= 2


@pytest.mark.parametrize(
    ("verb", "path"), [("block", "/api/v1/blocks"), ("mute", "/api/v1/mutes"), ("ask", "/api/v1/follow_requests")]
)
async def test_own_lists_of_accounts_page_by_row_ids_at_a_constant_cost(world: World, verb: str, path: str) -> None:
    alice = await world.person("alice")
    await set_account(alice, "locked", True)
    others: list[Person] = []
    costs: list[int] = []
    for total in (1, 41):
        while len(others) < total:
            others.append(await world.person(f"p{len(others)}"))
            if verb == "ask":
                await others[-1].follow(alice)
            else:
                await alice.api.post(f"/api/v1/accounts/{others[-1].id}/{verb}")
        await alice.api.get(path)
        costs.append(len(await world.statements(lambda: alice.api.get(path))))
    assert costs[0] == costs[1] <= 3
    newest_first = [person.id for person in reversed(others)]
    first = await alice.api.get(path)
    assert [account["id"] for account in first.json()] == newest_first[:40]
    second = await alice.api.get(link(first, "next") or "")
    assert [account["id"] for account in second.json()] == newest_first[40:]
    assert link(second, "next") is None
    back = await alice.api.get(f"{link(second, 'prev')}&limit=2")
    assert [account["id"] for account in back.json()] == newest_first[38:40]
    assert len((await alice.api.get(path, {"limit": 80})).json()) == 41
    await alice.api.get(path, {"limit": -1}, expect=400)


async def test_an_empty_list_has_no_links(world: World) -> None:
    alice = await world.person("alice")
    for path in ("blocks", "mutes", "follow_requests", "domain_blocks"):
        answer = await alice.api.get(f"/api/v1/{path}")
        assert answer.json() == []
        assert "link" not in answer.headers


async def remote(world: World, name: str, domain: str) -> int:
    account_id = await world.db.connection.fetchval("select make_id($1)", world.clock.now())
    await world.db.connection.execute(
        "insert into accounts (id, username, domain, uri, url, created_at, updated_at)"
        " values ($1, $2, $3, $4, $4, $5, $5)",
        account_id, name, domain, f"https://{domain}/users/{name}", world.clock.now(),
    )  # fmt: skip
    await world.db.connection.execute("insert into account_stats (account_id) values ($1)", account_id)
    return account_id


async def test_a_blocked_domain_ends_follows_both_ways_and_keeps_new_ones_off(world: World) -> None:
    alice = await world.person("alice")
    zoe, yan = await remote(world, "zoe", "far.example"), await remote(world, "yan", "far.example")
    await alice.api.post(f"/api/v1/accounts/{zoe}/follow")
    await world.db.connection.execute(
        "insert into follows (id, account_id, target_id, created_at) values (make_id($1), $2, $3, $1)",
        world.clock.now(), yan, alice.account_id,
    )  # fmt: skip
    await world.db.connection.execute(
        "update account_stats set followers_count = 1 where account_id = $1", alice.account_id
    )
    preview = (await alice.api.get("/api/v1/domain_blocks/preview", {"domain": "far.example"})).json()
    assert preview == {"following_count": 1, "followers_count": 1}
    assert (await alice.api.post("/api/v1/domain_blocks", {"domain": "FAR.example."})).json() == {}
    assert await counts(alice) == (0, 0)
    shown = (await alice.api.get("/api/v1/accounts/relationships", {"id": str(zoe)})).json()[0]
    assert (shown["domain_blocking"], shown["following"]) == (True, False)
    await alice.api.post(f"/api/v1/accounts/{zoe}/follow", expect=403)
    assert (await alice.api.get("/api/v1/domain_blocks")).json() == ["far.example"]


@pytest.mark.parametrize("more", [{"json": {"domain": "far.example"}}, {"params": {"domain": "far.example"}},
                                  {"data": {"domain": "far.example"}}], ids=["json", "query", "form"])  # fmt: skip
async def test_the_block_of_a_domain_is_lifted_by_body_or_query(world: World, more: dict[str, Any]) -> None:
    alice = await world.person("alice")
    await alice.api.post("/api/v1/domain_blocks", {"domain": "far.example"})
    assert (await alice.api.request("DELETE", "/api/v1/domain_blocks", **more)).json() == {}
    assert (await alice.api.get("/api/v1/domain_blocks")).json() == []


async def test_only_domains_of_others_can_be_blocked(world: World) -> None:
    alice = await world.person("alice")
    for wrong in ("localhost:3000", "no domain", "127.0.0.1", ""):
        await alice.api.post("/api/v1/domain_blocks", {"domain": wrong}, expect=422)
    await alice.api.post("/api/v1/domain_blocks", {}, expect=400)


async def test_blocked_domains_page(world: World) -> None:
    alice = await world.person("alice")
    for number in range(3):
        await alice.api.post("/api/v1/domain_blocks", {"domain": f"d{number}.example"})
    first = await alice.api.get("/api/v1/domain_blocks", {"limit": 2})
    assert first.json() == ["d2.example", "d1.example"]
    assert (await alice.api.get(link(first, "next") or "")).json() == ["d0.example"]


async def test_scopes_are_asked_for_and_the_old_follow_scope_is_enough(world: World) -> None:
    bob = await world.person("bob")
    old = await world.person("old", scopes="follow")
    reader = await world.person("reader", scopes="read")
    for verb in ("follow", "unfollow", "mute", "unmute", "block", "unblock"):
        await old.api.post(f"/api/v1/accounts/{bob.id}/{verb}")
        refused = await reader.api.post(f"/api/v1/accounts/{bob.id}/{verb}", expect=403)
        assert refused.json() == {"error": "This action is outside the authorized scopes"}
        await world.anyone.post(f"/api/v1/accounts/{bob.id}/{verb}", expect=401)
    for path in ("blocks", "mutes", "follow_requests", "domain_blocks"):
        await old.api.get(f"/api/v1/{path}")
