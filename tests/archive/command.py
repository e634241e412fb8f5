"""The command line on a database of its own, for tests of what operators do with archives."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from rostra.cli import main

Run = Callable[..., Result]


@pytest.fixture
def rostra(pg_server: str, pg_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command on an empty server of its own, and gives what came of it."""
    name = f"command_{os.urandom(4).hex()}"

    async def admin(statement: str) -> None:
        connection = await asyncpg.connect(pg_server.format(database="postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(admin(f"create database {name} template template_rostra strategy file_copy"))
    given = {
        "DATABASE_URL": pg_server.format(database=name), "DATA": str(tmp_path / "data"), "DOMAIN": "social.example",
        "ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "64",
    }  # fmt: skip
    for key, value in given.items():
        monkeypatch.setenv(f"ROSTRA_{key}", value)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, [*map(str, words)])

    (tmp_path / "data").mkdir()
    yield run
    asyncio.run(admin(f"drop database {name} with (force)"))
