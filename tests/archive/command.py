"""The command line on a database of its own, for tests of what operators do with archives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main

Run = Callable[..., Result]


@pytest.fixture
def rostra(fresh_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on an empty server of its own, and gives what came of it."""
    given = {
        "DATABASE_URL": fresh_dsn, "DATA": str(tmp_path / "data"), "DOMAIN": "social.example",
        "ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "64",
    }  # fmt: skip
    for key, value in given.items():
        monkeypatch.setenv(f"ROSTRA_{key}", value)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, [*map(str, words)])

    (tmp_path / "data").mkdir()
    return run
