"""Somebody with a password, a browser to sign in with, and a world with one of everything."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from rostra.kit.clock import FixedClock
from tests.api.browsing import PASSWORD, browser_of
from tests.api.stage import Populated, populate
from tests.conftest import NOON, rolled_back
from tests.world import Person, World


@pytest.fixture
async def ana(world: World) -> Person:
    """Somebody who can sign in with PASSWORD."""
    ana = await world.person("ana")
    kept = await world.res.passwords.hash(PASSWORD)
    await world.db.connection.execute("update users set password_hash = $2 where account_id = $1", ana.account_id, kept)
    return ana


@pytest.fixture
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(world) as browser:
        yield browser


@pytest.fixture(scope="module")
async def stage(
    shared_connection: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Populated]:
    """The populated world, made once and never committed."""
    async with rolled_back(shared_connection) as db:
        world = World(db, FixedClock(NOON), tmp_path_factory.mktemp("stage"))
        async with world.http_client, world.images:
            yield await populate(world)
            await world.aclose()


@pytest.fixture
async def populated(stage: Populated) -> AsyncIterator[Populated]:
    """The populated world; what happens in it is taken back after the test."""
    stage.world.db.statements.clear()
    savepoint = stage.world.db.connection.transaction()
    await savepoint.start()
    yield stage
    await savepoint.rollback()
