"""Clients that write posts through the API without pause, and the ledger of what was acknowledged to them.

A post that was not acknowledged is sent again under the same idempotency key until it is. So every post of the ledger
must be on the server in the end, and once.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import msgspec

# Sooner than Retry-After asks for: what is measured is the server.
AGAIN = 0.1


class Acknowledged(msgspec.Struct, frozen=True):
    """A post that a client was told is written. Times of this machine's monotonic clock; `sent` for the last time."""

    author: str
    id: str
    text: str
    wanted: float
    sent: float
    answered: float


class Person(msgspec.Struct, frozen=True):
    """Somebody who writes."""

    name: str
    id: str
    token: str


class Clients:
    """Owns the writers and the ledger, from `start` to `stop`; `faults` counts what they got instead of an answer."""

    def __init__(self, url: str, people: list[Person], ledger: Path) -> None:
        self._url = url
        self._people = people
        self._ledger = ledger.open("wb", buffering=0)
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged: list[Acknowledged] = []
        self.faults: Counter[str] = Counter()
        self.without_retry_after = 0
        self.heard: set[str] = set()

    def start(self) -> None:
        """Begin to write, and to listen to the first one's stream."""
        self._tasks = [asyncio.create_task(self._write(person)) for person in self._people]
        self._listener = asyncio.create_task(self._listen(self._people[0]))

    async def stop(self) -> None:
        """Write no more; what is not acknowledged yet gets its turn."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)
        self._listener.cancel()
        await asyncio.wait([self._listener])
        self._ledger.close()

    async def until_acknowledged(self, since: float, seconds: float) -> Acknowledged:
        """The first post that was sent after a moment and acknowledged."""
        async with asyncio.timeout(seconds):
            while True:
                for each in reversed(self.acknowledged):
                    if each.answered < since:
                        break
                    if each.sent >= since:
                        return min(
                            (one for one in self.acknowledged if one.sent >= since), key=lambda one: one.answered
                        )
                await asyncio.sleep(0.01)

    async def _write(self, person: Person) -> None:
        number = 0
        async with self._client(person) as http:
            while not self._stopping.is_set():
                number += 1
                await self._post(http, person, f"{person.name} writes number {number}")

    async def _post(self, http: httpx.AsyncClient, person: Person, text: str) -> None:
        wanted = time.monotonic()
        while True:
            sent = time.monotonic()
            try:
                answer = await http.post(
                    "/api/v1/statuses", json={"status": text}, headers={"idempotency-key": f"{person.name}/{text}"}
                )
            except httpx.TransportError as error:
                self.faults[f"no answer: {type(error).__name__}"] += 1
                await asyncio.sleep(AGAIN)
                continue
            if answer.status_code == 200:
                done = Acknowledged(person.name, answer.json()["id"], text, wanted, sent, time.monotonic())
                self._ledger.write(msgspec.json.encode(done) + b"\n")
                self.acknowledged.append(done)
                return
            self.faults[str(answer.status_code)] += 1
            self.without_retry_after += answer.status_code == 503 and "retry-after" not in answer.headers
            await asyncio.sleep(AGAIN)

    async def _listen(self, person: Person) -> None:
        """Note which posts the live stream tells of, without ever connecting anew unless the server ends it."""
        while True:
            try:
                async with (
                    self._client(person, None) as http,
                    http.stream("GET", "/api/v1/streaming/user") as answer,
                ):
                    kind = ""
                    async for line in answer.aiter_lines():
                        if line.startswith("event: "):
                            kind = line[7:]
                        elif line.startswith("data: ") and kind == "update":
                            self.heard.add(msgspec.json.decode(line[6:])["id"])
            except httpx.HTTPError:
                self.faults["a stream ended"] += 1
                await asyncio.sleep(AGAIN)

    def _client(self, person: Person, timeout: float | None = 30) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._url,
            headers={"authorization": f"Bearer {person.token}"},
            timeout=timeout,
            trust_env=False,
        )


async def read_all(url: str, person: Person) -> list[dict[str, Any]]:
    """All posts of somebody, as the server has them."""
    found: list[dict[str, Any]] = []
    headers = {"authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        while True:
            last = {"max_id": found[-1]["id"]} if found else {}
            answer = await http.get(f"/api/v1/accounts/{person.id}/statuses", params={"limit": 40, **last})
            page = answer.raise_for_status().json()
            if not page:
                return found
            found += page


async def home_of(url: str, person: Person) -> list[str]:
    """The newest posts of somebody's home timeline."""
    headers = {"authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        answer = await http.get("/api/v1/timelines/home", params={"limit": 40})
        return [each["id"] for each in answer.raise_for_status().json()]
