"""Break each part on purpose, under load, and see what is left: `make faults [ARGS="NAME …"]`.

Clients write without a pause and remember what was acknowledged. A fault happens; some seconds later the machine is
lost for good, and everything is restored from the bucket. A fault is survived if every post that was acknowledged up to
the moment for which the restore vouches is there; where something cannot be restored, the tool has to say so and to
name it, and a broken copy must never be taken for a good one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from benchmarks import seed
from benchmarks.acknowledged import Write, Writers
from benchmarks.buckets import Bucket, bucket
from benchmarks.continuity import SHOWN_KEY
from benchmarks.machine import CommandFailed, Machine, Machines, machines
from benchmarks.server import free_port
from rostra.kit.settings import load_settings
from rostra.resources import urls_of

_POSTS: Final = 2_000
_WRITERS: Final = 4
_LOAD: Final = 4.0
_PAUSE: Final = 6.0
_SMALL_DISK: Final = "96m"


class Report(msgspec.Struct, frozen=True):
    """What of a restore's report is judged here."""

    until: datetime
    problems: list[str]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`broken_promise` counts posts that were acknowledged before the moment that the restore vouches for, and are
    missing; it has to be 0. `said` is what the tool told where it could not restore all, or found something broken."""

    fault: str
    acknowledged: int
    restored: bool
    lost: int
    lost_seconds: float
    broken_promise: int
    said: str


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault may touch."""

    machine: Machine
    far: Bucket
    writers: Writers
    made: Machines

    @property
    def site(self) -> Path:
        """The objects at the target, which are files here."""
        return next(path for path in (self.far.directory / "copies" / "rostra").iterdir() if path.is_dir())


Fault = Callable[[Scene], Awaitable[None]]


def kill(*words: str) -> Fault:
    """SIGKILL to the processes whose command lines have these words; whoever looks after them starts others."""

    async def fault(scene: Scene) -> None:
        pids = scene.machine.pids(*words)
        assert pids, words
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(_PAUSE)

    return fault


def pause(*words: str) -> Fault:
    """SIGSTOP for some seconds."""

    async def fault(scene: Scene) -> None:
        pids = scene.machine.pids(*words)
        assert pids, words
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(_PAUSE)
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(_PAUSE)

    return fault


async def pause_bucket(scene: Scene) -> None:
    """It takes connections and never answers."""
    scene.far.signal(signal.SIGSTOP)
    await asyncio.sleep(_PAUSE)
    scene.far.signal(signal.SIGCONT)
    await asyncio.sleep(_PAUSE)


async def cut_network(scene: Scene) -> None:
    """Nothing answers there, for a while; then in short pieces."""
    for seconds in (_PAUSE, 0.3, 0.3, 0.3):
        scene.far.stop()
        await asyncio.sleep(seconds)
        scene.far.start()
        await asyncio.sleep(0.3)
    await asyncio.sleep(_PAUSE)


async def fill_target(scene: Scene) -> None:
    """No room at the target, until somebody makes some."""
    await _fill(scene.far.directory)


async def fill_spool(scene: Scene) -> None:
    """No room on the disk that has the spool and the received log."""
    await _fill(scene.machine.directory / "continuity")


async def corrupt_spool(scene: Scene) -> None:
    """A byte flips in a piece that waits for a target that is away."""
    scene.far.stop()
    await asyncio.sleep(2)
    _flip(max((scene.machine.directory / "continuity" / "spool").iterdir()))
    scene.far.start()
    await asyncio.sleep(_PAUSE)


def corrupt(pattern: str, which: int) -> Fault:
    """A byte flips in the middle of one object at the target."""

    async def fault(scene: Scene) -> None:
        _flip(sorted(scene.site.glob(pattern))[which])

    return fault


def remove(pattern: str, which: int) -> Fault:
    """One object at the target is gone."""

    async def fault(scene: Scene) -> None:
        sorted(scene.site.glob(pattern))[which].unlink()

    return fault


async def corrupt_local(scene: Scene) -> None:
    """A page of the posts' table rots on the server's disk; then a base copy is made of it."""
    connection = await scene.machine.connect()
    where = await connection.fetchval("select pg_relation_filepath('statuses')")
    await connection.close()
    scene.machine.stop()
    _flip((scene.machine.directory / "postgres").resolve() / where)
    scene.machine.start("up")
    await asyncio.sleep(_PAUSE)


_ALIVE: Final[dict[str, Fault]] = {
    "kill web": kill("rostra", " web"),
    "kill worker": kill("rostra", " worker"),
    "kill database": kill("postgres", "config_file"),
    "kill ship": kill("continuity ship"),
    "kill receiver": kill("pg_receivewal"),
    "pause database": pause("postgres", "config_file"),
    "pause ship": pause("continuity ship"),
    "pause receiver": pause("pg_receivewal"),
    "pause bucket": pause_bucket,
    "cut network": cut_network,
    "fill target": fill_target,
    "fill spool": fill_spool,
    "corrupt local page": corrupt_local,
    "corrupt spool": corrupt_spool,
}
"""Faults that the machine lives through; it is lost some seconds later."""

