"""The directory through which processes share their metrics; apart from `metrics`, to keep the supervisor small.

Its files are mapped into the processes' memory: on a disk that is full, counting a request would end the process
(SIGBUS). So they lie in memory where there is a place for that, and a link in the data directory leads there.
"""

from __future__ import annotations

import atexit
import os
import shutil
from pathlib import Path
from typing import Final

# The name is prometheus_client's.
DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a name that nobody can guess is made in it
_NAME: Final = "rostra-metrics-"


def prepare(link: Path) -> dict[str, str]:
    """Make an empty shared directory for a new start, which goes when this process ends; what to add to the environment
    of the processes. `link` leads there, so that the next start finds what a killed one has left."""
    remove(link)
    link.parent.mkdir(parents=True, exist_ok=True)
    place = _MEMORY / f"{_NAME}{os.urandom(8).hex()}"
    try:
        place.mkdir(mode=0o700)
        link.symlink_to(place)
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        place = link
        place.mkdir(mode=0o700, exist_ok=True)
    atexit.register(_remove_in, os.getpid(), link)
    return {DIRECTORY: str(place)}


def remove(link: Path) -> None:
    """Remove the shared directory and what leads to it, where they are."""
    if not link.is_symlink():
        shutil.rmtree(link, ignore_errors=True)
        return
    place = link.readlink()
    if place.parent == _MEMORY and place.name.startswith(_NAME):
        shutil.rmtree(place, ignore_errors=True)
    link.unlink(missing_ok=True)


def _remove_in(process: int, link: Path) -> None:
    if os.getpid() == process:
        remove(link)
