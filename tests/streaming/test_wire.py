"""Streaming over the wire: a real server, WebSocket and event-stream clients, announcements through PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from rostra.kit.serve import is_worth_logging
from rostra.streaming.subscriptions import MOST_WAITING, Event, Stream
from tests.streaming.live import Live, serving, until
from tests.world import Person, World


@pytest.fixture
async def live(fresh_dsn: str, tmp_path: Path) -> AsyncIterator[Live]:
    async with serving(fresh_dsn, tmp_path) as served:
        yield served


async def heard(socket: ClientConnection) -> dict[str, Any]:
    return json.loads(await asyncio.wait_for(socket.recv(), 60))


async def settled_post(world: World, person: Person, text: str) -> dict[str, Any]:
    status = await person.post(text)
    await world.settle()
    return status


def address(live: Live, **query: str) -> str:
    return f"ws://{live.address}/api/v1/streaming?{httpx.QueryParams(query)}"


async def test_one_connection_carries_many_streams(live: Live) -> None:
    world = live.world
    alice, bob = await world.person("alice"), await world.person("bob")
    async with connect(address(live, access_token=alice.token)) as socket:
        for frame in (
            {"type": "subscribe", "stream": "public:local"},
            {"type": "subscribe", "stream": "hashtag", "tag": "Rome"},
            {"type": "subscribe", "stream": "user:notification"},
        ):
            await socket.send(json.dumps(frame))
        await until(lambda: len(live.app.hub.subscriptions.named("user:notification")) == 1)
        status = await settled_post(world, bob, "hello @alice #rome")
        frames = [await heard(socket) for _ in range(3)]
        by_stream = {tuple(frame["stream"]): frame for frame in frames}
        assert set(by_stream) == {("public:local",), ("hashtag", "Rome"), ("user:notification",)}
        for stream in (("public:local",), ("hashtag", "Rome")):
            assert by_stream[stream]["event"] == "update"
            # JSON inside JSON, and what the API says.
            sent = json.loads(by_stream[stream]["payload"])
            assert sent == (await alice.api.get(f"/api/v1/statuses/{status['id']}")).json()
        told = (await alice.api.get("/api/v1/notifications")).json()[0]
        assert by_stream["user:notification",]["event"] == "notification"
        assert json.loads(by_stream["user:notification",]["payload"]) == told
        await socket.send(json.dumps({"type": "unsubscribe", "stream": "hashtag", "tag": "rome"}))
        await until(lambda: not live.app.hub.subscriptions.named("hashtag"))
        await bob.api.delete(f"/api/v1/statuses/{status['id']}")
        await world.settle()
        assert await heard(socket) == {"stream": ["public:local"], "event": "delete", "payload": status["id"]}
    await until(lambda: len(live.app.hub.subscriptions) == 0)


async def test_edits_filters_and_home_arrive(live: Live) -> None:
    world = live.world
    alice = await world.person("alice")
    async with connect(address(live, stream="user"), additional_headers=bearer(alice)) as socket:
        status = await settled_post(world, alice, "hello")
        frame = await heard(socket)
        assert (frame["stream"], frame["event"], json.loads(frame["payload"])["id"]) == (
            ["user"],
            "update",
            status["id"],
        )
        await alice.api.put(f"/api/v1/statuses/{status['id']}", {"status": "hello there"})
        await world.settle()
        frame = await heard(socket)
        assert (frame["event"], json.loads(frame["payload"])["content"]) == ("status.update", "<p>hello there</p>")
        await alice.api.post("/api/v2/filters", {"title": "x", "context": ["home"]})
        await world.settle()
        assert await heard(socket) == {"stream": ["user"], "event": "filters_changed"}


def bearer(person: Person) -> dict[str, str]:
    return {"authorization": f"Bearer {person.token}"}


async def test_the_token_may_come_in_three_ways_and_a_protocol_is_echoed(live: Live) -> None:
    alice = await live.world.person("alice", scopes="read")
    token = "token-without-blanks"
    await live.world.token_for(alice.account_id, token, "read")
    async with connect(address(live), additional_headers={"authorization": f"Bearer {token}"}) as socket:
        assert socket.subprotocol is None
    async with connect(address(live, access_token=token)) as socket:
        assert socket.subprotocol is None
    async with connect(address(live, stream="user"), subprotocols=[Subprotocol(token)]) as socket:
        assert socket.subprotocol == token


async def test_refusals_say_why_before_the_connection_is_made(live: Live) -> None:
    world = live.world
    alice = await world.person("alice")
    await world.token_for(alice.account_id, "narrow", "read:notifications")
    await world.token_for(None, "app", "read")
    cases = [
        ({}, 401, "Missing access token"),
        ({"access_token": "nonsense"}, 401, "The access token is invalid"),
        ({"access_token": "app"}, 403, "This method requires an authenticated user"),
        ({"access_token": "narrow", "stream": "user"}, 403, "Access token does not have the required scopes"),
        ({"access_token": alice.token, "stream": "nonsense"}, 400, "Unknown stream type"),
        ({"access_token": alice.token, "stream": "list", "list": "1"}, 404, "Record not found"),
    ]
    for query, status, text in cases:
        with pytest.raises(InvalidStatus) as refused:
            await connect(address(live, **query))
        answer = refused.value.response
        assert (answer.status_code, json.loads(answer.body or b"")) == (status, {"error": text})
        assert answer.headers["content-type"].startswith("application/json")
    with pytest.raises(InvalidStatus):
        await connect(f"ws://{live.address}/elsewhere")
    assert len(live.app.hub.subscriptions) == 0


async def test_who_is_refused_is_no_error_of_the_server(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(is_worth_logging)
    try:
        for query in ({}, {"access_token": "nonsense"}):
            with pytest.raises(InvalidStatus):
                await connect(address(live, **query))
        await until(lambda: len(live.app.hub.subscriptions) == 0)
    finally:
        logger.removeFilter(is_worth_logging)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_frames_that_make_no_sense_are_answered_and_the_connection_lives(live: Live) -> None:
    alice = await live.world.person("alice")
    async with connect(address(live, access_token=alice.token)) as socket:
        for frame, status in (
            ("nonsense", 400),
            (b"\x00\x01", 400),
            ("[]", 400),
            ('{"type":"subscribe"}', 400),
            ('{"type":"dance","stream":"user"}', 400),
            ('{"type":"subscribe","stream":"nonsense"}', 400),
            ('{"type":"subscribe","stream":"list","list":"1"}', 404),
            ('{"type":"subscribe","stream":"list","list":99999999999999999999}', 400),
        ):
            await socket.send(frame)
            answer = await heard(socket)
            assert (answer["status"], bool(answer["error"])) == (status, True)
        await socket.send('{"type":"subscribe","stream":"user"}')
        await until(lambda: len(live.app.hub.subscriptions.named("user")) == 1)


async def test_a_revoked_token_ends_its_stream(live: Live) -> None:
    world = live.world
    alice, bob = await world.person("alice"), await world.person("bob")
    async with (
        connect(address(live, access_token=alice.token)) as silent,
        connect(address(live, access_token=alice.token, stream="user")) as socket,
        connect(address(live, access_token=bob.token, stream="user")) as other,
    ):
        await until(lambda: len(live.app.hub.subscriptions) == 3)
        from rostra.accounts.sessions import end_all_access

        async with world.db.transaction() as tx:
            await end_all_access(tx, world.res.emit, alice.account_id)
        await world.settle()
        for ended in (silent, socket):
            with pytest.raises(ConnectionClosed):
                await heard(ended)
        status = await settled_post(world, bob, "still here")
        assert json.loads((await heard(other))["payload"])["id"] == status["id"]


async def test_streams_survive_the_loss_of_the_listening_connection(live: Live) -> None:
    world = live.world
    alice, bob = await world.person("alice"), await world.person("bob")
    async with (
        connect(address(live, access_token=alice.token, stream="user")) as socket,
        connect(address(live, access_token=bob.token, stream="user")) as other,
    ):
        await until(lambda: len(live.app.hub.subscriptions.named("user")) == 2)
        # While nothing is heard, a token ends.
        await world.db.connection.execute("delete from access_tokens where account_id = $1", bob.account_id)
        cut = await world.db.connection.fetchval(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            " where query like 'LISTEN%' and datname = current_database()"
        )
        assert cut == 1
        with pytest.raises(ConnectionClosed):
            await heard(other)
        await asyncio.wait_for(live.app.listener.until_listening(), 60)
        status = await settled_post(world, alice, "hello")
        assert json.loads((await heard(socket))["payload"])["id"] == status["id"]


@asynccontextmanager
async def events(live: Live, path: str, person: Person) -> AsyncIterator[AsyncIterator[str]]:
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("GET", f"http://{live.address}/api/v1/streaming/{path}", headers=bearer(person)) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "private, no-store"
        yield answer.aiter_lines()


async def next_event(lines: AsyncIterator[str]) -> tuple[str, str]:
    async for line in lines:
        if line.startswith("event: "):
            data = await anext(lines)
            assert data.startswith("data: ")
            return line.removeprefix("event: "), data.removeprefix("data: ")
    raise AssertionError("the stream has ended")


async def test_event_streams_bring_the_same(live: Live) -> None:
    world = live.world
    alice, bob = await world.person("alice"), await world.person("bob")
    async with events(live, "hashtag/local?tag=Rome", alice) as lines, events(live, "user", bob) as home:
        assert await anext(lines) == ":thump"
        await until(lambda: len(live.app.hub.subscriptions) == 2)
        status = await settled_post(world, bob, "hello #rome @alice")
        for stream, person in ((lines, alice), (home, bob)):
            name, payload = await next_event(stream)
            assert name == "update"
            assert json.loads(payload) == (await person.api.get(f"/api/v1/statuses/{status['id']}")).json()
        await bob.api.delete(f"/api/v1/statuses/{status['id']}")
        await world.settle()
        assert await next_event(lines) == ("delete", status["id"])
    await until(lambda: len(live.app.hub.subscriptions) == 0)


async def test_event_streams_thump_while_there_is_nothing_to_say(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rostra.streaming.events.THUMP_EVERY", 0.01)
    alice = await live.world.person("alice")
    async with events(live, "user/notification", alice) as lines:
        assert [await anext(lines) for _ in range(3)] == [":thump"] * 3


async def test_event_streams_end_with_their_tokens_and_with_the_server(live: Live) -> None:
    world = live.world
    alice = await world.person("alice")
    async with events(live, "public", alice) as lines:
        await until(lambda: len(live.app.hub.subscriptions) == 1)
        await world.db.connection.execute("delete from access_tokens where account_id = $1", alice.account_id)
        await live.app.hub.revalidate()
        assert [line async for line in lines if line.startswith("event")] == []
    bob = await world.person("bob")
    async with events(live, "public", bob) as lines:
        await until(lambda: len(live.app.hub.subscriptions) == 1)
        live.app.end_streams()
        assert [line async for line in lines if line.startswith("event")] == []


async def test_a_client_that_does_not_read_is_dropped_and_holds_nobody_up(live: Live) -> None:
    world = live.world
    alice, bob = await world.person("alice"), await world.person("bob")
    lazy = await connect(address(live, access_token=alice.token, stream="public"), max_queue=1, compression=None)
    hub = live.app.hub
    try:
        async with connect(address(live, access_token=bob.token, stream="public"), compression=None) as socket:
            await until(lambda: len(hub.subscriptions) == 2)
            sent = 0
            while hub.subscriptions.of_account(alice.account_id):
                assert sent < 3000
                sent += 1
                for subscriber in hub.subscriptions.of(Stream("public")):
                    subscriber.send(Event("update", "x" * 100_000, ("public",)))
                assert (await heard(socket))["event"] == "update"
            assert sent > MOST_WAITING
            assert len(hub.subscriptions.of_account(bob.account_id)) == 1
    finally:
        lazy.transport.abort()
