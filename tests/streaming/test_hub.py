"""The hub: from announcements to connections."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rostra.kit import metrics
from rostra.kit.errors import BadRequest, Forbidden, NotFound, RateLimited
from rostra.streaming.connect import Asked, open_stream
from rostra.streaming.subscriptions import MOST_WAITING, Event, Stream
from rostra.timelines.announce import (
    ChangedFilters,
    DeletedStatuses,
    EditedStatus,
    EndedStreams,
    NewNotifications,
    NewStatus,
)
from tests.streaming.connected import connect
from tests.world import Person, World

EVERY_STREAM = (
    "user", "user:notification", "direct", "public", "public:local", "public:remote", "public:media",
    "public:local:media", "public:remote:media", "hashtag?rome", "hashtag:local?rome",
)  # fmt: skip


async def posted(person: Person, text: str, **more: Any) -> dict[str, Any]:
    """A post that has reached the home timelines."""
    status = await person.post(text, **more)
    await person.world.settle()
    return status


async def published(person: Person, text: str, **more: Any) -> dict[str, Any]:
    """A post, delivered to those who are connected."""
    status = await posted(person, text, **more)
    await person.world.app.hub.deliver(NewStatus(status_id=int(status["id"])))
    return status


async def test_a_public_post_appears_on_its_streams_with_their_names(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    listener = await connect(bob, *EVERY_STREAM)
    status = await published(alice, "hello #Rome")
    assert sorted(listener.heard()) == [
        (stream, "update", status["id"]) for stream in ("hashtag:local?rome", "hashtag?rome", "public", "public:local")
    ]


async def test_a_hashtag_stream_is_named_as_the_client_spelt_it(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    listener = await connect(bob, "hashtag?RoMe")
    status = await published(alice, "hello #rome")
    assert listener.heard() == [("hashtag?RoMe", "update", status["id"])]


async def test_replies_to_others_boosts_and_unlisted_posts_are_not_on_public_streams(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    question = await posted(alice, "question")
    listener = await connect(bob, *EVERY_STREAM[3:])
    reply = await published(bob, "answer #rome", in_reply_to_id=question["id"])
    await published(alice, "quiet #rome", visibility="unlisted")
    await published(alice, "private #rome", visibility="private")
    boost = (await bob.api.post(f"/api/v1/statuses/{question['id']}/reblog")).json()
    await world.settle()
    await world.app.hub.deliver(NewStatus(status_id=int(boost["id"])))
    assert {name for name, _, _ in listener.heard()} == {"hashtag?rome", "hashtag:local?rome"}
    thread = await published(alice, "one more thing", in_reply_to_id=question["id"])
    assert ("public", "update", thread["id"]) in listener.heard()
    assert reply["id"]


async def test_posts_with_media_are_on_media_streams_too(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    listener = await connect(bob, "public:media", "public:local:media", "public:remote:media")
    await published(alice, "no picture")
    assert listener.heard() == []
    status = await posted(alice, "picture")
    await world.db.connection.execute(
        "insert into media_attachments (id, account_id, status_id, type, content_type, original_key, preview_key,"
        " size_bytes, meta, created_at) values (make_id($1), $2, $3, 'image', 'image/png', 'a', 'b', 1, '{}', $1)",
        world.clock.now(), alice.account_id, int(status["id"]),
    )  # fmt: skip
    await world.app.hub.deliver(NewStatus(status_id=int(status["id"])))
    assert {name for name, _, _ in listener.heard()} == {"public:media", "public:local:media"}


async def test_posts_of_limited_authors_reach_followers_only(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    await world.settle()
    await world.db.connection.execute(
        "update accounts set silenced_at = $1 where username = 'alice'", world.clock.now()
    )
    listener = await connect(bob, *EVERY_STREAM)
    status = await published(alice, "hello #rome")
    assert listener.heard() == [("user", "update", status["id"])]


async def test_each_viewer_gets_their_own_flags_and_filters(world: World) -> None:
    alice, bob, carol, dave = [await world.person(name) for name in ("alice", "bob", "carol", "dave")]
    for person, action in ((carol, "warn"), (dave, "hide")):
        await person.api.post(
            "/api/v2/filters",
            {"title": "x", "context": ["public"], "filter_action": action,
             "keywords_attributes": [{"keyword": "lighthouse", "whole_word": True}]},
        )  # fmt: skip
        await person.follow(alice)
    await world.settle()
    listeners = [await connect(person, "user", "public") for person in (alice, bob, carol, dave)]
    status = await posted(alice, "a lighthouse")
    await bob.api.post(f"/api/v1/statuses/{status['id']}/bookmark")
    await world.app.hub.deliver(NewStatus(status_id=int(status["id"])))
    sent = [listener.statuses() for listener in listeners]
    assert [len(statuses) for statuses in sent] == [2, 1, 2, 1]
    assert sent[0][0]["pinned"] is False
    assert [statuses[0]["bookmarked"] for statuses in sent] == [False, True, False, False]
    # The filter is for public timelines: it hides nothing at home.
    assert sorted(len(one["filtered"]) for one in sent[2]) == [0, 1]
    assert sent[3][0]["filtered"] == []


async def test_changed_filters_are_told_without_a_payload_and_hold_at_once(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    listeners = [await connect(bob, "user", "public"), await connect(bob, "public"), await connect(alice, "user")]
    await bob.api.post(
        "/api/v2/filters",
        {"title": "x", "context": ["public"], "filter_action": "hide",
         "keywords_attributes": [{"keyword": "lighthouse", "whole_word": True}]},
    )  # fmt: skip
    await world.app.hub.deliver(ChangedFilters(account_id=bob.account_id))
    event = listeners[0].subscriber.waiting.get_nowait()
    assert json.loads(event.frame) == {"stream": ["user"], "event": "filters_changed"}
    assert event.block == "event: filters_changed\ndata: undefined\n\n"
    await published(alice, "a lighthouse")
    assert [listener.heard() for listener in listeners[:2]] == [[], []]


async def test_what_is_deleted_is_told_to_all_who_may_have_it_by_its_id_alone(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await posted(alice, "hello #rome")
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    await world.settle()
    listener = await connect(bob, *EVERY_STREAM)
    await alice.api.delete(f"/api/v1/statuses/{status['id']}")
    await world.settle()
    await world.app.hub.deliver(DeletedStatuses(status_ids=[int(status["id"]), int(boost["id"])]))
    heard = listener.heard()
    assert {stream for stream, _, _ in heard} == set(EVERY_STREAM) - {"user:notification", "direct"}
    assert {(name, payload) for _, name, payload in heard} == {("delete", status["id"]), ("delete", boost["id"])}


async def test_an_edit_reaches_also_those_who_see_the_status_by_a_boost(world: World) -> None:
    alice, bob, carol, dave = [await world.person(name) for name in ("alice", "bob", "carol", "dave")]
    await bob.follow(alice)
    await dave.follow(carol)
    await world.settle()
    status = await posted(alice, "hello", visibility="unlisted")
    await carol.api.post(f"/api/v1/statuses/{status['id']}/reblog")
    await world.settle()
    listeners = [await connect(person, "user", "public") for person in (alice, bob, carol, dave)]
    stranger = await connect(await world.person("stranger"), "user", "public")
    await world.app.hub.deliver(EditedStatus(status_id=int(status["id"])))
    for listener in listeners:
        assert listener.heard() == [("user", "status.update", status["id"])]
    assert stranger.heard() == []


async def test_notifications_reach_their_streams_as_far_as_the_token_does(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    both = await connect(alice, "user", "user:notification")
    narrow = await connect(alice, "user", scopes=frozenset({"read:statuses"}))
    other = await connect(bob, "user", "user:notification")
    status = await posted(bob, "@alice hi")
    told = (await alice.api.get("/api/v1/notifications")).json()[0]
    await world.app.hub.deliver(NewNotifications(notifications=[(int(told["id"]), alice.account_id)]))
    events = [both.subscriber.waiting.get_nowait() for _ in range(2)]
    assert {event.label for event in events} == {("user",), ("user:notification",)}
    assert all(json.loads(event.payload or "") == told for event in events)
    assert told["status"]["id"] == status["id"]
    assert narrow.heard() == other.heard() == []


async def test_a_notification_that_is_gone_or_filtered_is_not_sent(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await posted(bob, "@alice hi")
    told = int((await alice.api.get("/api/v1/notifications")).json()[0]["id"])
    listener = await connect(alice, "user:notification")
    await alice.api.post(
        "/api/v2/filters",
        {"title": "x", "context": ["notifications"], "filter_action": "hide",
         "keywords_attributes": [{"keyword": "hi", "whole_word": True}]},
    )  # fmt: skip
    await world.app.hub.deliver(ChangedFilters(account_id=alice.account_id))
    await world.app.hub.deliver(NewNotifications(notifications=[(told, alice.account_id)]))
    await alice.api.post("/api/v1/notifications/clear")
    await world.app.hub.deliver(NewNotifications(notifications=[(told, alice.account_id), (0, alice.account_id)]))
    assert listener.heard() == []


async def test_an_announcement_takes_constant_statements_however_many_hear_it(world: World) -> None:
    alice = await world.person("alice")
    counts: dict[str, list[int]] = {"update": [], "notification": []}
    listeners = []
    for total in (1, 40):
        for number in range(total):
            person = await world.person(f"p{total}x{number}")
            await person.follow(alice)
            listeners.append((await connect(person, "user", "public", "hashtag?rome"), person))
        await world.settle()
        status = await posted(alice, f"hello #rome {' '.join(f'@{person.username}' for _, person in listeners[-20:])}")
        new = NewStatus(status_id=int(status["id"]))
        counts["update"].append(len(await world.statements(lambda new=new: world.app.hub.deliver(new))))
        # Those of this status alone: another status would be read by itself.
        rows = await world.db.connection.fetch(
            "select id, account_id from notifications where type = 'mention' and status_id = $1", new.status_id
        )
        told = NewNotifications(notifications=[(row["id"], row["account_id"]) for row in rows])
        counts["notification"].append(len(await world.statements(lambda told=told: world.app.hub.deliver(told))))
    assert counts["update"][0] == counts["update"][1] <= 4
    assert len(told.notifications) == 20
    assert counts["notification"][0] == counts["notification"][1] <= 5
    assert all(len(listener.heard()) >= 3 for listener, _ in listeners)


async def test_what_many_get_alike_is_made_once(world: World) -> None:
    alice = await world.person("alice")
    listeners = [await connect(await world.person(f"p{number}"), "public") for number in range(5)]
    await published(alice, "hello")
    events = [listener.subscriber.waiting.get_nowait() for listener in listeners]
    assert len({id(event) for event in events}) == 1


async def test_when_nobody_is_connected_nothing_is_asked(world: World) -> None:
    alice = await world.person("alice")
    status = await posted(alice, "hello")
    for announcement in (
        NewStatus(status_id=int(status["id"])),
        EditedStatus(status_id=int(status["id"])),
        DeletedStatuses(status_ids=[1]),
        NewNotifications(notifications=[(1, alice.account_id)]),
        ChangedFilters(account_id=alice.account_id),
    ):
        assert await world.statements(lambda one=announcement: world.app.hub.deliver(one)) == []


async def test_streams_of_tokens_and_accounts_end_when_they_are_told_to(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    listeners = [await connect(alice), await connect(alice, "user"), await connect(bob, "user")]
    token_id = listeners[0].subscriber.viewer.token_id
    await world.token_for(alice.account_id, "second", "read")
    other = await connect(Person(world, alice.account_id, "alice", "second"), "user")
    await world.app.hub.deliver(EndedStreams(account_id=alice.account_id, token_ids=[token_id or 0]))
    assert [one.subscriber.has_ended for one in (*listeners, other)] == [True, True, False, False]
    await world.app.hub.deliver(EndedStreams(account_id=alice.account_id))
    assert [one.subscriber.has_ended for one in (*listeners, other)] == [True, True, False, True]


@pytest.mark.parametrize(
    "change",
    [
        "delete from access_tokens where account_id = $1",
        "update accounts set suspended_at = created_at where id = $1",
        "update users set disabled_at = created_at where account_id = $1",
        "update users set confirmed_at = null where account_id = $1",
        "update users set approved_at = null where account_id = $1",
    ],
)
async def test_who_may_not_stream_any_more_is_found_without_being_told(world: World, change: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    listeners = [await connect(alice, "user"), await connect(bob, "user")]
    await world.app.hub.revalidate()
    assert [one.subscriber.has_ended for one in listeners] == [False, False]
    await world.db.connection.execute(change, alice.account_id)
    await world.app.hub.revalidate()
    assert [one.subscriber.has_ended for one in listeners] == [True, False]


async def test_revoking_and_signing_out_say_whose_streams_end(world: World) -> None:
    from rostra.effects import jobs_for
    from rostra.events import TokensRevoked

    assert [job.name for job in jobs_for(TokensRevoked(account_id=1))] == ["live.revoked"]


async def test_a_client_that_does_not_read_is_dropped(world: World) -> None:
    alice = await world.person("alice")
    slow = (await connect(alice, "user")).subscriber
    event = Event("delete", "1", ("user",))
    for _ in range(MOST_WAITING):
        slow.send(event)
    assert not slow.has_ended
    slow.send(event)
    assert slow.has_ended


def open_streams() -> float:
    return metrics.streams._value.get()


async def test_one_person_and_one_connection_have_bounds(world: World) -> None:
    alice = await world.person("alice")
    before = open_streams()
    first = await connect(alice)
    assert open_streams() == before + 1
    with pytest.raises(BadRequest):
        await first.subscribe(world.res, *(f"hashtag?tag{number}" for number in range(51)))
    for _ in range(99):
        await connect(alice)
    with pytest.raises(RateLimited):
        await connect(alice)
    hub = world.app.hub
    for subscriber in hub.subscriptions.everybody():
        hub.subscriptions.drop(subscriber)
        hub.subscriptions.drop(subscriber)
    assert (len(hub.subscriptions), hub.subscriptions.named("hashtag"), open_streams()) == (0, [], before)
    await connect(alice)


async def test_streams_that_are_not_there_or_not_allowed_are_refused(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    made = (await bob.api.post("/api/v1/lists", {"title": "mine"})).json()
    subscriber = (await connect(alice)).subscriber
    for asked in (
        Asked("nonsense"), Asked("hashtag"), Asked("hashtag", tag="!!!"), Asked("list"), Asked("list", list_id="x"),
        Asked("list", list_id="9" * 30), Asked("list", list_id="-1"), Asked("list", list_id="１"),
    ):  # fmt: skip
        with pytest.raises(BadRequest):
            await open_stream(asked, subscriber, world.res)
    with pytest.raises(NotFound):
        await open_stream(Asked("list", list_id=made["id"]), subscriber, world.res)
    assert await open_stream(Asked("list", list_id=made["id"]), (await connect(bob)).subscriber, world.res) == Stream(
        "list", made["id"]
    )
    narrow = (await connect(alice, scopes=frozenset({"read:notifications"}))).subscriber
    await open_stream(Asked("user:notification"), narrow, world.res)
    for name in ("user", "public", "direct"):
        with pytest.raises(Forbidden):
            await open_stream(Asked(name), narrow, world.res)
