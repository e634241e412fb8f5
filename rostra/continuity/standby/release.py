"""Ending a server for good because another one takes over: what runs on the old machine.

First it is written down that the server is replaced, so that no service manager brings it back, then it is asked to end
in order: its database ships the last of its log to the standby before it goes. Until the other one has been promoted
this can be taken back.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from rostra.continuity.place import Place, Replaced
from rostra.continuity.records import parse_lsn
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.lock import BRIEFLY, SERVING, DirectoryLock
from rostra.kit.postgres import PostgresRefused, dsn_of, processes_in
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ADMIN, ENVIRONMENT

_PATIENCE: Final = 75.0
_CHECKPOINT_PATIENCE: Final = 60
CLEAN: Final = "shut down"


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """How a server ended. `state` is the cluster's in PostgreSQL's words, `CLEAN` after an end in order.

    `checkpoint` is where its last checkpoint begins in the log; after an end in order nothing comes behind it.
    `was_running`: it had to be ended.
    """

    state: str
    checkpoint: int
    timeline: int
    system: str
    was_running: bool


class NotReleased(Exception):
    """The server did not end, or is none; the text says what to do."""


def release(data_dir: Path, replaced: Replaced) -> Released:
    """End the server of `data_dir` and see to it that it is not started again. Raises NotReleased, PostgresRefused."""
    place, lock = Place(data_dir), DirectoryLock(data_dir)
    cluster = (data_dir / "postgres").resolve()
    if not (cluster / "PG_VERSION").exists():
        raise NotReleased(f"there is no database in {data_dir}")
    holder = lock.find_holder()
    if holder is not None and holder.purpose == SERVING:
        # The checkpoint at its end then has little left to write, and the pause is short.
        asyncio.run(_checkpoint(data_dir))
    before = place.find_replaced()
    place.mark_replaced(replaced)
    try:
        was_running = _end(lock, cluster)
    except NotReleased:
        if before is None:
            take_back(data_dir)
        raise
    try:
        return _read_control(data_dir, cluster, was_running=was_running)
    finally:
        lock.release()


def take_back(data_dir: Path) -> bool:
    """Let the server be started again; False where it was not released."""
    path = Place(data_dir).path / "replaced.json"
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def become_owner(data_dir: Path) -> None:
    """Go on as the account that the data directory belongs to, where we are root: what we write there it must read."""
    found = data_dir.stat()
    if os.geteuid() == 0 and found.st_uid != 0:
        os.setgroups([found.st_gid])
        os.setgid(found.st_gid)
        os.setuid(found.st_uid)


async def _checkpoint(data_dir: Path) -> None:
    try:
        connection = await asyncpg.connect(
            dsn_of(data_dir, role=ADMIN, database="postgres"), timeout=5, command_timeout=_CHECKPOINT_PATIENCE
        )
        await connection.execute("checkpoint")
        await connection.close()
    except (*DATABASE_ERRORS, PostgresRefused):
        # It saves time, no more.
        return


def _end(lock: DirectoryLock, cluster: Path) -> bool:
    """Ask who runs the server to end it, and wait until nobody does. Takes the lock."""
    deadline, asked = time.monotonic() + _PATIENCE, 0
    while not lock.acquire(BRIEFLY):
        holder = lock.find_holder()
        if holder is not None and holder.purpose == SERVING and holder.pid != asked:
            os.kill(holder.pid, signal.SIGTERM)
            asked = holder.pid
        if time.monotonic() > deadline:
            raise NotReleased(f"process {asked} did not end within {_PATIENCE:.0f} s; end it by hand")
        time.sleep(0.02)
    while processes_in(cluster):
        if time.monotonic() > deadline:
            lock.release()
            raise NotReleased(f"the database in {cluster} did not end within {_PATIENCE:.0f} s; end it by hand")
        time.sleep(0.02)
    return asked != 0


def _read_control(data_dir: Path, cluster: Path, *, was_running: bool) -> Released:
    """What PostgreSQL wrote down at its end."""
    asked = [client_program(None, "pg_controldata"), cluster]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, env=ENVIRONMENT)  # noqa: S603
    if done.returncode != 0:
        raise NotReleased(f"{data_dir}: pg_controldata: {done.stderr.strip()[-300:]}")
    said = dict(_LINE.findall(done.stdout))
    return Released(
        state=said["Database cluster state"],
        checkpoint=parse_lsn(said["Latest checkpoint location"]),
        timeline=int(said["Latest checkpoint's TimeLineID"]),
        system=said["Database system identifier"],
        was_running=was_running,
    )


_LINE: Final = re.compile(r"^([^:\n]+):\s+(.*)$", re.MULTILINE)
