"""Measure the hot paths: `python -m benchmarks [--posts N …] [--seconds S] [--connections 1 8 32] [--only NAME …]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from rostra.kit.settings import load_settings
from rostra.resources import urls_of

from benchmarks import seed
from benchmarks.load import Result, run
from benchmarks.scenarios import SCENARIOS, Scenario, World, find_world, floor
from benchmarks.server import Server, Usage


def main() -> None:
    """Seed, run every scenario under every number of connections, print a table for each size."""
    options = _options()
    report: list[dict[str, Any]] = []
    for posts in options.posts:
        report += asyncio.run(_measure(posts, options))
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--posts", type=int, nargs="+", default=[10_000, 200_000], help="stored posts [10000 200000]")
    parser.add_argument("--seconds", type=float, default=4.0, help="for each scenario and number of connections [4]")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--workers", type=int, default=1, help="web processes [1]")
    parser.add_argument("--only", nargs="+", choices=sorted(SCENARIOS), default=sorted(SCENARIOS))
    parser.add_argument("--port", type=int, default=3999)
    parser.add_argument("--json", help="write all figures to this file")
    return parser.parse_args()


async def _measure(posts: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    server = Server(options.port, options.workers)
    try:
        print(f"\n{posts:,} posts: first start in {server.start():.1f} s", flush=True)
        began = time.perf_counter()
        domain = f"localhost:{options.port}"
        settings = load_settings({}, {"data_dir": server.data, "dev": True, "scheme": "http", "domain": domain})
        await seed.seed(server.dsn, urls_of(settings), posts)
        print(f"seeded in {time.perf_counter() - began:.0f} s", flush=True)
        server.stop()
        print(f"second start in {server.start():.1f} s; idle {server.usage().memory:.0f} MiB without the database")
        world = await find_world(server.dsn)
        print(_HEADER)
        rows = [
            await _one(server, world, SCENARIOS[name], count, options)
            for name in options.only
            for count in options.connections
        ]
        return [{"posts": posts, **row} for row in rows]
    finally:
        server.stop()
        shutil.rmtree(server.data, ignore_errors=True)


_HEADER = (
    f"{'scenario':<18}{'conn':>5}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'web ms':>9}{'db ms':>8}{'jobs ms':>9}"
    f"{'to floor':>10}{'bytes':>8}{'failed':>8}"
)


async def _one(
    server: Server, world: World, scenario: Scenario, connections: int, options: argparse.Namespace
) -> dict[str, Any]:
    build = scenario.build(world)
    await run(server.port, build, connections=connections, seconds=0.5)
    before = server.usage()
    result = await run(server.port, build, connections=connections, seconds=options.seconds)
    if scenario.has_effects:
        await _settle(server)
    used = server.usage()
    ground = await run(server.port, floor(result.body_size), connections=connections, seconds=options.seconds / 4)
    row = _row(scenario.name, connections, result, before, used, ground)
    print(
        f"{row['name']:<18}{connections:>5}{row['rate']:>9.0f}{row['p50']:>9.2f}{row['p99']:>9.2f}{row['web']:>9.3f}"
        f"{row['database']:>8.3f}{row['jobs']:>9.3f}{row['to_floor']:>10.2f}{row['bytes']:>8}{row['failed']:>8}",
        flush=True,
    )
    return row


async def _settle(server: Server) -> None:
    """Wait until the workers are done: until they use next to nothing."""
    while True:
        before = server.usage()
        await asyncio.sleep(0.5)
        after = server.usage()
        if after.worker - before.worker < 0.03:
            return


def _row(
    name: str, connections: int, result: Result, before: Usage, used: Usage, ground: Result
) -> dict[str, Any]:
    count = len(result.latencies)
    return {
        "name": name,
        "connections": connections,
        "rate": result.rate,
        "p50": result.percentile(0.5),
        "p99": result.percentile(0.99),
        "web": (used.web - before.web) / count * 1000,
        "database": (used.database - before.database) / count * 1000,
        "jobs": (used.worker - before.worker) / count * 1000,
        "to_floor": result.rate / ground.rate,
        "bytes": result.body_size,
        "failed": result.failed,
        "memory": used.memory,
    }


if __name__ == "__main__":
    sys.exit(main())
