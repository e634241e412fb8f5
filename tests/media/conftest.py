"""A store in a directory of the test, worker threads, and an account to upload for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from rostra.kit.db import Database
from rostra.kit.objectstore import ObjectStore, open_store
from rostra.media.workers import ImageWorkers

MakeAccount = Callable[[str], Awaitable[int]]

_ACCOUNT = """
insert into accounts (id, username, uri, url, created_at, updated_at)
values (make_id(now()), $1, 'https://here.test/users/' || $1, 'https://here.test/@' || $1, now(), now()) returning id
"""


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(tmp_path / "media")


@pytest.fixture
async def images() -> AsyncIterator[ImageWorkers]:
    async with ImageWorkers() as workers:
        yield workers


@pytest.fixture
def make_account(db: Database) -> MakeAccount:
    async def make(username: str) -> int:
        async with db.transaction() as tx:
            return int(await tx.fetchval(_ACCOUNT, username))

    return make
