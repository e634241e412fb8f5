"""The live connection of our own pages: who may open it, and from where."""

from __future__ import annotations

import asyncio
from typing import Any

from rostra.accounts.sessions import open_session
from tests.world import DOMAIN, Person, World


async def _knock(world: World, *, cookie: str = "", origin: str = f"http://{DOMAIN}", stream: str = "user") -> Any:
    """Open a WebSocket and leave; the first thing that the server says: "accepted", or the status of its refusal."""
    headers = {"host": DOMAIN, "origin": origin, "cookie": cookie}
    scope = {
        "type": "websocket",
        "path": "/web/stream",
        "query_string": f"stream={stream}".encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for kind in ("connect", "disconnect"):
        incoming.put_nowait({"type": f"websocket.{kind}", "code": 1000})
    said: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await world.app(scope, incoming.get, send)
    return "accepted" if said[0]["type"] == "websocket.accept" else said[0]["status"]


async def _cookie(world: World, person: Person) -> str:
    token = await open_session(world.db, world.clock, person.account_id, ip=None, user_agent="test")
    return f"{world.res.settings.cookie_prefix}session={token}"


async def test_a_page_of_ours_streams_with_the_session_s_cookie(world: World) -> None:
    cookie = await _cookie(world, await world.person("alice"))
    for stream in ("user", "user:notification", "public:local", "hashtag&tag=rome"):
        assert await _knock(world, cookie=cookie, stream=stream) == "accepted"
    assert len(world.app.hub.subscriptions) == 0


async def test_a_page_of_another_site_cannot_use_the_cookie(world: World) -> None:
    cookie = await _cookie(world, await world.person("alice"))
    for origin in ("https://evil.example", f"http://{DOMAIN}.evil.example", "null", ""):
        assert await _knock(world, cookie=cookie, origin=origin) == 403


async def test_without_a_session_nothing_streams(world: World) -> None:
    alice = await world.person("alice")
    assert await _knock(world) == 401
    assert await _knock(world, cookie=f"{world.res.settings.cookie_prefix}session=nonsense") == 401
    token = f"{world.res.settings.cookie_prefix}session={alice.token}"
    assert await _knock(world, cookie=token) == 401


async def test_somebody_else_s_list_does_not_stream(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    made = (await alice.api.post("/api/v1/lists", {"title": "Mine"})).json()
    stream = f"list&list={made['id']}"
    assert await _knock(world, cookie=await _cookie(world, alice), stream=stream) == "accepted"
    assert await _knock(world, cookie=await _cookie(world, bob), stream=stream) == 404
