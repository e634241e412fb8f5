"""`rostra archive export`: the operator's way to somebody's archive, the server running or not."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from rostra.archive.verify import verify_archive
from rostra.cli import main

Run = Callable[..., Result]


@pytest.fixture
def rostra(pg_server: str, pg_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    name = f"archive_{os.urandom(4).hex()}"

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


def test_an_archive_is_written_for_its_owner_alone_and_never_over_a_file(rostra: Run, tmp_path: Path) -> None:
    made = rostra("account", "create", "alice", "--email", "alice@example.com", "--confirmed")
    assert made.exit_code == 0, made.output
    target = tmp_path / "alice.zip"
    done = rostra("archive", "export", "@alice", "--to", target)
    assert done.exit_code == 0, done.output
    assert f"wrote {target}, {target.stat().st_size} bytes" in done.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    verdict = verify_archive(target)
    assert (verdict.account, verdict.problems) == ("alice@social.example", [])
    again = rostra("archive", "export", "@alice", "--to", target)
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    nobody = rostra("archive", "export", "@bob", "--to", tmp_path / "bob.zip")
    assert (nobody.exit_code, "no account called @bob" in nobody.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["alice.zip"]
