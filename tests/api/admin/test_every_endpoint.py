"""Every endpoint of the admin API, used by the owner, with whatever fits its description and with what does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from schemathesis import GenerationMode

from rostra.kit.clock import FixedClock
from tests.api.admin.conftest import SCOPES
from tests.api.admin.town import FIRST, settle_down
from tests.api.test_every_endpoint_answers import OPERATIONS, make_up, send
from tests.conftest import NOON, rolled_back
from tests.world import Person, World

LABELS = [label for label in OPERATIONS if "/admin/" in label]


class Town:
    """The owner, in a world with a few of everything."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person

    def path(self, template: str, given: dict[str, Any]) -> dict[str, Any]:
        """Nearly everything has this id."""
        return dict.fromkeys(given, str(self.status_id if "/statuses/" in template else FIRST))

    status_id: int


@pytest.fixture(scope="module")
async def town(shared_connection: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with rolled_back(shared_connection) as db:
        world = World(db, FixedClock(NOON), tmp_path_factory.mktemp("town"))
        async with world.http_client, world.images:
            await settle_down(world, 1, 3)
            made = Town(world, await world.person("olga", role="owner", scopes=SCOPES))
            made.status_id = await shared_connection.fetchval("select min(id) from statuses")
            yield made
            await world.aclose()


@pytest.mark.parametrize("label", LABELS)
async def test_it_answers_as_described_and_refuses_what_does_not_fit(town: Town, label: str) -> None:
    honest = make_up(label, GenerationMode.POSITIVE)
    assert honest
    savepoint = town.world.db.connection.transaction()
    await savepoint.start()
    for case, _, real in (*honest, *make_up(label, GenerationMode.NEGATIVE)):
        await send(town, case, signed_in=True, real=real)
    await savepoint.rollback()
