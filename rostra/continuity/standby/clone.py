"""Taking a base backup of the primary through the tunnel, and putting it in place.

It is taken beside the replica that there may be already, checked, and only then made ready (`READY`), so that a replica
that cannot follow any more is still there while the next one arrives. Whoever runs the database puts it in place.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rostra.continuity.standby.source import SourceAway
from rostra.continuity.standby.tunnel import tunnel_directory
from rostra.kit.postgres_adopt import adopt_cluster
from rostra.kit.postgres_home import Home
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ADMIN, ENVIRONMENT

READY: Final = "postgres.ready"
_OLD: Final = "postgres.old"
_COPY: Final = "postgres.copy-"
_PROGRESS: Final = re.compile(rb"(\d+)/(\d+) kB \((\d+)%\)")


async def take_base(home: Home, bindir: Path | None, slot: str, tell: Callable[[str], None]) -> None:
    """Copy the primary's cluster beside ours and make it ready; its log is kept by `slot`, which exists.

    `tell` gets the progress in words. Raises SourceAway where it is broken off, PostgresRefused without the programs.
    """
    remove_copies(home)
    fresh = home.path / f"{_COPY}{os.urandom(4).hex()}"
    fresh.mkdir(mode=0o700)
    try:
        await _copy(client_program(bindir, "pg_basebackup"), tunnel_directory(home), fresh, slot, tell)
        tell("checking the copy")
        await _verify(client_program(bindir, "pg_verifybackup"), fresh)
        # What the primary was told at run time, above all whose word its commits wait for, is not for a copy.
        (fresh / "postgresql.auto.conf").write_bytes(b"")
        (fresh / "standby.signal").touch()
        fresh.rename(home.path / READY)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)
        raise


def is_ready(home: Home) -> bool:
    """Whether a checked copy waits to be put in place."""
    return (home.path / READY).exists()


def put_in_place(home: Home, data_dir: Path, pg_user: str | None) -> bool:
    """Make the copy that is ready the cluster, in place of an older one; False where none is. No server may run.

    Raises PostgresRefused.
    """
    ready, old = home.path / READY, home.path / _OLD
    if not ready.exists():
        if old.exists() and not home.cluster.exists():
            old.rename(home.cluster)
        return False
    if home.cluster.exists():
        shutil.rmtree(old, ignore_errors=True)
        home.cluster.rename(old)
    adopt_cluster(data_dir, pg_user, ready)
    shutil.rmtree(old, ignore_errors=True)
    return True


def remove_copies(home: Home) -> None:
    """Remove what an earlier attempt left."""
    for left in home.path.glob(f"{_COPY}*"):
        shutil.rmtree(left, ignore_errors=True)


async def _copy(program: Path, tunnel: Path, fresh: Path, slot: str, tell: Callable[[str], None]) -> None:
    # Not under the standby's name: commits must not wait for somebody who only takes a backup.
    conninfo = f"host='{tunnel}' user={ADMIN} application_name=clone_{slot}"
    words = [program, "-d", conninfo, "-D", fresh, "-Fp", "-X", "stream", "-S", slot, "-c", "fast", "-P", "-w"]
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE, env=ENVIRONMENT, cwd="/")
    assert process.stderr is not None
    last = b""
    try:
        while chunk := await process.stderr.read(4096):
            last = (last + chunk)[-4096:]
            if found := _PROGRESS.findall(last):
                done, total, share = found[-1]
                tell(f"base backup: {int(done) >> 10} of {int(total) >> 10} MiB ({share.decode()} %)")
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        lines = [line for line in re.split(rb"[\r\n]+", last) if line and not _PROGRESS.search(line)]
        reason = lines[-1].decode(errors="replace") if lines else f"status {status}"
        raise SourceAway(f"the base backup was broken off: {reason}")


async def _verify(program: Path, fresh: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        program, "-q", "-n", fresh, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=ENVIRONMENT
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise SourceAway(f"the base backup arrived damaged: {said.decode(errors='replace').strip()[-500:]}")


def settings_of_replica(home: Home, slot: str, limits: dict[str, str]) -> dict[str, str]:
    """PostgreSQL's settings that make a cluster with `standby.signal` follow through the tunnel."""
    return {
        "primary_conninfo": f"host='{tunnel_directory(home)}' user={ADMIN} application_name={slot}",
        "primary_slot_name": slot,
        "hot_standby": "on",
        # A sign of life each second: the primary's commits may wait for us, and somebody watches that they need not.
        "wal_receiver_status_interval": "1s",
        "wal_receiver_timeout": "15s",
        "wal_retrieve_retry_interval": "500ms",
        **limits,
    }


def follows(home: Home) -> bool:
    """Whether the cluster would start as a replica; False where it was promoted."""
    return (home.cluster / "standby.signal").exists()
