"""Files that are whole or absent for whoever reads them, and on disk once they are there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def flush(path: Path) -> None:
    """Have a file, or the entries of a directory, on disk. Raises OSError, also for a symbolic link.

    What was renamed into place is there after a power cut only where its directory was flushed too.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, body: bytes, *, durably: bool = True) -> None:
    """Write a file for its owner alone, so that a reader sees the old or the new one and never a half."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        if durably:
            file.flush()
            os.fsync(file.fileno())
    fresh.replace(path)
    if durably:
        flush(path.parent)


def create_private(path: Path, body: bytes) -> bytes:
    """Have `body` in a file that only its owner may read, unless the file is there already; what is in it in the end.

    Of several that make it at once the first one's stays, and all get that. Makes the folders above it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made with the mode 0600, under a name that a process that died here cannot have left behind.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: that would replace what another has put there.
        path.hardlink_to(temporary)
        flush(path.parent)
    except FileExistsError:
        return path.read_bytes()
    finally:
        temporary.unlink()
    return body
