"""A cluster that was copied with PostgreSQL's own programs becomes the cluster of another data directory, for real."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from rostra.kit import postgres_home
from rostra.kit.postgres import EmbeddedPostgres, PostgresRefused, conninfo_of, processes_in
from rostra.kit.postgres_adopt import adopt_cluster
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its account")


@pytest.fixture(scope="module")
def open_directory() -> Iterator[Path]:
    """A directory that every account may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="rostra-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@contextmanager
def started(data_dir: Path, **more: str) -> Generator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir, more=more)
    server.launch()
    try:
        yield server
    finally:
        server.stop()


async def ask(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def run(name: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [client_program(None, name), *arguments], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
async def backup(open_directory: Path) -> Path:
    """A base backup of a cluster with a few rows, made while its server ran."""
    data_dir, copy = open_directory / "first", open_directory / "backup"
    data_dir.mkdir(mode=0o700)
    with started(data_dir) as server:
        await server.wait_ready()
        await ask(server.dsn, "create table kept as select n from generate_series(1, 1000) n")
        run("pg_basebackup", "-d", conninfo_of(data_dir), "-D", copy, "-c", "fast")
    run("pg_verifybackup", "-e", copy)
    return copy


@pytest.fixture
def fresh(backup: Path, tmp_path: Path) -> Path:
    """The backup as it is unpacked: ours, and not with the modes that PostgreSQL wants."""
    shutil.copytree(backup, tmp_path / "fresh")
    (tmp_path / "fresh").chmod(0o755)
    (tmp_path / "fresh" / "base").chmod(0o755)
    (tmp_path / "fresh" / "PG_VERSION").chmod(0o644)
    return tmp_path / "fresh"


async def test_an_adopted_copy_starts_with_its_rows_and_what_it_was_told(open_directory: Path, fresh: Path) -> None:
    data_dir = open_directory / "second"
    adopt_cluster(data_dir, None, fresh)
    assert not fresh.exists()
    cluster = data_dir / "postgres"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (cluster, *cluster.rglob("*")) if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in cluster.rglob("*") if path.is_file()} == {0o600}
    odd = "it's a\\path\nof two lines"
    with started(data_dir, **{"default_transaction_read_only": "on", "rostra.note": odd}) as server:
        await server.wait_ready()
        assert await ask(server.dsn, "select sum(n) from kept") == 500500
        assert await ask(server.dsn, "select current_setting('rostra.note')") == odd
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await ask(server.dsn, "insert into kept values (1)")
        owners = {path.stat().st_uid for path in (cluster, *cluster.rglob("*"))}
        assert owners == {Path(f"/proc/{pid}").stat().st_uid for pid in processes_in(cluster)}
    with started(data_dir) as server:
        await server.wait_ready()
        assert await ask(server.dsn, "select current_setting('default_transaction_read_only')") == "off"


async def test_settings_of_the_administrator_win_over_what_a_server_is_told(open_directory: Path, fresh: Path) -> None:
    data_dir = open_directory / "third"
    adopt_cluster(data_dir, None, fresh)
    (data_dir / "etc").mkdir(exist_ok=True)
    (data_dir / "etc" / "local.conf").write_text("work_mem = '5MB'\n")
    with started(data_dir, work_mem="3MB", maintenance_work_mem="65MB") as server:
        await server.wait_ready()
        assert await ask(server.dsn, "select current_setting('work_mem')") == "5MB"
        assert await ask(server.dsn, "select current_setting('maintenance_work_mem')") == "65MB"


def test_what_is_no_name_of_a_setting_is_refused(open_directory: Path) -> None:
    server = EmbeddedPostgres(open_directory / "first", more={"work_mem = 1\ninclude": "x"})
    with pytest.raises(ValueError, match="not the name of a PostgreSQL setting"):
        server.launch()


def test_a_second_cluster_is_refused_and_left_where_it_is(open_directory: Path, fresh: Path) -> None:
    data_dir = open_directory / "fourth"
    (data_dir / "postgres").mkdir(parents=True)
    with pytest.raises(PostgresRefused, match=r"there is a database in .* already"):
        adopt_cluster(data_dir, None, fresh)
    assert (fresh / "PG_VERSION").exists()
    assert list((data_dir / "postgres").iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        ("rm global/pg_control", "no complete database"),
        ("rm PG_VERSION", "no complete database"),
        ("echo 17 > PG_VERSION", "of PostgreSQL 17; only 18"),
        ("mv pg_wal ../pg_wal && ln -s ../pg_wal pg_wal", "pg_wal is a symbolic link"),
        ("ln -s /srv/fast pg_tblspc/16400", "16400 is a symbolic link .to /srv/fast."),
        ("mkfifo base/pipe", "neither a file nor a directory"),
    ],
)
def test_what_is_no_whole_cluster_in_one_directory_is_refused_before_anything_is_made(
    open_directory: Path, fresh: Path, spoil: str, problem: str
) -> None:
    subprocess.run(spoil, shell=True, cwd=fresh, check=True)
    with pytest.raises(PostgresRefused, match=problem):
        adopt_cluster(open_directory / "never", None, fresh)
    assert not (open_directory / "never").exists()
    assert fresh.exists()


@as_root
async def test_a_copy_for_a_private_directory_goes_where_its_account_may_go(
    tmp_path: Path, open_directory: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = open_directory / "lib"
    monkeypatch.setattr(postgres_home, "OUTSIDE", outside)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    adopt_cluster(home / "data", "daemon", fresh)
    assert (home / "data" / "postgres").resolve().is_relative_to(outside)
    with started(home / "data") as server:
        await server.wait_ready()
        assert await ask(server.dsn, "select sum(n) from kept") == 500500


@as_root
def test_a_copy_on_another_file_system_is_carried_over(open_directory: Path, fresh: Path) -> None:
    away = Path(tempfile.mkdtemp(prefix="rostra-test-", dir="/dev/shm"))
    try:
        if away.stat().st_dev == open_directory.stat().st_dev:
            pytest.skip("there is one file system here")
        shutil.move(fresh, away / "fresh")
        adopt_cluster(open_directory / "fifth", None, away / "fresh")
        assert list(away.iterdir()) == []
        run("pg_verifybackup", open_directory / "fifth" / "postgres")
    finally:
        shutil.rmtree(away)


async def test_a_copy_of_everything_at_one_place_in_the_log_can_be_had(backup: Path, open_directory: Path) -> None:
    assert backup.exists()
    with started(open_directory / "first") as server:
        await server.wait_ready()
        connection = await asyncpg.connect(server.admin_dsn)
        try:
            found = await connection.fetchrow(
                "select lsn::text from pg_create_logical_replication_slot('census', 'pgoutput', temporary => true)"
            )
            assert found is not None
            assert await connection.fetchval("select current_setting('summarize_wal')") == "on"
            assert await connection.fetchval("select current_setting('max_slot_wal_keep_size')") == "4GB"
        finally:
            await connection.close()


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    for name in ("pg_receivewal", "pg_combinebackup", "pg_amcheck", "pg_controldata", "psql"):
        assert client_program(None, name).name == name
    with pytest.raises(PostgresRefused, match="program pg_nothing is not in"):
        client_program(None, "pg_nothing")
    with pytest.raises(PostgresRefused, match="no PostgreSQL 18 in"):
        client_program(tmp_path, "psql")


def test_a_database_that_never_ran_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(PostgresRefused, match="no database has been started"):
        conninfo_of(tmp_path)