_AFTERWARDS: Final[dict[str, Fault]] = {
    "corrupt base part": corrupt("bases/*/part-*", 0),
    "corrupt manifest": corrupt("bases/*/manifest", -1),
    "corrupt first piece": corrupt("wal/*/*/*", 0),
    "corrupt middle piece": corrupt("wal/*/*/*", -5),
    "corrupt last piece": corrupt("wal/*/*/*", -1),
    "corrupt capsule": corrupt("capsules/*", -1),
    "corrupt media": corrupt("media/*/*", 0),
    "corrupt site": corrupt("site", 0),
    "corrupt epoch": corrupt("epochs/*", -1),
    "remove base part": remove("bases/*/part-*", 0),
    "remove middle piece": remove("wal/*/*/*", -5),
    "remove media": remove("media/*/*", 0),
}
"""Faults of the target when the machine is lost already."""

FAULTS: Final = _ALIVE | _AFTERWARDS


def main(arguments: list[str]) -> None:
    """Break what is named, or everything in turn; ends with status 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(FAULTS)}")
    names = parser.parse_args(arguments).names or list(FAULTS)
    if unknown := set(names) - set(FAULTS):
        parser.error(f"there is no fault called {', '.join(unknown)}")
    outcomes = [uvloop.run(_break(name)) for name in names]
    if any(outcome.broken_promise or (not outcome.restored and not outcome.said) for outcome in outcomes):
        sys.exit(1)


async def _break(name: str) -> Outcome:
    port = free_port()
    with machines(port, {"ROSTRA_RATE_LIMIT_SCALE": "0"}) as made, ExitStack() as stack:
        if name == "fill target":
            stack.enter_context(_small_disk(made.place / "bucket"))
        if name == "fill spool":
            stack.enter_context(_small_disk(made.place / "first" / "continuity"))
        far = stack.enter_context(bucket(made.place / "bucket"))
        first = made.make("first", ROSTRA_CONTINUITY_TARGETS=far.url)
        key = await _prepare(first, made)
        writers = Writers(port, _WRITERS)
        async with writers.writing():
            await asyncio.sleep(_LOAD)
            scene = Scene(machine=first, far=far, writers=writers, made=made)
            if fault := _ALIVE.get(name):
                await fault(scene)
            at = first.destroy()
            if fault := _AFTERWARDS.get(name):
                # It keeps lists of its directories, and has to see what is changed behind its back.
                far.stop()
                await fault(scene)
                far.start()
        outcome = await _judge(name, made.make("second", ROSTRA_CONTINUITY_TARGETS=far.url), key, writers, at)
    print(
        f"{outcome.fault:22} {outcome.acknowledged:6} acknowledged  "
        f"{'restored' if outcome.restored else 'refused':8}  lost {outcome.lost:4} ({outcome.lost_seconds:5.2f} s)  "
        f"of those vouched for {outcome.broken_promise}  {outcome.said}",
        flush=True,
    )
    return outcome


async def _prepare(machine: Machine, made: Machines) -> Path:
    """A small server with some media, whose first copy is complete, and that ships. Returns the file with the key."""
    machine.start("up")
    given = {"data_dir": machine.directory, "dev": True, "scheme": "http", "domain": f"localhost:{machine.port}"}
    await seed.seed(machine.dsn, urls_of(load_settings({}, given)), _POSTS)
    await seed.store_media(machine.dsn, machine.directory / "media", 20)
    machine.stop()
    shown = SHOWN_KEY.search(machine.run("continuity", "init", "--no-qr"))
    assert shown is not None
    key = made.place / "recovery-key"
    key.write_text(shown[0])
    machine.run("continuity", "ship", "--once")
    machine.start("up")
    return key


async def _judge(name: str, there: Machine, key: Path, writers: Writers, at: float) -> Outcome:
    before = [write for write in writers.acknowledged if write.at <= at]
    said: list[str] = []
    missing, promised = before, before
    try:
        there.run("continuity", "restore", there.setting("ROSTRA_CONTINUITY_TARGETS"), "--key", str(key), "--yes")
    except CommandFailed as error:
        said.append(_last_line(str(error)))
    report_file = there.directory / "continuity" / "restored.json"
    restored = report_file.exists()
    if restored:
        report = msgspec.json.decode(report_file.read_bytes(), type=Report)
        said += report.problems
        there.start("up")
        connection = await there.connect()
        missing = await writers.missing(connection, before)
        await connection.close()
        promised = [write for write in missing if write.told_at <= report.until]
    return Outcome(
        fault=name,
        acknowledged=len(before),
        restored=restored,
        lost=len(missing),
        lost_seconds=_seconds_lost(missing, at),
        broken_promise=len(promised) if restored else 0,
        said="; ".join(said),
    )


def _seconds_lost(missing: list[Write], at: float) -> float:
    return at - min((write.at for write in missing), default=at)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        middle = path.stat().st_size // 2
        file.seek(middle)
        byte = file.read(1)[0]
        file.seek(middle)
        file.write(bytes([byte ^ 0x10]))


@contextmanager
def _small_disk(directory: Path) -> Iterator[None]:
    """A file system of its own, of a few megabytes. Needs root, as mounting does."""
    directory.mkdir(parents=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK},mode=700", "tmpfs", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


async def _fill(directory: Path) -> None:
    """Not a byte is free for a while."""
    filler = directory / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 12))
    await asyncio.sleep(_PAUSE)
    filler.unlink()
    await asyncio.sleep(_PAUSE)
