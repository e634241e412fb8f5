"""Who is told of what, once, and what is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.effects import HANDLERS
from rostra.events import (
    Event,
    Favourited,
    Followed,
    FollowRequested,
    Notified,
    PollClosed,
    Reported,
    SignedUp,
    StatusEdited,
    StatusPublished,
)
from tests.world import Person, World

PATH = "/api/v1/notifications"


async def told(person: Person, query: str = "") -> list[tuple[str, str, str | None]]:
    """Type, from whom, about which status; the newest first."""
    await person.world.settle()
    answer = (await person.api.get(f"{PATH}{query}")).json()
    return [(one["type"], one["account"]["username"], one.get("status", {}).get("id")) for one in answer]


async def say(world: World, event: Event) -> None:
    async with world.db.transaction() as tx:
        await world.res.emit(tx, event)


async def act(person: Person, status: dict[str, Any], verb: str) -> None:
    await person.api.post(f"/api/v1/statuses/{status['id']}/{verb}")


async def test_authors_hear_of_favourites_and_boosts_until_they_are_taken_back(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await alice.post("hello")
    await act(bob, post, "favourite")
    await act(bob, post, "reblog")
    assert await told(alice) == [("reblog", "bob", post["id"]), ("favourite", "bob", post["id"])]
    await act(bob, post, "unreblog")
    assert await told(alice) == [("favourite", "bob", post["id"])]
    await act(bob, post, "unfavourite")
    assert await told(alice) == []
    await act(bob, post, "favourite")
    assert await told(alice) == [("favourite", "bob", post["id"])]
    await act(alice, post, "favourite")
    assert await told(alice) == [("favourite", "bob", post["id"])]


async def test_nobody_hears_of_what_was_taken_back_before_they_could_be_told(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await world.db.connection.execute("update accounts set locked = true where username = 'carol'")
    post = await alice.post("hello")
    await act(bob, post, "favourite")
    await act(bob, post, "unfavourite")
    await act(bob, post, "reblog")
    await act(bob, post, "unreblog")
    for person in (alice, carol):
        await bob.follow(person)
        await bob.api.post(f"/api/v1/accounts/{person.id}/unfollow")
    assert await told(alice) == []
    assert await told(carol) == []


async def test_what_was_done_again_stays_though_it_was_taken_back_between(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await alice.post("hello")
    for verb in ("favourite", "unfavourite", "favourite", "reblog", "unreblog", "reblog"):
        await act(bob, post, verb)
    assert sorted(await told(alice)) == [("favourite", "bob", post["id"]), ("reblog", "bob", post["id"])]


async def test_a_request_becomes_a_follow_and_ends_with_it(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await world.db.connection.execute("update accounts set locked = true where username = 'alice'")
    await bob.follow(alice)
    assert await told(alice) == [("follow_request", "bob", None)]
    await alice.api.post(f"/api/v1/follow_requests/{bob.id}/authorize")
    assert await told(alice) == [("follow", "bob", None)]
    await bob.api.post(f"/api/v1/accounts/{alice.id}/unfollow")
    assert await told(alice) == []


async def test_each_edit_is_told_once_to_those_who_boosted(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    post = await alice.post("hello")
    await act(bob, post, "reblog")
    await world.settle()
    seen: set[str] = set()
    for text in ("hello there", "hello you, @carol"):
        world.at(world.clock.now() + timedelta(minutes=1))
        await alice.api.put(f"/api/v1/statuses/{post['id']}", {"status": text})
        assert await told(bob) == [("update", "alice", post["id"])]
        await say(world, StatusEdited(status_id=int(post["id"]), account_id=alice.account_id))
        assert await told(bob) == [("update", "alice", post["id"])]
        seen.add((await bob.api.get(PATH)).json()[0]["id"])
    # The second edit was told anew, and not just once for both.
    assert len(seen) == 2
    assert await told(carol) == [("mention", "alice", post["id"])]


async def test_those_who_voted_and_the_author_hear_of_the_end_of_a_poll(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    post = await alice.post("tea?", poll={"options": ["yes", "no"], "expires_in": 3600})
    await bob.api.post(f"/api/v1/polls/{post['poll']['id']}/votes", {"choices": ["0"]})
    await say(world, PollClosed(poll_id=int(post["poll"]["id"])))
    await say(world, PollClosed(poll_id=int(post["poll"]["id"])))
    await say(world, PollClosed(poll_id=1))
    assert await told(alice) == [("poll", "alice", post["id"])]
    assert await told(bob) == [("poll", "alice", post["id"])]
    assert await told(carol) == []


async def test_moderators_hear_of_reports_with_all_that_they_say_and_of_sign_ups(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    staff = [await world.person(role, role=role) for role in ("owner", "admin", "moderator")]
    retired = await world.person("retired", role="moderator")
    await world.db.connection.execute(
        "update users set disabled_at = $1 where account_id = $2", world.clock.now(), retired.account_id
    )
    post = await bob.post("bad words")
    report = {"account_id": bob.id, "status_ids": [post["id"]], "comment": "look", "category": "spam"}
    made = (await alice.api.post("/api/v1/reports", report)).json()
    await say(world, SignedUp(account_id=bob.account_id))
    for person in staff:
        assert await told(person) == [("admin.sign_up", "bob", None), ("admin.report", "alice", None)]
        shown = (await person.api.get(PATH, {"types[]": "admin.report"})).json()[0]["report"]
        assert shown == made
    assert await told(bob) == []


async def test_a_limited_account_reaches_its_followers_and_the_moderators_only(world: World) -> None:
    alice, bob, staff = [await world.person(name) for name in ("alice", "bob", "staff")]
    await world.db.connection.execute("update users set role = 'moderator' where account_id = $1", staff.account_id)
    limited = await world.person("limited")
    await bob.follow(limited)
    await world.settle()
    await world.db.connection.execute(
        "update accounts set silenced_at = $1 where id = $2", world.clock.now(), limited.account_id
    )
    post = await limited.post("@alice @bob @staff hi")
    await limited.api.post("/api/v1/reports", {"account_id": alice.id})
    assert await told(alice) == []
    assert await told(bob) == [("mention", "limited", post["id"])]
    assert await told(staff) == [("admin.report", "limited", None)]


async def test_nobody_hears_from_the_suspended_or_of_conversations_that_they_muted(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await alice.post("hello")
    await act(alice, post, "mute")
    await bob.post("@alice hi", in_reply_to_id=post["id"])
    assert await told(alice) == []
    other = await bob.post("@alice hi again")
    assert await told(alice) == [("mention", "bob", other["id"])]
    run = world.db.connection.execute
    await run("update accounts set suspended_at = $1 where username = 'bob'", world.clock.now())
    assert await told(alice) == []
    one = await world.db.connection.fetchval("select id from notifications")
    await alice.api.get(f"{PATH}/{one}", expect=404)
    await say(world, Followed(account_id=bob.account_id, target_id=alice.account_id))
    await run("update accounts set suspended_at = null")
    assert await told(alice) == [("mention", "bob", other["id"])]


async def test_every_handler_may_run_twice(world: World) -> None:
    alice, bob = await world.person("alice", role="moderator"), await world.person("bob")
    await bob.api.post(f"/api/v1/accounts/{alice.id}/follow")
    post = await alice.post("hello @bob", poll={"options": ["a", "b"], "expires_in": 3600})
    await act(bob, post, "favourite")
    await act(bob, post, "reblog")
    await bob.api.post("/api/v1/reports", {"account_id": alice.id})
    await say(world, PollClosed(poll_id=int(post["poll"]["id"])))
    await say(world, SignedUp(account_id=bob.account_id))
    before = (await told(alice), await told(bob))
    assert len(before[0]) == 6
    boost = await world.db.connection.fetchval("select id from statuses where reblog_of_id = $1", int(post["id"]))
    report = await world.db.connection.fetchval("select id from reports")
    who = {"status_id": int(post["id"]), "account_id": bob.account_id}
    pair = {"account_id": bob.account_id, "target_id": alice.account_id}
    again: list[Event] = [
        Favourited(**who),
        StatusPublished(status_id=boost, account_id=bob.account_id, visibility="public", reblog_of_id=int(post["id"])),
        StatusPublished(status_id=int(post["id"]), account_id=alice.account_id, visibility="public", has_mentions=True),
        Followed(**pair),
        FollowRequested(**pair),
        PollClosed(poll_id=int(post["poll"]["id"])),
        Reported(report_id=report, account_id=bob.account_id),
        SignedUp(account_id=bob.account_id),
    ]
    for event in again:
        await say(world, event)
    assert (await told(alice), await told(bob)) == before


async def test_what_comes_often_is_told_together(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    posts = [await alice.post("one"), await alice.post("two @bob @carol")]
    for person in (bob, carol):
        await act(person, posts[0], "favourite")
    await act(bob, posts[1], "favourite")
    await bob.post("@alice hi")
    await bob.post("@alice hi")
    await world.settle()
    answer = (await alice.api.get(PATH)).json()
    groups: dict[str, set[str]] = {}
    for one in answer:
        groups.setdefault(one["group_key"], set()).add(one["account"]["username"])
        if one["type"] == "mention":
            assert one["group_key"] == f"ungrouped-{one['id']}"
    assert sorted(map(sorted, groups.values())) == [["bob"], ["bob"], ["bob"], ["bob", "carol"]]
    world.at(world.clock.now() + timedelta(hours=13))
    dave = await world.person("dave")
    await act(dave, posts[0], "favourite")
    await world.settle()
    assert (await alice.api.get(PATH)).json()[0]["group_key"] not in groups


async def test_pages_follow_in_both_directions(world: World) -> None:
    from tests.world import link

    alice, bob = await world.person("alice"), await world.person("bob")
    for number in range(5):
        await bob.post(f"@alice {number}")
    await world.settle()
    ids = [one["id"] for one in (await alice.api.get(PATH)).json()]
    assert ids == sorted(ids, key=int, reverse=True)
    first = await alice.api.get(f"{PATH}?limit=2")
    second = await alice.api.get(link(first, "next") or "")
    assert [one["id"] for one in first.json() + second.json()] == ids[:4]
    back = await alice.api.get(link(second, "prev") or "")
    assert [one["id"] for one in back.json()] == ids[:2]
    assert [one["id"] for one in (await alice.api.get(f"{PATH}?min_id={ids[4]}&limit=2")).json()] == ids[2:4]
    assert [one["id"] for one in (await alice.api.get(f"{PATH}?since_id={ids[4]}&limit=2")).json()] == ids[:2]
    assert len((await alice.api.get(f"{PATH}?limit=1000")).json()) == 5
    await alice.api.get(f"{PATH}?limit=-1", expect=400)


async def test_a_list_of_everything_takes_constant_statements(world: World) -> None:
    alice = await world.person("alice", role="admin")
    counts: list[int] = []
    for total in (1, 12):
        for number in range(total):
            person = await world.person(f"p{total}x{number}")
            await person.follow(alice)
            await person.post("hi @alice")
            await person.api.post("/api/v1/reports", {"account_id": alice.id})
        await world.settle()
        await alice.api.get(f"{PATH}?limit=80")
        counts.append(len(await world.statements(lambda: alice.api.get(f"{PATH}?limit=80"))))
    assert counts[0] == counts[1] <= 6


async def test_many_who_ring_are_told_in_few_jobs(world: World) -> None:
    alice = await world.person("alice")
    fans = [await world.person(f"fan{number}") for number in range(105)]
    await world.db.connection.executemany(
        "insert into follows (id, account_id, target_id, notify, created_at) values (make_id($3), $1, $2, true, $3)",
        [(fan.account_id, alice.account_id, world.clock.now()) for fan in fans],
    )
    post = await alice.post("hello")
    await HANDLERS.get("notifications.published").handler(
        StatusPublished(status_id=int(post["id"]), account_id=alice.account_id, visibility="public"), world.res
    )
    jobs = await world.db.connection.fetch("select payload from pgqueuer where entrypoint = 'live.notified'")
    sizes = [len(HANDLERS.get("live.notified").decoder.decode(job["payload"]).notifications) for job in jobs]
    assert sorted(sizes) == [5, 100]
    assert await told(fans[104]) == [("status", "alice", post["id"])]


async def test_a_full_announcement_fits_into_one_notify(world: World) -> None:
    from rostra.timelines.announce import NewNotifications, announce

    event = Notified(notifications=[(2**53, 2**63 - 1)] * 100)
    await announce(world.db, NewNotifications(notifications=event.notifications))


@pytest.mark.parametrize("verb", ["block", "mute"])
async def test_whoever_is_blocked_or_muted_is_forgotten(world: World, verb: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.post("@alice hi")
    assert len(await told(alice)) == 1
    await alice.api.post(f"/api/v1/accounts/{bob.id}/{verb}")
    assert await told(alice) == []
    await bob.post("@alice hi")
    assert await told(alice) == []
