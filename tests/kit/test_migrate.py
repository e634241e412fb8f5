"""Migrations apply once, in order, and refuse a database that does not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rostra.kit.db import connect
from rostra.kit.migrate import MigrationRefused, migrate, pending


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
