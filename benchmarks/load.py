"""A load generator: keep-alive HTTP/1.1 connections that send one request after the other and time each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec


class Request(msgspec.Struct, frozen=True):
    """One request to send; `build(n)` makes the n-th."""

    method: str
    path: str
    token: str | None = None
    body: bytes = b""

    def encode(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost", "Accept: */*"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        elif self.method == "POST":
            lines.append("Content-Length: 0")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a run gave: seconds per request sorted, the whole time, bytes of a body, refusals."""

    latencies: list[float]
    elapsed: float
    body_size: int
    failed: int

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.elapsed

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, payload: bytes) -> tuple[int, int]:
        """Send a request; status code and length of the body."""
        self._writer.write(payload)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0
        if length:
            await self._reader.readexactly(length)
        return status, length

    def close(self) -> None:
        self._writer.close()


async def run(
    port: int, build: Callable[[int], Request], *, connections: int, seconds: float, most: int = 1_000_000
) -> Result:
    """Send `build(0)`, `build(1)`, … over `connections` until the time or the number is up."""
    opened = [_Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(connections)]
    latencies: list[float] = []
    state = {"next": 0, "size": 0, "failed": 0}
    started = time.perf_counter()
    deadline = started + seconds

    async def drive(connection: _Connection) -> None:
        while time.perf_counter() < deadline and state["next"] < most:
            number = state["next"]
            state["next"] += 1
            payload = build(number).encode()
            began = time.perf_counter()
            status, size = await connection.ask(payload)
            latencies.append(time.perf_counter() - began)
            state["size"] = size
            state["failed"] += status >= 400

    await asyncio.gather(*(drive(connection) for connection in opened))
    elapsed = time.perf_counter() - started
    for connection in opened:
        connection.close()
    latencies.sort()
    return Result(latencies=latencies, elapsed=elapsed, body_size=state["size"], failed=state["failed"])
