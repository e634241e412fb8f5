"""A server that shipped, was killed and is gone: what is left of it is a directory as a target, and the key."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from rostra.continuity.census import count_tables
from rostra.continuity.keys import RecoveryKey, SigningKey
from rostra.continuity.records import TableCensus
from rostra.continuity.restore.records import Listeners, Options, Report
from rostra.continuity.restore.run import restore
from rostra.continuity.ship.run import ship_once
from rostra.kit.postgres import processes_in
from tests.continuity.serving import serving, sign_in
from tests.continuity.world import Origin, running_origin, some_home

FILES = {"avatars/1.png": b"a picture" * 1000, "media/2.jpg": os.urandom(5000)}
CACHED = "cache/3.jpg"


class Lost(msgspec.Struct):
    """What is known of it. At `moment` the post `deleted` was there, which was deleted by mistake after it."""

    home: Path
    target: Path
    key: RecoveryKey
    signing_key: SigningKey
    site: str
    moment: datetime
    deleted: str
    last: str
    tables: dict[str, TableCensus]
    secrets: bytes
    jobs: int

    def copy_of_target(self, name: str) -> Path:
        """The target, for a test to do with as it likes."""
        copy = self.home / f"target-{name}"
        shutil.copytree(self.target, copy)
        return copy

    def options(self, name: str, target: Path | None = None, **more: object) -> Options:
        """What brings it back into a directory of its own."""
        given = {"target": str(target or self.target), "key": self.key, "data_dir": self.home / name, "durable": False}
        return Options(**(given | more))  # pyright: ignore[reportArgumentType]

    async def restore(self, name: str, target: Path | None = None, **more: object) -> Report:
        return await restore(self.options(name, target, **more), Listeners())


@pytest.fixture(scope="session")
async def lost(cluster_template: Path) -> AsyncIterator[Lost]:
    with some_home() as home:
        async with running_origin(home / "origin", cluster_template) as origin:
            yield await _lose(origin, home)


async def _lose(origin: Origin, home: Path) -> Lost:
    await origin.register([str(home / "target")])
    await sign_in(origin.server.dsn)
    for key, body in FILES.items():
        await origin.store_file(key, body)
    await origin.store_file(CACHED, b"another server's")
    async with serving(origin.settings, origin.server.dsn) as client:
        deleted = (await client.post("/api/v1/statuses", json={"status": "the first"})).json()["id"]
        await ship_once(origin.settings, origin.server.dsn)
        moment = datetime.now(UTC)
        await origin.execute("delete from statuses where id = $1", int(deleted))
        await ship_once(origin.settings, origin.server.dsn)
        last = (await client.post("/api/v1/statuses", json={"status": "the last"})).json()["id"]
    jobs = await origin.fetchval("select count(*) from pgqueuer")
    for number in range(3):
        await ship_once(origin.settings, origin.server.dsn)
        await origin.store_file(f"cache/{number}", b"something that is written")
    await ship_once(origin.settings, origin.server.dsn)
    tables = await count_tables(origin.server.dsn)
    identity = origin.place.find_identity()
    assert identity is not None
    secrets = (origin.data_dir / "secrets.json").read_bytes()
    for pid in processes_in(origin.data_dir / "postgres"):
        # One that served a connection may end by itself meanwhile.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    origin.stop()
    shutil.rmtree(origin.data_dir)
    # Where its settings say that it ships to there is nothing any more.
    (home / "target").rename(home / "vault")
    return Lost(
        home,
        home / "vault",
        origin.key,
        identity.signing_key,
        identity.site.id,
        moment,
        deleted,
        last,
        tables,
        secrets,
        jobs,
    )
