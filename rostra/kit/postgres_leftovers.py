"""PostgreSQL processes that an earlier, killed Rostra left behind: found by where they work, and ended.

No number in `postmaster.pid` is believed unchecked, for it may belong to some other process by now. Linux only: reads
/proc.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

# How long a left postmaster may take for its checkpoint, in seconds, before it is ended without one.
_PATIENCE: Final = 60.0
_SHORT_PATIENCE: Final = 5.0


def processes_in(cluster: Path) -> list[int]:
    """The process ids of every PostgreSQL process, of any parent, that works in `cluster`."""
    place = str(cluster.resolve())
    found: list[int] = []
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit():
            continue
        try:
            # A zombie has no working directory, and a stranger's reused number has another one.
            works_there = os.readlink(f"/proc/{entry}/cwd") == place  # noqa: PTH115
            if works_there and Path(f"/proc/{entry}/comm").read_text() == "postgres\n":
                found.append(int(entry))
        except OSError:
            continue
    return found


def end_leftovers(cluster: Path) -> int | None:
    """End what an earlier Rostra left running, cleanly if its postmaster lives.

    Returns the number in `postmaster.pid` where that is stale but taken by some other process.
    """
    named = _postmaster_pid(cluster)
    running = processes_in(cluster)
    if named in running:
        os.kill(named, signal.SIGINT)
        running = _wait_gone(cluster, _PATIENCE)
    # Backends without a postmaster have no one to report to; the log recovers what they had committed.
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for pid in running:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        running = running and _wait_gone(cluster, _SHORT_PATIENCE)
    return _postmaster_pid(cluster)


def _wait_gone(cluster: Path, patience: float) -> list[int]:
    deadline = time.monotonic() + patience
    while (running := processes_in(cluster)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running


def _postmaster_pid(cluster: Path) -> int | None:
    try:
        return abs(int((cluster / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None
