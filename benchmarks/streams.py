"""Streaming: from the answer to a post until every connected follower has it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import AsyncExitStack

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.load import Client, Request, percentile
from benchmarks.seed import FOLLOWS, PEOPLE, token_of
from benchmarks.server import Server, Spent

_AUTHOR = 0
_POSTS = 20
_PATIENCE = 10.0


class FanOut(msgspec.Struct, frozen=True, kw_only=True):
    """Times in milliseconds from the answer to the POST to the first and the last receipt; CPU seconds of all posts."""

    clients: int
    first_p50: float
    last_p50: float
    last_worst: float
    spent: Spent
    posts: int = _POSTS

    @property
    def cpu_per_receipt(self) -> float:
        """Milliseconds of CPU, the publishing included."""
        return self.spent.total / self.posts / self.clients * 1000


class _Audience:
    """Counts who has received which status."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._receipts: defaultdict[str, list[float]] = defaultdict(list)
        self._heard = asyncio.Event()

    async def listen(self, socket: ClientConnection) -> None:
        async for frame in socket:
            now = time.perf_counter()
            event = msgspec.json.decode(frame)
            if event["event"] == "update":
                self._receipts[msgspec.json.decode(event["payload"])["id"]].append(now)
                self._heard.set()

    async def everybody(self, status_id: str) -> list[float]:
        """When each has received the status. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            while len(self._receipts[status_id]) < self._size:
                self._heard.clear()
                await self._heard.wait()
        return self._receipts[status_id]


async def measure(server: Server, clients: int) -> FanOut:
    """Connect `clients` clients of the author's followers, have the author post, and time the receipts."""
    audience = _Audience(clients)
    first: list[float] = []
    last: list[float] = []
    async with AsyncExitStack() as stack:
        listeners = [await _listen(stack, server, audience, number) for number in range(clients)]
        try:
            client = await stack.enter_async_context(Client(server.port))
            before = server.usage()
            for number in range(_POSTS):
                body = msgspec.json.encode({"status": f"post {number} to {clients} clients"})
                answer = await client.ask(Request("POST", "/api/v1/statuses", token_of(_AUTHOR), body))
                answered = time.perf_counter()
                receipts = await audience.everybody(msgspec.json.decode(answer)["id"])
                first.append(min(receipts) - answered)
                last.append(max(receipts) - answered)
            spent = server.usage().since(before)
        finally:
            for listener in listeners:
                listener.cancel()
    return FanOut(
        clients=clients,
        first_p50=percentile(first, 0.5) * 1000,
        last_p50=percentile(last, 0.5) * 1000,
        last_worst=max(last) * 1000,
        spent=spent,
    )


async def _listen(stack: AsyncExitStack, server: Server, audience: _Audience, number: int) -> asyncio.Task[None]:
    # Who follows the author are those before, as `seed` has it.
    follower = (_AUTHOR - 1 - number % FOLLOWS) % PEOPLE
    address = f"ws://127.0.0.1:{server.port}/api/v1/streaming?stream=user&access_token={token_of(follower)}"
    socket = await stack.enter_async_context(connect(address, compression=None))
    return asyncio.create_task(audience.listen(socket))
