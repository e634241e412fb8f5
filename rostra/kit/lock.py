"""The lock on a data directory: one Rostra at a time runs its database.

It is a `flock` on `rostra.lock`, so the kernel gives it back however its holder ended; the file's text only says who
holds it. It guards processes of one machine, not a directory that two machines share.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

SERVING: Final = "serving"
BRIEFLY: Final = "briefly"


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock: the process id, and whether it is `SERVING` or holds the lock `BRIEFLY` for one command."""

    pid: int
    purpose: str


class DirectoryLock:
    """Owns the lock of `directory` from a successful `acquire` to `release` or the end of the process."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "rostra.lock"
        self._descriptor: int | None = None

    def acquire(self, purpose: str) -> bool:
        """Take the lock, or return False at once where another process has it. Raises OSError for the directory."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {purpose}\n".encode(), 0)
        self._descriptor = descriptor
        return True

    def find_holder(self) -> Holder | None:
        """The process that has the lock now; None where nobody has, or where it is taken this very moment."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            words = os.pread(descriptor, 100, 0).decode().split()
            return Holder(int(words[0]), words[1]) if len(words) == 2 else None
        finally:
            os.close(descriptor)
        return None

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two processes lock two files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
