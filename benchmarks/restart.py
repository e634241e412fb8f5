"""The first request after a restart against any other: no cliff, for the process or for an account."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import msgspec

from benchmarks.load import Client, percentile
from benchmarks.scenarios import home
from benchmarks.seed import PEOPLE
from benchmarks.server import Server

# How long a start goes on once it is ready, in seconds without a process that comes or goes.
_QUIET: Final = 3.0


class Restart(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of home timelines, one connection; seconds of the start; MiB without the database."""

    start: float
    idle_memory: float
    first_request: float
    first_of_account: float
    warm: float


async def measure(server: Server) -> Restart:
    """Restart the server; ask for everybody's home timeline twice."""
    server.stop()
    start = server.start()
    memory = await _idle_memory(server)
    async with Client(server.port) as client:
        cold = [await _time(client, person) for person in range(PEOPLE)]
        warm = [await _time(client, person) for person in range(PEOPLE)]
    return Restart(
        start=start,
        idle_memory=memory,
        first_request=cold[0],
        # The first few plan statements and fill caches of the process; what follows is first for its account only.
        first_of_account=percentile(cold[20:], 0.5),
        warm=percentile(warm, 0.5),
    )


async def _idle_memory(server: Server) -> float:
    """MiB once what runs at a start only has ended."""
    before, since = server.processes(), time.perf_counter()
    while time.perf_counter() - since < _QUIET:
        await asyncio.sleep(0.1)
        if (now := server.processes()) != before:
            before, since = now, time.perf_counter()
    return server.memory()


async def _time(client: Client, person: int) -> float:
    began = time.perf_counter()
    await client.ask(home(person))
    return (time.perf_counter() - began) * 1000
