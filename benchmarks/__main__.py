"""Measure the hot paths: `python -m benchmarks [--posts N …] [--seconds S] [--connections N …] [--only NAME …]`.

Without options: 10,000 and 200,000 posts in about six minutes, the desk in three more, the detectors in two, the ledger
in one. All that the targets speak of takes longer: `--posts 10000 1000000`. `python -m benchmarks detectors`,
`… screening`, `… desk [--posts N]`, `… ledger [--events N]` `… continuity` and `… faults` measure these alone.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType

import asyncpg
import msgspec
import uvloop

from benchmarks import continuity, desk, detectors, faults, ledger, report, restart, screening, seed, streams
from benchmarks.load import Build, Numbers, Sample, run
from benchmarks.report import Row, Size
from benchmarks.scenarios import SCENARIOS, Scenario, World, find_world, floor
from benchmarks.server import Server, Spent
from rostra.kit.settings import load_settings
from rostra.resources import urls_of

DUE_JOBS = (
    "select exists (select from pgqueuer where status = 'picked' or (status = 'queued' and execute_after <= now()))"
)
DURABILITY = "select name from pg_settings where name in ('fsync', 'synchronous_commit') and setting <> 'on'"
_ALWAYS = ("restart", "streams", "detectors", "screening", "ledger", "desk")
_ALONE: dict[str, Callable[[list[str]], None]] = {
    "screening": lambda _: screening.run(),
    "detectors": detectors.main,
    "desk": desk.main,
    "ledger": ledger.main,
    "continuity": continuity.main,
    "faults": faults.main,
}
# As part of everything; alone it takes ten times as many.
_LEDGER_EVENTS = 100_000
# A cell is measured in turns, floor, scenario, floor, …, so that what else the machine does meets both.
_TURNS = 4


def main() -> None:
    """Seed, measure and print, one size after the other."""
    # So that the scratch directory goes when we are told to end.
    signal.signal(signal.SIGTERM, _end)
    alone = _ALONE.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if alone is not None:
        alone(sys.argv[2:])
        return
    options = _options()
    if "detectors" in options.only:
        detectors.run()
    if "screening" in options.only:
        screening.run()
    if "ledger" in options.only:
        ledger.run(_LEDGER_EVENTS)
    if "desk" in options.only:
        desk.main([])
    if set(options.only) <= {"detectors", "screening", "ledger", "desk"}:
        return
    sizes = [uvloop.run(_measure(posts, options)) for posts in options.posts]
    print("\nagainst what is aimed at")
    for line in report.verdicts(sizes):
        print(line)
    if options.json:
        Path(options.json).write_bytes(msgspec.json.format(msgspec.json.encode(sizes)))


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--posts", type=int, nargs="+", default=[10_000, 200_000], help="stored posts [10000 200000]")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each scenario and number of connections [2]")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32], help="[1 8 32]")
    parser.add_argument("--clients", type=int, nargs="+", default=[50, 500], help="streaming clients [50 500]")
    parser.add_argument("--workers", type=int, default=1, help="web processes [1]")
    parser.add_argument("--only", nargs="+", choices=[*SCENARIOS, *_ALWAYS], default=[*SCENARIOS, *_ALWAYS])
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file as well")
    return parser.parse_args()


async def _measure(posts: int, options: argparse.Namespace) -> Size:
    with Server(workers=options.workers) as server:
        took = server.start()
        began = time.perf_counter()
        settings = load_settings(
            {}, {"data_dir": server.directory, "dev": True, "scheme": "http", "domain": server.domain}
        )
        await seed.seed(server.dsn, urls_of(settings), posts)
        _say(f"\n{posts:,} posts: first start in {took:.1f} s, seeded in {time.perf_counter() - began:.0f} s")
        bench = Bench(server, await find_world(server.dsn), options)
        found = await restart.measure(server)
        for line in report.restart_lines(found) if "restart" in options.only else ():
            _say(line)
        _say(report.HEADER)
        rows = [await bench.cell(SCENARIOS[name], count) for name in SCENARIOS if name in options.only
                for count in options.connections]  # fmt: skip
        fanned = [await bench.streams(clients) for clients in options.clients] if "streams" in options.only else []
        return Size(posts=posts, rows=rows, restart=found, streams=fanned)


class Run:
    """The turns of one scenario, or of its floor, together: answers, CPU, time until all that followed was done."""

    def __init__(self, server: Server, numbers: Numbers, connections: int) -> None:
        self._server = server
        self._numbers = numbers
        self._connections = connections
        self.sample = Sample()
        self.spent = Spent()
        self.elapsed = 0.0

    async def go(self, build: Build, seconds: float, *, until: Callable[[], Awaitable[None]] | None = None) -> None:
        """One more turn; it ends when `until` returns."""
        before, began = self._server.usage(), time.perf_counter()
        await run(self._server.port, build, self._numbers, self.sample, connections=self._connections, seconds=seconds)
        if until is not None:
            await until()
        self.elapsed += time.perf_counter() - began
        self.spent += self._server.usage().since(before)


class Bench:
    """Measures cell by cell on a seeded server."""

    def __init__(self, server: Server, world: World, options: argparse.Namespace) -> None:
        self._server = server
        self._world = world
        self._seconds: float = options.seconds
        self._numbers = {name: Numbers() for name in SCENARIOS}

    async def cell(self, scenario: Scenario, connections: int) -> Row:
        """One scenario under one number of connections, warmed up, in turns with its floor."""
        build = scenario.build(self._world)
        warm = Run(self._server, self._numbers[scenario.name], connections)
        await warm.go(build, 0.3)
        await self._until_idle(scenario)
        ground = Run(self._server, Numbers(), connections)
        measured = Run(self._server, self._numbers[scenario.name], connections)
        for _ in range(_TURNS):
            await ground.go(floor(warm.sample.body_size), self._seconds / _TURNS / 2)
            await measured.go(build, self._seconds / _TURNS, until=lambda: self._until_idle(scenario))
        row = _row(scenario.name, connections, measured, ground, self._server.memory())
        _say(str(row))
        return row

    async def streams(self, clients: int) -> streams.FanOut:
        found = await streams.measure(self._server, clients)
        _say(report.stream_line(found))
        return found

    async def _until_idle(self, scenario: Scenario) -> None:
        if not scenario.has_effects:
            return
        conn = await asyncpg.connect(self._server.dsn)
        try:
            if await conn.fetch(DURABILITY):
                raise RuntimeError("the database is not durable; nothing measured on it would count")
            while await conn.fetchval(DUE_JOBS):  # noqa: ASYNC110 - it is other processes that work
                await asyncio.sleep(0.02)
        finally:
            await conn.close()


def _row(name: str, connections: int, measured: Run, ground: Run, memory: float) -> Row:
    sample, spent = measured.sample, measured.spent
    return Row(
        name=name,
        connections=connections,
        rate=sample.rate,
        settled_rate=sample.count / measured.elapsed,
        p50=sample.percentile(0.5),
        p99=sample.percentile(0.99),
        web=spent.web / sample.count * 1000,
        database=spent.database / sample.count * 1000,
        jobs=spent.worker / sample.count * 1000,
        floor_cpu=ground.spent.total / ground.sample.count * 1000,
        to_floor=sample.rate / ground.sample.rate,
        bytes=sample.body_size,
        failed=sample.failed,
        memory=memory,
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
