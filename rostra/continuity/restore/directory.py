"""The data directory that is restored into: empty before, marked while half restored, empty again after a failure."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from rostra.continuity.place import HalfRestored, Place
from rostra.continuity.restore.plan import moment
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.restore.walk import Walk
from rostra.kit.lock import BRIEFLY, DirectoryLock


def check_empty(data_dir: Path) -> None:
    """Refuse a data directory with anything in it. Raises NotRestorable."""
    if not data_dir.exists() or (data_dir.is_dir() and not any(data_dir.iterdir())):
        return
    if (half := Place(data_dir).find_half_restored()) is not None:
        raise NotRestorable(
            f"a restore into {data_dir} that began at {moment(half.started_at)} did not come to its end; "
            "delete the directory and start again"
        )
    raise NotRestorable(f"{data_dir} is not empty, and nothing is ever overwritten; choose another with --data")


@asynccontextmanager
async def half_restored(walk: Walk, source: str) -> AsyncGenerator[Place]:
    """The directory, held and marked until the server can be started; what fails leaves nothing. Raises NotRestorable
    where another process has it."""
    data_dir = walk.options.data_dir
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(data_dir)
    if not lock.acquire(BRIEFLY):
        raise NotRestorable(f"another process uses {data_dir}")
    try:
        place = Place(data_dir)
        place.mark_half_restored(HalfRestored(started_at=walk.started_at, source=source))
        yield place
        place.unmark_half_restored()
    except BaseException:
        await asyncio.to_thread(_leave_nothing, data_dir)
        raise
    finally:
        lock.release()


def _leave_nothing(data_dir: Path) -> None:
    """Take away what was put into a directory that had been empty; last what says that it is half restored."""
    cluster = data_dir / "postgres"
    if cluster.is_symlink():
        # Where the database's user may not go into the data directory, its home is elsewhere.
        shutil.rmtree(cluster.resolve().parent, ignore_errors=True)
    children = sorted(data_dir.iterdir(), key=lambda path: path.name == "continuity")
    for path in children:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
