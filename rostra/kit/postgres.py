"""The embedded PostgreSQL: makes the cluster, starts and stops its server, and finds a server that already runs.

`EmbeddedPostgres` owns the server process. It keeps no time limit on crash recovery, believes no number in
`postmaster.pid` that it has not checked, and lets only this machine's own accounts in, by their peer credentials.
Where the cluster lives and as whom it runs is settled in `postgres_home.py`. Linux only: it reads /proc.
asyncpg is imported late, so that a supervisor which never asks the database anything stays small.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rostra.kit.child import bound_to_parent
from rostra.kit.lock import BRIEFLY, SERVING, DirectoryLock
from rostra.kit.postgres_home import Home, PostgresRefused, find_socket_directory, settle
from rostra.kit.postgres_programs import find_bindir, runnable_bindir
from rostra.kit.settings import Settings

__all__ = ["EmbeddedPostgres", "PostgresRefused", "find_bindir", "processes_in", "use_database", "wait_ready"]

ROLE: Final = "rostra"
ADMIN: Final = "postgres"
_LOG_LIMIT: Final = 10 * 1024 * 1024
# How long one step of ending a leftover server may take, in seconds.
_PATIENCE: Final = 60.0

_FIRST_SQL: Final = f"create role {ROLE} login;\ncreate database {ROLE} owner {ROLE};\n"

_CONFIGURATION: Final = """\
# Written at every start. Put your own lines into local.conf beside this file: they win.
listen_addresses = ''
unix_socket_directories = '{run}'
unix_socket_permissions = 0700
hba_file = '{etc}/pg_hba.conf'
ident_file = '{etc}/pg_ident.conf'
max_connections = 100
shared_buffers = {shared_buffers}
dynamic_shared_memory_type = {shared_memory}
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}
wal_level = replica
max_wal_size = 1GB
checkpoint_timeout = 10min
# One small machine with a solid-state disk, and short statements only: neither compiled nor spread over cores.
jit = off
max_parallel_workers_per_gather = 0
max_logical_replication_workers = 0
io_method = sync
random_page_cost = 1.1
autovacuum_max_workers = 2
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_startup_progress_interval = 5s
log_checkpoints = off
# The detail of an error would quote rows, and with them people's addresses.
log_error_verbosity = terse
include = '{etc}/local.conf'
"""


class EmbeddedPostgres:
    """Owns the PostgreSQL server of one data directory from `launch` to `stop`.

    The caller holds the directory's lock. `durable` False is for throw-away clusters of tests and drills only.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        bindir: Path | None = None,
        user: str | None = None,
        shared_buffers: str = "64MB",
        durable: bool = True,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self._bindir = bindir
        self._user = user
        self._shared_buffers = shared_buffers
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> EmbeddedPostgres:
        """The server that `settings` describe."""
        return cls(
            settings.data_dir,
            bindir=settings.pg_bindir,
            user=settings.pg_user,
            shared_buffers=settings.pg_shared_buffers,
        )

    @property
    def dsn(self) -> str:
        """Where the application connects: role `rostra`, who owns the database `rostra` and is no superuser."""
        return dsn_of(self.data_dir)

    @property
    def admin_dsn(self) -> str:
        """Where an administrator connects: the superuser, in the database `postgres`."""
        return dsn_of(self.data_dir, role=ADMIN, database="postgres")

    @property
    def log_path(self) -> Path:
        return self.data_dir / "log" / "postgres.log"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server and return at once; it takes connections when `wait_ready` says so.

        Makes the cluster if there is none, and first ends a server that an earlier, killed Rostra left behind.
        Raises PostgresRefused.
        """
        try:
            home = settle(self.data_dir, self._user)
            grandparent = _end_leftovers(home.cluster)
            bindir = runnable_bindir(find_bindir(self._bindir), home)
            if not home.cluster.exists():
                _initialise(home, bindir)
            self._configure(home)
            self._process = self._spawn(home, bindir, grandparent)
        except OSError as error:
            where = error.filename or self.data_dir
            raise PostgresRefused(f"PostgreSQL cannot be started: {where}: {error.strerror}") from error
        return self._process

    def is_alive(self) -> bool:
        """Whether the server process that `launch` started still runs."""
        return self._process is not None and self._process.poll() is None

    async def wait_ready(self) -> None:
        """Return when the server answers. Raises PostgresRefused with its last log lines if it ended instead."""
        if not await wait_ready(lambda: self.dsn, self.is_alive):
            raise PostgresRefused(f"PostgreSQL did not start; the end of {self.log_path}:\n{self.log_tail()}")

    def stop(self, patience: float = _PATIENCE) -> None:
        """End the server with a clean checkpoint ("fast"), or after `patience` seconds without one (it recovers)."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._process = None

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the server's log."""
        try:
            with self.log_path.open("rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""

    def _configure(self, home: Home) -> None:
        """Write the whole configuration anew: a moved or restored cluster must name this machine's accounts."""
        run = find_socket_directory(self.data_dir)
        shared_memory = "posix" if os.access("/dev/shm", os.W_OK) else "mmap"  # noqa: S108
        configuration = _CONFIGURATION.format(
            run=run,
            etc=home.etc,
            shared_buffers=self._shared_buffers,
            shared_memory=shared_memory,
            durable="on" if self._durable else "off",
        )
        ours = pwd.getpwuid(os.geteuid()).pw_name
        accounts = sorted({ours, home.account.name if home.account else ours})
        ident = "".join(f'rostra "{account}" {role}\n' for account in accounts for role in (ROLE, ADMIN))
        hba = "local all all peer map=rostra\nlocal replication all peer map=rostra\n"
        files = {"postgresql.conf": configuration, "pg_hba.conf": hba, "pg_ident.conf": ident}
        if not (home.etc / "local.conf").exists():
            files["local.conf"] = "# Your own PostgreSQL settings; Rostra never writes here again.\n"
        for name, text in files.items():
            path = home.etc / name
            path.write_text(text)
            if home.account is not None:
                os.chown(path, 0, home.account.gid)
            path.chmod(0o640)

    def _spawn(self, home: Home, bindir: Path, grandparent: int | None) -> subprocess.Popen[bytes]:
        self.log_path.parent.mkdir(mode=0o700, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > _LOG_LIMIT:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        # PostgreSQL disregards a stale postmaster.pid that names this number, whoever has the number now.
        pid = {} if grandparent is None else {"PG_GRANDPARENT_PID": str(grandparent)}
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        log = os.open(self.log_path, flags, 0o600)
        try:
            return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
                [bindir / "postgres", "-D", home.cluster, "-c", f"config_file={home.etc / 'postgresql.conf'}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # It goes there by itself; by being there from the start it is always found by `processes_in`.
                cwd=home.cluster,
                env=_environment() | pid,
                # A session of its own: Ctrl-C in the terminal must not stop the database before its users.
                start_new_session=True,
                preexec_fn=bound_to_parent(signal.SIGINT),  # noqa: PLW1509 - the caller has one thread
                **home.process_options,
            )
        finally:
            os.close(log)


def dsn_of(data_dir: Path, *, role: str = ROLE, database: str = ROLE) -> str:
    """The DSN of the server of `data_dir`. Raises PostgresRefused where none has run there yet."""
    run = find_socket_directory(data_dir.resolve())
    if run is None:
        raise PostgresRefused(f"no database has been started in {data_dir} yet; run `rostra up --data {data_dir}`")
    return f"postgresql://{role}@/{database}?host={quote(str(run))}"


async def wait_ready(find_dsn: Callable[[], str], is_alive: Callable[[], bool]) -> bool:
    """Wait until the server answers a query: True then, False as soon as `is_alive` says that it has gone.

    Without a time limit, because the replay of a long log may take minutes and ends by itself.
    """
    import asyncio

    import asyncpg

    started, told = time.monotonic(), False
    while True:
        try:
            connection = await asyncpg.connect(find_dsn(), timeout=10)
            await connection.fetchval("select 1")
            await connection.close()
        except (
            OSError,
            TimeoutError,
            PostgresRefused,
            asyncpg.OperatorInterventionError,
            asyncpg.PostgresConnectionError,
        ):
            if not is_alive():
                return False
            if not told and time.monotonic() - started > 5:
                print("waiting for PostgreSQL to recover from its log", file=sys.stderr, flush=True)
                told = True
            await asyncio.sleep(0.02)
        else:
            return True


@asynccontextmanager
async def use_database(settings: Settings) -> AsyncGenerator[str]:
    """Yield a DSN: the external database's, that of the server that runs already, or that of one started for the while.

    Raises PostgresRefused. Nothing is migrated here.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = DirectoryLock(settings.data_dir)
    if await _lock_or_join(lock, settings.data_dir):
        yield dsn_of(settings.data_dir)
        return
    server = EmbeddedPostgres.from_settings(settings)
    try:
        server.launch()
        await server.wait_ready()
        yield server.dsn
    finally:
        server.stop()
        lock.release()


async def _lock_or_join(lock: DirectoryLock, data_dir: Path) -> bool:
    """True when a serving Rostra's database answers, False when the lock is ours and nobody's database runs."""
    import asyncio

    def is_serving() -> bool:
        holder = lock.find_holder()
        return holder is not None and holder.purpose == SERVING

    while not lock.acquire(BRIEFLY):
        if is_serving() and await wait_ready(lambda: dsn_of(data_dir), is_serving):
            return True
        await asyncio.sleep(0.05)
    return False


def processes_in(cluster: Path) -> list[int]:
    """The process ids of every PostgreSQL process, of any parent, that works in `cluster`."""
    place = str(cluster.resolve())
    found: list[int] = []
    for entry in os.listdir("/proc"):  # noqa: PTH208
        if not entry.isdigit():
            continue
        try:
            # A zombie has no working directory, and a stranger's reused number has another one.
            works_there = os.readlink(f"/proc/{entry}/cwd") == place  # noqa: PTH115
            if works_there and Path(f"/proc/{entry}/comm").read_text() == "postgres\n":
                found.append(int(entry))
        except OSError:
            continue
    return found


def _end_leftovers(cluster: Path) -> int | None:
    """End what an earlier Rostra left running, cleanly if its postmaster lives.

    Returns the number in `postmaster.pid` where that is stale but taken by some other process.
    """
    named = _postmaster_pid(cluster)
    running = processes_in(cluster)
    if named in running:
        os.kill(named, signal.SIGINT)
        running = _wait_gone(cluster, _PATIENCE)
    # Backends without a postmaster have no one to report to; the log recovers what they had committed.
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for pid in running:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        running = running and _wait_gone(cluster, 5.0)
    return _postmaster_pid(cluster)


def _wait_gone(cluster: Path, patience: float) -> list[int]:
    deadline = time.monotonic() + patience
    while (running := processes_in(cluster)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return running


def _postmaster_pid(cluster: Path) -> int | None:
    try:
        return abs(int((cluster / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


def _initialise(home: Home, bindir: Path) -> None:
    """Make the cluster under another name and rename it when it is whole, so that a kill leaves none half made."""
    import shutil

    fresh = home.path / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if home.account is not None:
        os.chown(fresh, home.account.uid, home.account.gid)
    # The builtin locale sorts alike on every Linux, which is what lets a copy be restored anywhere.
    locale = ["--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"]
    _run(home, [bindir / "initdb", "-D", fresh, "-U", ADMIN, "--auth=peer", "--data-checksums", *locale])
    _run(home, [bindir / "postgres", "--single", "-D", fresh, "postgres"], _FIRST_SQL)
    fresh.rename(home.cluster)
    directory = os.open(home.path, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def _run(home: Home, arguments: list[str | Path], text: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        arguments,
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        env=_environment(),
        check=False,
        **home.process_options,
    )
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise PostgresRefused(f"the database could not be made: {done.stderr.strip()[-2000:]}")


def _environment() -> dict[str, str]:
    """Ours would hand PostgreSQL our secrets, and PG* variables that change where it looks."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
