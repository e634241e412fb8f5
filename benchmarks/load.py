"""A load generator: keep-alive HTTP/1.1 connections, each of which asks again as soon as it is answered.

It shares the machine with what it measures, so it is a bare protocol: a few hundredths of a millisecond a request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import cast

import msgspec


class Request(msgspec.Struct, frozen=True):
    """One request to send; a `Build` makes the n-th of a scenario."""

    method: str
    path: str
    token: str | None = None
    body: bytes = b""

    def encode(self) -> bytes:
        """As HTTP/1.1, with what apps send."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost", "Accept: */*", "User-Agent: bench/1"]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        elif self.method == "POST":
            lines.append("Content-Length: 0")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Build = Callable[[int], Request]


class Sample:
    """What several runs of one scenario gave together. Latencies in seconds."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.elapsed = 0.0
        self.body_size = 0
        self.failed = 0

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.elapsed

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return percentile(self.latencies, share) * 1000


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of all lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Numbers:
    """Hands out 0, 1, 2, …: no two requests of a scenario have the same number."""

    def __init__(self) -> None:
        self.next = 0

    def take(self) -> int:
        self.next += 1
        return self.next - 1


class _Connection(asyncio.Protocol):
    def __init__(self, build: Build, numbers: Numbers, deadline: float, sample: Sample) -> None:
        self._build = build
        self._numbers = numbers
        self._deadline = deadline
        self._sample = sample
        self._received = bytearray()
        self._expected = 0
        self._began = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        payload = self._build(self._numbers.take()).encode()
        self._received.clear()
        self._expected = 0
        self._began = time.perf_counter()
        self._transport.write(payload)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._expected = end + 4 + _body_length(bytes(self._received[:end]))
        if len(self._received) >= self._expected:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self._sample.latencies.append(now - self._began)
        self._sample.body_size = self._expected - self._received.find(b"\r\n\r\n") - 4
        self._sample.failed += self._received[9:10] not in b"23"
        if now < self._deadline:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            # Closed while we waited for an answer: it will not come.
            self._sample.failed += exc is not None or time.perf_counter() < self._deadline
            self.ended.set_result(None)


def _body_length(head: bytes) -> int:
    lower = head.lower()
    if b"transfer-encoding" in lower:
        raise ValueError("the load generator does not read chunked answers")
    at = lower.find(b"content-length:")
    return int(lower[at + 15 :].partition(b"\r\n")[0]) if at >= 0 else 0


async def run(port: int, build: Build, numbers: Numbers, sample: Sample, *, connections: int, seconds: float) -> None:
    """Add to `sample` what `connections` connections do in `seconds`."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        await loop.create_connection(lambda: _Connection(build, numbers, started + seconds, sample), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.ended for _, protocol in opened))
    sample.elapsed += time.perf_counter() - started


class Client:
    """One connection for questions that are asked one by one."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, request: Request) -> bytes:
        """The body of the answer. Raises RuntimeError unless it is a good one."""
        self._writer.write(request.encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(_body_length(head))
        if head[9:10] != b"2":
            raise RuntimeError(f"{request.path}: {head[9:12].decode()} {body[:200].decode()}")
        return body
