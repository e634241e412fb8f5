"""`rostra account import`: the operator's way to bring something into an account, the server running or not."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from tests.archive.bring import files_of, note, picture, picture_files, zipped

Run = Callable[..., Result]


@pytest.fixture
def rostra(pg_server: str, pg_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    name = f"import_{os.urandom(4).hex()}"

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
    for person in ("alice", "bob"):
        made = run("account", "create", person, "--email", f"{person}@example.com", "--confirmed")
        assert made.exit_code == 0, made.output
    yield run
    asyncio.run(admin(f"drop database {name} with (force)"))


def report(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_lists_and_archives_come_in_and_are_reported(rostra: Run, tmp_path: Path) -> None:
    follows = tmp_path / "following_accounts.csv"
    follows.write_text("Account address\nbob@social.example\nfar@far.example\n")
    tried = report(rostra("account", "import", "@alice", follows, "--dry-run"))
    assert (tried["state"], tried["imported"], tried["reasons"]) == ("waiting", 0, {"other_server": 1})
    done = report(rostra("account", "import", "@alice", follows, "--type", "following"))
    assert (done["state"], done["imported"], done["failed"]) == ("finished", 1, 1)
    archive = zipped(tmp_path / "a.zip", files_of(note(1), note(2, attachment=[picture()])) | picture_files())
    done = report(rostra("account", "import", "alice", archive))
    assert (done["type"], done["imported"], done["proven"]) == ("archive", 2, False)
    # The operator's file stays, the server's copy does not.
    assert archive.exists()
    assert list((tmp_path / "data" / "imports").iterdir()) == []


def test_what_cannot_be_imported_is_refused_in_words(rostra: Run, tmp_path: Path) -> None:
    broken = tmp_path / "following.csv"
    broken.write_bytes(b"bob\n\xff\n")
    refused = rostra("account", "import", "@alice", broken)
    assert (refused.exit_code, "see line 2" in refused.stderr) == (1, True)
    broken.write_text("bob\n")
    nobody = rostra("account", "import", "@nobody", broken)
    assert (nobody.exit_code, "no account called" in nobody.stderr) == (1, True)
    fake = tmp_path / "a.zip"
    fake.write_text("no zip")
    refused = rostra("account", "import", "@alice", fake)
    assert (refused.exit_code, "neither a zip file" in refused.stderr) == (1, True)
