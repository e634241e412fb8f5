"""The directory through which processes share their metrics; apart from `metrics`, to keep the supervisor small."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

# The name is prometheus_client's.
DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"


def prepare(directory: Path) -> dict[str, str]:
    """Empty the shared directory for a new start; what to add to the environment of the processes."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
    return {DIRECTORY: str(directory)}
