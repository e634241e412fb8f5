"""The first request after a restart against any other: no cliff, for the process or for an account."""

from __future__ import annotations

import time

import msgspec

from benchmarks.load import Client, percentile
from benchmarks.scenarios import home
from benchmarks.seed import PEOPLE
from benchmarks.server import Server


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
    memory = server.memory()
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


async def _time(client: Client, person: int) -> float:
    began = time.perf_counter()
    await client.ask(home(person))
    return (time.perf_counter() - began) * 1000
