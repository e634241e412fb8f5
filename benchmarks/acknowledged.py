"""Clients that write without a pause, and remember outside of the server what it has acknowledged.

After a disaster that memory is the judge: whatever it holds and the restored server does not was lost.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import asyncpg
import msgspec

from benchmarks.load import Request
from benchmarks.seed import token_of

_PAUSE: Final = 0.02
_ANSWER: Final = 20.0


class Write(msgspec.Struct, frozen=True):
    """A post that the server acknowledged: its id, and when, on the monotonic clock and on the wall's."""

    id: int
    at: float
    told_at: datetime


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """What a disaster cost. `seconds` are those before it whose posts are lost, from the oldest lost one on."""

    acknowledged: int
    lost: int
    seconds: float
    seconds_away: float


class Writers:
    """`count` clients on one port. They write whenever somebody answers there."""

    def __init__(self, port: int, count: int) -> None:
        self._port = port
        self._count = count
        self._number = 0
        self.acknowledged: list[Write] = []
        self.refused: dict[str, int] = {}

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writers]:
        """They write inside of this scope."""
        tasks = [asyncio.ensure_future(self._write(person)) for person in range(self._count)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def first_after(self, moment: float) -> float:
        """When the first post was acknowledged that is newer than `moment`; waits for it."""
        while True:
            if self.acknowledged and self.acknowledged[-1].at > moment:
                return next(write.at for write in self.acknowledged if write.at > moment)
            await asyncio.sleep(_PAUSE)

    def rate(self, since: float, until: float) -> float:
        """Acknowledged posts a second between two moments."""
        return sum(since <= write.at < until for write in self.acknowledged) / (until - since)

    async def missing(self, connection: asyncpg.Connection, before: list[Write]) -> list[Write]:
        """Those that this database does not have."""
        found = await connection.fetch(
            "select id from statuses where id = any($1::bigint[])", [write.id for write in before]
        )
        kept = {row["id"] for row in found}
        return [write for write in before if write.id not in kept]

    async def lost(self, connection: asyncpg.Connection, disaster: float) -> Lost:
        """What was acknowledged before `disaster` and is not in this database."""
        before = [write for write in self.acknowledged if write.at <= disaster]
        missing = await self.missing(connection, before)
        after = [write.at for write in self.acknowledged if write.at > disaster]
        return Lost(
            acknowledged=len(before),
            lost=len(missing),
            seconds=disaster - min((write.at for write in missing), default=disaster),
            seconds_away=min(after, default=float("inf")) - disaster,
        )

    async def _write(self, person: int) -> None:
        while True:
            with suppress(OSError, EOFError, TimeoutError, ValueError):
                await self._converse(person)
            await asyncio.sleep(_PAUSE)

    async def _converse(self, person: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while True:
                self._number += 1
                body = msgspec.json.encode({"status": f"Acknowledged, number {self._number} by {person}"})
                writer.write(Request("POST", "/api/v1/statuses", token_of(person), body).encode())
                async with asyncio.timeout(_ANSWER):
                    status, answer = await _read(reader)
                if status == "200":
                    self.acknowledged.append(Write(int(json.loads(answer)["id"]), time.monotonic(), datetime.now(UTC)))
                else:
                    self.refused[status] = self.refused.get(status, 0) + 1
                    await asyncio.sleep(_PAUSE)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    return head[9:12].decode(), await reader.readexactly(length)
