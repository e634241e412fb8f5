"""Measure continuity: `make bench-continuity`, or `python -m benchmarks continuity [--posts N] [--media N] [--only …]`.

A server with a million posts and 10,000 media files ships to a real S3 server while clients write; then all its
processes are killed and its disk is deleted. How long nobody could write (RTO) and which acknowledged posts are gone
(RPO) is judged by what the clients remember. The same for a standby, asynchronous and synchronous, and what shipping
costs the writers.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from pathlib import Path
from typing import Final, LiteralString

import msgspec
import uvloop

from benchmarks import seed
from benchmarks.acknowledged import Lost, Writers
from benchmarks.buckets import bucket
from benchmarks.machine import Machine, Machines, machines
from benchmarks.server import free_port
from rostra.kit.settings import load_settings
from rostra.resources import urls_of

SHOWN_KEY: Final = re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]+")
_TURNS: Final = 3


STREAMS: Final = (
    "select exists (select from pg_stat_replication where application_name like 'standby%' and state = 'streaming')"
)
SYNCHRONOUS: Final = "select current_setting('synchronous_standby_names') <> ''"


class Found(msgspec.Struct, kw_only=True):
    """All figures; times in seconds, rates in posts a second."""

    posts: int
    media: int
    first_copy: float = 0.0
    rate_without: float = 0.0
    rate_with: float = 0.0
    restore: Lost | None = None
    restore_command: float = 0.0
    restore_start: float = 0.0
    standby: Lost | None = None
    synchronous: Lost | None = None
    rate_synchronous: float = 0.0


def main(arguments: list[str]) -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks continuity", description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000_000, help="stored posts [1000000]")
    parser.add_argument("--media", type=int, default=10_000, help="stored media files [10000]")
    parser.add_argument("--writers", type=int, default=8, help="clients that write [8]")
    parser.add_argument("--seconds", type=float, default=10.0, help="of writing before each disaster [10]")
    parser.add_argument("--only", nargs="+", choices=["cost", "restore", "standby", "sync"],
                        default=["cost", "restore", "standby", "sync"])  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file as well")
    options = parser.parse_args(arguments)
    found = uvloop.run(_measure(options))
    if options.json:
        Path(options.json).write_bytes(msgspec.json.format(msgspec.json.encode(found)))


async def _measure(options: argparse.Namespace) -> Found:
    port = free_port()
    found = Found(posts=options.posts, media=options.media)
    with machines(port, {"ROSTRA_RATE_LIMIT_SCALE": "0"}) as made, bucket(made.place / "bucket") as far:
        first = made.make("first", ROSTRA_CONTINUITY_TARGETS=far.url)
        await _fill(first, options)
        key = made.place / "recovery-key"
        shown = SHOWN_KEY.search(first.run("continuity", "init", "--no-qr"))
        assert shown is not None
        key.write_text(shown[0])
        bench = _Bench(options, found, made, first, key, port)
        await bench.first_copy()
        for name in options.only:
            await getattr(bench, name)()
    return found


class _Bench:
    """The steps, in order; each leaves a server that serves behind (`here`)."""

    def __init__(
        self, options: argparse.Namespace, found: Found, made: Machines, first: Machine, key: Path, port: int
    ) -> None:
        self._options = options
        self._found = found
        self._made = made
        self._key = key
        self._port = port
        self.here = first

    async def first_copy(self) -> None:
        """The first base and all media, on a server that is started again."""
        began = time.monotonic()
        self.here.run("continuity", "ship", "--once")
        self._found.first_copy = time.monotonic() - began
        _say(f"first copy of everything: {self._found.first_copy:.0f} s")
        self.here.start("up")

    async def cost(self) -> None:
        """Posts a second with shipping and without, in turns."""
        sums = {"with": 0.0, "without": 0.0}
        plain = Machine(self.here.directory, self._port, {"ROSTRA_RATE_LIMIT_SCALE": "0"})
        self.here.stop()
        for _ in range(_TURNS):
            for name, machine in (("without", plain), ("with", self.here)):
                machine.start("up")
                sums[name] += await self._rate()
                machine.stop()
        self._found.rate_without, self._found.rate_with = sums["without"] / _TURNS, sums["with"] / _TURNS
        self.here.start("up")
        share = self._found.rate_with / self._found.rate_without
        rates = f"{self._found.rate_with:.0f} posts/s while shipping, {self._found.rate_without:.0f} without"
        _say(f"writing: {rates}: {share:.3f}")

    async def restore(self) -> None:
        """Lose the machine, restore from the bucket."""
        there = self._made.make("restored", ROSTRA_CONTINUITY_TARGETS=self._targets)
        async with Writers(self._port, self._options.writers).writing() as writers:
            await self._write_for_a_while(writers)
            at = self.here.destroy()
            command = ("continuity", "restore", self._targets, "--key", str(self._key), "--yes")
            # Media go on while the server serves.
            self._found.restore_command = there.start(*command, until="ready:")
            self._found.restore_start = there.start("up")
            await writers.first_after(at)
        self._found.restore = await self._judge(there, writers, at)
        _say(
            f"restore from the bucket: {_words(self._found.restore)} ({self._found.restore_command:.1f} s the command)"
        )
        self.here = there

    @property
    def _steps(self) -> str:
        return f"{self._found.restore_command:.1f} s until ready, {self._found.restore_start:.1f} s the start"

    async def standby(self) -> None:
        """Lose the machine, promote a standby that follows."""
        self._found.standby = await self._promote("follower", "off")
        _say(f"standby, asynchronous: {_words(self._found.standby)}")

    async def sync(self) -> None:
        """The same where each post waits for the standby."""
        self._found.synchronous = await self._promote("second", "on")
        _say(f"standby, synchronous: {_words(self._found.synchronous)}; {self._found.rate_synchronous:.0f} posts/s")

    async def _promote(self, name: str, mode: str) -> Lost:
        self.here.stop()
        here = Machine(
            self.here.directory,
            self._port,
            {
                "ROSTRA_RATE_LIMIT_SCALE": "0",
                "ROSTRA_CONTINUITY_TARGETS": self._targets,
                "ROSTRA_CONTINUITY_SYNC": mode,
            },
        )
        here.start("up")
        there = self._made.make(name, ROSTRA_CONTINUITY_TARGETS=self._targets)
        there.start("continuity", "standby", "--from", str(here.directory), until="standby ")
        await _until(here, STREAMS)
        async with Writers(self._port, self._options.writers).writing() as writers:
            if mode == "on":
                await _until(here, SYNCHRONOUS)
            began = time.monotonic()
            await self._write_for_a_while(writers)
            if mode == "on":
                self._found.rate_synchronous = writers.rate(began, time.monotonic())
            at = here.destroy()
            took = there.start("continuity", "promote", "--up")
            _say(f"promote --up: {took:.1f} s")
            await writers.first_after(at)
        lost = await self._judge(there, writers, at)
        self.here = there
        return lost

    @property
    def _targets(self) -> str:
        return self.here.setting("ROSTRA_CONTINUITY_TARGETS")

    async def _rate(self) -> float:
        async with Writers(self._port, self._options.writers).writing() as writers:
            await asyncio.sleep(2)
            began = time.monotonic()
            await asyncio.sleep(self._options.seconds)
            return writers.rate(began, time.monotonic())

    async def _write_for_a_while(self, writers: Writers) -> None:
        await writers.first_after(0.0)
        await asyncio.sleep(self._options.seconds)

    async def _judge(self, there: Machine, writers: Writers, at: float) -> Lost:
        connection = await there.connect()
        try:
            return await writers.lost(connection, at)
        finally:
            await connection.close()


async def _until(machine: Machine, condition: LiteralString) -> None:
    connection = await machine.connect(as_admin=True)
    try:
        while not await connection.fetchval(condition):  # noqa: ASYNC110 - it is other processes that work
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def _fill(machine: Machine, options: argparse.Namespace) -> None:
    """Posts as in the other benchmarks, and files of noise where media is kept."""
    machine.start("up")
    given = {"data_dir": machine.directory, "dev": True, "scheme": "http", "domain": f"localhost:{machine.port}"}
    await seed.seed(machine.dsn, urls_of(load_settings({}, given)), options.posts)
    await seed.store_media(machine.dsn, machine.directory / "media", options.media)
    machine.stop()
    size = sum(path.stat().st_size for path in (machine.directory / "postgres").resolve().rglob("*") if path.is_file())
    _say(f"{options.posts:,} posts, {options.media:,} media files, database of {size / 1e9:.2f} GB with its log")


def _words(lost: Lost) -> str:
    return (
        f"{lost.lost} of {lost.acknowledged} acknowledged posts lost ({lost.seconds:.2f} s), "
        f"nobody could write for {lost.seconds_away:.1f} s"
    )


def _say(line: str) -> None:
    print(line, flush=True)
