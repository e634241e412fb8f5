"""A small server for the tests of copies: a data directory of its own with a real, migrated, embedded PostgreSQL.

`cluster_template` is made once in a run; each `Origin` begins as a copy of it, which takes a tenth of a second. What it
holds stands for a server's: one account with a password, posts, files in the store, secrets beside the database.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from rostra.continuity.keys import RecoveryKey
from rostra.continuity.place import Place
from rostra.continuity.setup import set_up
from rostra.continuity.targets import open_target
from rostra.kit.clock import Clock
from rostra.kit.db import open_database
from rostra.kit.jobs import install
from rostra.kit.lock import SERVING, DirectoryLock
from rostra.kit.migrate import migrate
from rostra.kit.objectstore import open_store
from rostra.kit.postgres import EmbeddedPostgres
from rostra.kit.postgres_adopt import adopt_cluster
from rostra.kit.secretfile import load_secrets
from rostra.kit.settings import Settings, load_settings
from rostra.kit.stored_objects import ObjectRegister
from tests.conftest import MIGRATIONS, SCRATCH

DOMAIN = "origin.test"
PASSWORD_HASH = "$argon2id$v=19$m=64,t=1,p=1$a-salt-that-nobody-may-read"

_ACCOUNT = """
with person as (
  insert into accounts (id, username, uri, url, created_at, updated_at)
  values (1, 'ada', 'https://origin.test/users/ada', 'https://origin.test/@ada', $1, $1) returning id
), signed_up as (
  insert into users (account_id, email, email_key, password_hash, role, confirmed_at, approved_at, created_at)
  select id, 'ada@origin.test', 'ada@origin.test', $2, 'owner', $1, $1, $1 from person
)
insert into conversations (id, created_at) values (1, $1)
"""

_POST = """
insert into statuses (id, account_id, uri, url, text, visibility, conversation_id, created_at)
values ($1::bigint, 1, 'https://origin.test/p/' || $1::bigint, 'https://origin.test/@ada/' || $1::bigint, $2, 'public',
  1, $3)
"""


def new_home() -> Path:
    """A directory that every account may pass through, unlike pytest's own; in memory where that can be had."""
    home = Path(tempfile.mkdtemp(prefix="rostra-test-", dir=SCRATCH))
    home.chmod(0o711)
    return home


@contextmanager
def some_home() -> Iterator[Path]:
    """`new_home`, for a while."""
    home = new_home()
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
async def cluster_template() -> AsyncIterator[Path]:
    """A migrated cluster whose server has ended, to be copied."""
    with some_home() as home:
        server = EmbeddedPostgres(home / "data", durable=False)
        server.launch()
        try:
            await server.wait_ready()
            await migrate(server.dsn, MIGRATIONS, after=install)
            connection = await asyncpg.connect(server.dsn)
            await connection.execute(_ACCOUNT, datetime.now(UTC), PASSWORD_HASH)
            await connection.close()
            await _drop_templates(server.admin_dsn)
        finally:
            server.stop()
        yield home / "data" / "postgres"


async def _drop_templates(admin_dsn: str) -> None:
    """Half of the files of a small cluster are what databases are made from, and none is made here."""
    admin = await asyncpg.connect(admin_dsn)
    await admin.execute("update pg_database set datistemplate = false")
    for name in ("template0", "template1"):
        await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Where a module keeps its data directories and directory targets."""
    with some_home() as made:
        yield made


class Origin:
    """A server of the tests, from `start` to `stop`; it may be started again."""

    def __init__(self, data_dir: Path, template: Path, **more: object) -> None:
        self.data_dir = data_dir
        given = {"data_dir": data_dir, "domain": DOMAIN, "continuity_interval": 0.2, **more}
        self.settings: Settings = load_settings({}, given)
        self.server = EmbeddedPostgres(data_dir, durable=False)
        self.place = Place(data_dir)
        self.key = RecoveryKey.generate()
        self._last_post = 0
        data_dir.mkdir(mode=0o700, exist_ok=True)
        self._lock = DirectoryLock(data_dir)
        if not (data_dir / "postgres").exists():
            # Not by `shutil`, which takes ten times as long for so many small files.
            subprocess.run(["cp", "-a", template, data_dir.parent / f"{data_dir.name}.new"], check=True)
            adopt_cluster(data_dir, None, data_dir.parent / f"{data_dir.name}.new", durable=False)
            load_secrets(self.settings)

    async def start(self) -> None:
        # As `rostra up`: commands that are run on the directory use this database then.
        assert self._lock.acquire(SERVING) or self._lock.find_holder() is not None
        self.server.launch()
        await self.server.wait_ready()

    def stop(self) -> None:
        self.server.stop()
        self._lock.release()

    async def register(self, targets: Sequence[str]) -> None:
        """What `rostra continuity init` does: `key` opens the copies from now on."""
        given = {name: getattr(self.settings, name) for name in self.settings.__struct_fields__}
        self.settings = Settings(**(given | {"continuity_targets": tuple(targets)}))
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(open_target(each)) for each in targets]
            await set_up(self.place, opened, [self.key], DOMAIN, datetime.now(UTC))

    async def execute(self, statement: str, *args: object) -> str:
        connection = await asyncpg.connect(self.server.dsn)
        try:
            return await connection.execute(statement, *args)
        finally:
            await connection.close()

    async def fetchval(self, query: str, *args: object) -> Any:
        connection = await asyncpg.connect(self.server.dsn)
        try:
            return await connection.fetchval(query, *args)
        finally:
            await connection.close()

    async def write_post(self, text: str) -> int:
        """A post whose commit was acknowledged; its id."""
        now = datetime.now(UTC)
        self._last_post = max(int(now.timestamp() * 1000) << 16, self._last_post + 1)
        await self.execute(_POST, self._last_post, text, now)
        return self._last_post

    async def store_file(self, key: str, body: bytes) -> None:
        """A file in the store of media, registered as the server does."""
        async with open_database(self.server.dsn, max_size=2) as db:
            await self._store(db).put(key, body, "application/octet-stream")

    async def remove_file(self, key: str) -> None:
        async with open_database(self.server.dsn, max_size=2) as db:
            await self._store(db).delete([key])

    def _store(self, db: Any) -> Any:
        return open_store(self.data_dir / "media", ObjectRegister(db, Clock()))


@asynccontextmanager
async def running_origin(data_dir: Path, template: Path, **more: object) -> AsyncIterator[Origin]:
    """An `Origin` that runs; `more` are settings."""
    origin = Origin(data_dir, template, **more)
    await origin.start()
    try:
        yield origin
    finally:
        origin.stop()
