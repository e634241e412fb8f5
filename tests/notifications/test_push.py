"""Pushing notifications: who is pushed what, what apps read, and what becomes of subscriptions that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from rostra.effects import HANDLERS
from rostra.events import PushOrdered
from rostra.kit.errors import Upstream
from tests.notifications.push_service import PushService, running_push_service
from tests.world import Person, World

PATH = "/api/v1/push/subscription"
EVERYTHING = dict.fromkeys(
    (
        "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "admin.sign_up",
        "admin.report",
    ),
    True,
)  # fmt: skip


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with running_push_service() as running:
        yield running


async def subscribe(person: Person, service: PushService, **choice: Any) -> None:
    choice.setdefault("alerts", EVERYTHING)
    await person.api.post(PATH, {"subscription": service.subscription(), "data": choice})


async def left(world: World) -> int:
    return await world.db.connection.fetchval("select count(*) from push_subscriptions")


async def test_an_app_reads_what_happened(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob", display_name="Bob {B} & Co")
    await subscribe(alice, service)
    await bob.post("Hello @alice, *how* are you? <3 https://example.com/a/very/long/address/that/is/shortened/in/html")
    await world.settle()
    told = (await alice.api.get("/api/v1/notifications")).json()
    [push] = service.read()
    assert push == {
        "access_token": alice.token,
        "preferred_locale": "en",
        "notification_id": int(told[0]["id"]),
        "notification_type": "mention",
        "icon": "http://localhost:3000/avatars/original/missing.png",
        "title": "Bob {B} & Co mentioned you",
        "body": "Hello @alice, *how* are you? <3 https://example.com/a/very/long/address/that/is/shortened/in/html",
    }
    assert push["notification_id"] < 2**53
    shown = await alice.api.get(f"/api/v1/notifications/{push['notification_id']}")
    assert shown.json()["id"] == str(push["notification_id"])


async def test_the_request_is_what_push_services_want(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await subscribe(alice, service)
    await bob.follow(alice)
    await bob.post("@alice hi")
    await world.settle()
    [follow, mention] = [headers for headers, _ in service.pushed]
    assert (follow["ttl"], follow["urgency"], follow["content-encoding"]) == ("172800", "normal", "aes128gcm")
    assert follow["authorization"].startswith("vapid t=")
    assert mention["urgency"] == "high"


async def test_old_clients_are_served_by_the_draft(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.api.post(PATH, {"subscription": service.subscription(standard=False), "data": {"alerts": EVERYTHING}})
    await bob.follow(alice)
    await world.settle()
    assert service.pushed[0][0]["content-encoding"] == "aesgcm"
    assert [push["title"] for push in service.read()] == ["bob follows you now"]


async def test_titles_are_in_the_language_of_whoever_gets_them(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob", display_name="Roberto")
    run = world.db.connection.execute
    await run("update users set locale = 'it' where account_id = $1", alice.account_id)
    await run(
        "update accounts set note = '<p>Scrive di <b>pane</b></p>', rendered_for = 0 where id = $1", bob.account_id
    )
    await subscribe(alice, service)
    await bob.follow(alice)
    await world.settle()
    [push] = service.read()
    assert (push["preferred_locale"], push["title"], push["body"]) == ("it", "Roberto ora ti segue", "Scrive di pane")


async def test_a_warning_stands_for_what_it_hides_and_long_texts_are_cut(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await subscribe(alice, service)
    await bob.post("@alice the murderer is the gardener", spoiler_text="spoilers")
    await bob.post("@alice " + "bla " * 120)
    await world.settle()
    [warned, long] = service.read()
    assert warned["body"] == "spoilers"
    assert len(long["body"]) in range(136, 141)
    assert long["body"].endswith("bla…")


async def test_only_what_is_wanted_is_pushed(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await subscribe(alice, service, alerts={"follow": True})
    await bob.post("@alice hi")
    await bob.follow(alice)
    await world.settle()
    assert [push["notification_type"] for push in service.read()] == ["follow"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("all", {"stranger", "followed", "follower"}),
        ("followed", {"followed"}),
        ("follower", {"follower"}),
        ("none", set()),
    ],
)
async def test_a_policy_says_whose_notifications_are_pushed(
    world: World, service: PushService, policy: str, expected: set[str]
) -> None:
    alice = await world.person("alice")
    people = [await world.person(name) for name in ("stranger", "followed", "follower")]
    await alice.follow(people[1])
    await people[2].follow(alice)
    await world.settle()
    await subscribe(alice, service, alerts={"mention": True}, policy=policy)
    for person in people:
        await person.post("@alice hi")
    await world.settle()
    assert {push["title"].removesuffix(" mentioned you") for push in service.read()} == expected


async def test_every_subscription_is_a_job_of_its_own(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await subscribe(alice, service)
    await world.token_for(alice.account_id, "second", "push")
    from tests.world import Api

    await Api(world, "second").post(PATH, {"subscription": service.subscription(), "data": {"alerts": EVERYTHING}})
    await bob.post("@alice hi")
    await world.settle()
    assert {push["access_token"] for push in service.read()} == {alice.token, "second"}
    entry = HANDLERS.get("notifications.push")
    # Some slots of a worker stay free for others, however many push services do not answer.
    assert 0 < entry.concurrency < 24


async def test_nothing_is_pushed_that_could_not_be_read_now(world: World, service: PushService) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await subscribe(alice, service)
    await bob.post("@alice a lighthouse")
    await bob.post("@alice nothing special")
    subscription_id = int((await alice.api.get(PATH)).json()["id"])
    await alice.api.post(
        "/api/v2/filters",
        {"title": "x", "context": ["notifications"], "filter_action": "hide",
         "keywords_attributes": [{"keyword": "lighthouse", "whole_word": True}]},
    )  # fmt: skip
    await world.settle()
    assert [push["body"] for push in service.read()] == ["@alice nothing special"]
    told = (await alice.api.get("/api/v1/notifications")).json()
    order = {"subscription_id": subscription_id, "notification_id": int(told[0]["id"])}
    suspend = "update accounts set suspended_at = $1 where id = $2"
    await world.db.connection.execute(suspend, world.clock.now(), bob.account_id)
    await push_now(world, **order)
    assert service.read() == []
    await world.db.connection.execute(suspend, None, bob.account_id)
    await push_now(world, **order)
    assert len(service.read()) == 1
    await alice.api.post("/api/v1/notifications/clear")
    await push_now(world, **order)
    assert service.read() == []


async def push_now(world: World, **order: int) -> None:
    await HANDLERS.get("notifications.push").handler(PushOrdered(**order), world.res)


async def ordered(world: World, service: PushService) -> dict[str, int]:
    """A subscription and a notification for it."""
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.post("@alice hi")
    await world.settle()
    await subscribe(alice, service)
    told = (await alice.api.get("/api/v1/notifications")).json()
    subscription = (await alice.api.get(PATH)).json()
    return {"subscription_id": int(subscription["id"]), "notification_id": int(told[0]["id"])}


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_removed(world: World, service: PushService, status: int) -> None:
    order = await ordered(world, service)
    service.status = status
    await push_now(world, **order)
    assert await left(world) == 0
    # A job that is left over finds nothing to do.
    await push_now(world, **order)
    assert len(service.pushed) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429, None])
async def test_a_service_that_is_in_trouble_is_tried_again(
    world: World, service: PushService, status: int | None
) -> None:
    order = await ordered(world, service)
    service.status = status
    with pytest.raises(Upstream):
        await push_now(world, **order)
    assert await left(world) == 1
    service.status = 201
    await push_now(world, **order)
    assert await world.db.connection.fetchval("select failures from push_subscriptions") == 0


@pytest.mark.parametrize("status", [400, 401, 403, 413, 302])
async def test_what_is_refused_is_counted_and_not_repeated(world: World, service: PushService, status: int) -> None:
    order = await ordered(world, service)
    service.status = status
    await push_now(world, **order)
    await push_now(world, **order)
    assert await world.db.connection.fetchval("select failures from push_subscriptions") == 2


async def test_a_subscription_that_fails_for_long_is_tried_once_a_notification_and_then_given_up(
    world: World, service: PushService
) -> None:
    order = await ordered(world, service)
    service.status = 500
    for _ in range(9):
        with pytest.raises(Upstream):
            await push_now(world, **order)
    await push_now(world, **order)
    assert await left(world) == 1
    world.at(world.clock.now() + timedelta(days=8))
    await push_now(world, **order)
    assert await left(world) == 0


async def test_a_token_that_can_no_longer_be_read_ends_its_subscription(world: World, service: PushService) -> None:
    order = await ordered(world, service)
    await world.db.connection.execute("update push_subscriptions set token_sealed = 'other'")
    await push_now(world, **order)
    assert (await left(world), service.pushed) == (0, [])


async def test_polls_reports_and_sign_ups_have_their_words(world: World, service: PushService) -> None:
    from rostra.events import PollClosed, SignedUp

    alice, bob = await world.person("alice", role="moderator"), await world.person("bob")
    await subscribe(alice, service)
    poll = await alice.post("tea?", poll={"options": ["yes", "no"], "expires_in": 3600})
    async with world.db.transaction() as tx:
        await world.res.emit(tx, PollClosed(poll_id=int(poll["poll"]["id"])))
        await world.res.emit(tx, SignedUp(account_id=bob.account_id))
    await bob.api.post("/api/v1/reports", {"account_id": alice.id, "comment": "too much tea"})
    await world.settle()
    assert {(push["notification_type"], push["title"], push["body"]) for push in service.read()} == {
        ("poll", "Your poll has closed", "tea?"),
        ("admin.sign_up", "bob signed up", ""),
        ("admin.report", "bob filed a report", "too much tea"),
    }
