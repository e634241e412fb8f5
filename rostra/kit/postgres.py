"""The embedded PostgreSQL: starts and stops its server, and finds a server that already runs.

`EmbeddedPostgres` owns the server process and keeps no time limit on crash recovery. Where the cluster lives and as
whom it runs is settled in `postgres_home.py`, what it is made of in `postgres_setup.py`, and what an earlier, killed
Rostra left running is ended by `postgres_leftovers.py`. asyncpg is imported late, so that a supervisor which never asks
the database anything stays small.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from rostra.kit.child import bound_to_parent
from rostra.kit.lock import BRIEFLY, SERVING, DirectoryLock
from rostra.kit.postgres_home import Home, PostgresRefused, find_socket_directory, settle
from rostra.kit.postgres_leftovers import end_leftovers, processes_in
from rostra.kit.postgres_programs import find_bindir, runnable_bindir
from rostra.kit.postgres_setup import ADMIN, ENVIRONMENT, ROLE, configure, initialise
from rostra.kit.settings import Settings

__all__ = [
    "EmbeddedPostgres",
    "PostgresRefused",
    "conninfo_of",
    "dsn_of",
    "find_bindir",
    "processes_in",
    "use_database",
    "wait_ready",
]

_LOG_LIMIT: Final = 10 * 1024 * 1024
# How long a checkpoint may hold up the end of a server that nobody hurries, in seconds.
_PATIENCE: Final = 60.0
_NOTHING_MORE: Final[Mapping[str, str]] = MappingProxyType({})
# Summaries of the log are for incremental copies; a database that writes a lot spends some 5 % of its CPU on them.
_NOT_COPIED: Final[Mapping[str, str]] = {"summarize_wal": "off"}


class EmbeddedPostgres:
    """Owns the PostgreSQL server of one data directory from `launch` to `stop`.

    The caller holds the directory's lock. `durable` False is for throw-away clusters of tests and drills only. `more`
    are further PostgreSQL settings by name, as a recovery or a standby needs them; local.conf wins over them.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        bindir: Path | None = None,
        user: str | None = None,
        shared_buffers: str = "64MB",
        durable: bool = True,
        more: Mapping[str, str] = _NOTHING_MORE,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self._bindir = bindir
        self._user = user
        self._shared_buffers = shared_buffers
        self._durable = durable
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def from_settings(cls, settings: Settings, more: Mapping[str, str] = _NOTHING_MORE) -> EmbeddedPostgres:
        """The server that `settings` describe, with `more` PostgreSQL settings."""
        return cls(
            settings.data_dir,
            bindir=settings.pg_bindir,
            user=settings.pg_user,
            shared_buffers=settings.pg_shared_buffers,
            more={**({} if settings.continuity_targets else _NOT_COPIED), **more},
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
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            home = settle(self.data_dir, self._user)
            grandparent = end_leftovers(home.cluster)
            bindir = runnable_bindir(find_bindir(self._bindir), home)
            if not home.cluster.exists():
                initialise(home, bindir)
                if home.path != self.data_dir:
                    # Not where one looks for it, so it is said once.
                    print(f"the database is in {home.path}, where its user may go", file=sys.stderr, flush=True)
            configure(home, shared_buffers=self._shared_buffers, durable=self._durable, more=self._more)
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
                env=ENVIRONMENT | pid,
                # A session of its own: Ctrl-C in the terminal must not stop the database before its users.
                start_new_session=True,
                preexec_fn=bound_to_parent(signal.SIGINT),  # noqa: PLW1509 - the caller has one thread
                **home.process_options,
            )
        finally:
            os.close(log)


def dsn_of(data_dir: Path, *, role: str = ROLE, database: str = ROLE) -> str:
    """The DSN of the server of `data_dir`. Raises PostgresRefused where none has run there yet."""
    return f"postgresql://{role}@/{database}?host={quote(str(_socket_directory(data_dir)))}"


def conninfo_of(data_dir: Path, *, role: str = ADMIN) -> str:
    """The same for PostgreSQL's own programs (their option -d): "host=… user=…". Raises PostgresRefused."""
    run = str(_socket_directory(data_dir)).replace("\\", "\\\\").replace("'", "\\'")
    return f"host='{run}' user={role}"


def _socket_directory(data_dir: Path) -> Path:
    run = find_socket_directory(data_dir.resolve())
    if run is None:
        raise PostgresRefused(f"no database has been started in {data_dir} yet; run `rostra up --data {data_dir}`")
    return run


async def wait_ready(find_dsn: Callable[[], str], is_alive: Callable[[], bool]) -> bool:
    """Wait until the server answers a query: True then, False as soon as `is_alive` says that it has gone.

    Without a time limit, because the replay of a long log may take minutes and ends by itself.
    """
    import asyncio

    import asyncpg

    started, told, pause = time.monotonic(), False, 0.02
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
            await asyncio.sleep(pause)
            # PostgreSQL logs each attempt that comes too early.
            pause = min(pause * 1.2, 0.25)
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
