"""Migrations apply once, in order, and refuse a database that does not fit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from rostra.kit.db import connect
from rostra.kit.migrate import MigrationRefused, find_unfit, migrate, pending


async def test_applying_twice_changes_nothing(fresh_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("create table a (id int)")
    with pytest.raises(MigrationRefused, match="newer version"):
        await migrate(fresh_dsn, tmp_path)


async def test_a_changed_file_is_refused_by_name(fresh_dsn: str, tmp_path: Path) -> None:
    shutil.copytree("rostra/migrations", tmp_path, dirs_exist_ok=True)
    copy = tmp_path / "0001_foundation.sql"
    copy.write_text(copy.read_text() + "\n-- edited")
    with pytest.raises(MigrationRefused, match="0001_foundation"):
        await migrate(fresh_dsn, tmp_path)


async def test_a_new_file_applies_once_and_is_pending_before(fresh_dsn: str, tmp_path: Path) -> None:
    shutil.copytree("rostra/migrations", tmp_path, dirs_exist_ok=True)
    (tmp_path / "9999_b.sql").write_text("create table b (id int)")
    assert await pending(fresh_dsn, tmp_path) == ["9999_b.sql"]
    assert await migrate(fresh_dsn, tmp_path) == ["9999_b.sql"]
    assert await migrate(fresh_dsn, tmp_path) == []


async def test_a_failing_file_leaves_nothing_behind(fresh_dsn: str, tmp_path: Path) -> None:
    shutil.copytree("rostra/migrations", tmp_path, dirs_exist_ok=True)
    (tmp_path / "9999_c.sql").write_text("create table c (id int); select 1/0")
    with pytest.raises(Exception, match="division by zero"):
        await migrate(fresh_dsn, tmp_path)
    connection = await connect(fresh_dsn)
    assert await connection.fetchval("select to_regclass('c')") is None
    await connection.close()


async def test_a_database_with_another_encoding_is_refused_and_left_alone(pg_server: str) -> None:
    name = f"ascii_{os.urandom(4).hex()}"
    made = await asyncpg.connect(pg_server.format(database="postgres"))
    await made.execute(f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0")
    dsn = pg_server.format(database=name)
    try:
        with pytest.raises(MigrationRefused, match=r"keeps texts as SQL_ASCII.*encoding 'UTF8'"):
            await migrate(dsn, Path("rostra/migrations"))
        connection = await connect(dsn)
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
        await connection.close()
    finally:
        await made.execute(f"drop database {name} with (force)")
        await made.close()


class Old:
    """A connection to a server of 2022."""

    def get_server_version(self) -> Any:
        return type("Version", (), {"major": 15, "micro": 18})()

    def get_settings(self) -> Any:
        return type("Settings", (), {"server_encoding": "UTF8"})()


async def test_a_database_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, fresh_dsn: str) -> None:
    assert "PostgreSQL 15.18; use PostgreSQL 16 or newer" in (find_unfit(cast("asyncpg.Connection", Old())) or "")
    monkeypatch.setattr("rostra.kit.migrate.OLDEST", 99)
    with pytest.raises(MigrationRefused, match="99 or newer"):
        await migrate(fresh_dsn, Path("rostra/migrations"))
