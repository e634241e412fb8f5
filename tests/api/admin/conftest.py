"""Somebody of each role with a token for everything."""

from __future__ import annotations

import pytest

from tests.world import Person, World

SCOPES = "profile read write follow push admin:read admin:write"


@pytest.fixture
async def owner(world: World) -> Person:
    return await world.person("olga", role="owner", scopes=SCOPES)


@pytest.fixture
async def admin(world: World) -> Person:
    return await world.person("ada", role="admin", scopes=SCOPES)


@pytest.fixture
async def moderator(world: World) -> Person:
    return await world.person("mona", role="moderator", scopes=SCOPES)


@pytest.fixture
async def member(world: World) -> Person:
    """Somebody who has the scopes, and nothing else."""
    return await world.person("max", scopes=SCOPES)
