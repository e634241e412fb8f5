"""Somebody with a password, and a browser to sign in with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.browsing import PASSWORD, browser_of
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
