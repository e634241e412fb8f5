"""The place of a drill: a directory that goes when the drill ends, or, if that was killed, when the next one begins."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rostra.kit.lock import DirectoryLock
from rostra.kit.postgres_leftovers import end_leftovers

PREFIX: Final = "rostra-drill-"
DATA: Final = "data"
_LOCK: Final = "drilling"
_SHORT: Final = "rostra-"


@contextmanager
def scratch(root: Path) -> Generator[Path]:
    """A new directory below `root`, with a place for a data directory that the database's user may enter."""
    root.mkdir(parents=True, exist_ok=True)
    remove_leftovers(root)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    lock = DirectoryLock(directory)
    try:
        lock.acquire(_LOCK)
        # Others may pass through to what is theirs, and see nothing.
        directory.chmod(0o711)
        yield directory
    finally:
        _remove(directory)
        lock.release()


def remove_leftovers(root: Path) -> list[Path]:
    """Remove what killed drills have left below `root`; what that was."""
    removed: list[Path] = []
    for directory in sorted(root.glob(f"{PREFIX}*")):
        found = directory.lstat()
        if directory.is_symlink() or not directory.is_dir() or found.st_uid != os.geteuid():
            continue
        lock = DirectoryLock(directory)
        if not lock.acquire(_LOCK):
            continue
        try:
            _remove(directory)
        finally:
            lock.release()
        removed.append(directory)
    return removed


def _remove(directory: Path) -> None:
    """With what the database of root has elsewhere: its home, and the short way to its socket."""
    cluster = directory / DATA / "postgres"
    if cluster.exists():
        end_leftovers(cluster.resolve())
        home = cluster.resolve().parent
        run = home / "run"
        if run.is_symlink() and run.resolve().name.startswith(_SHORT):
            shutil.rmtree(run.resolve(), ignore_errors=True)
        if cluster.is_symlink():
            shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
