"""`rostra owner` prints a link while nobody owns the server, and nothing afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

from click.testing import CliRunner

from rostra.accounts.claim import is_claim
from rostra.cli import main
from rostra.kit.clock import Clock
from rostra.kit.db import connect, open_database


async def test_the_link_works_until_there_is_an_owner(fresh_dsn: str, tmp_path: Path) -> None:
    environment = {"ROSTRA_DATABASE_URL": fresh_dsn, "ROSTRA_DATA": str(tmp_path), "ROSTRA_DOMAIN": "social.example"}

    async def link() -> str:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["owner"], env=environment)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    first, second = await link(), await link()
    assert first.startswith("https://social.example/claim?token=")
    async with open_database(fresh_dsn, max_size=1) as db:
        assert await is_claim(db, Clock(), second.partition("token=")[2])
        assert not await is_claim(db, Clock(), first.partition("token=")[2])
    connection = await connect(fresh_dsn)
    await connection.execute(
        "insert into accounts (id, username, uri, url, created_at, updated_at)"
        " values (1, 'o', 'o', 'o', clock_timestamp(), clock_timestamp())"
    )
    await connection.execute(
        "insert into users (account_id, email, email_key, password_hash, role, created_at)"
        " values (1, 'o@example.com', 'o@example.com', '', 'owner', clock_timestamp())"
    )
    await connection.close()
    assert await link() == ""
