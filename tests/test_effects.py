"""What follows from what happened, and what need not."""

from __future__ import annotations

import asyncpg
import pytest

from tests.world import World

QUEUED = "select entrypoint from pgqueuer order by entrypoint"


async def findable(world: World) -> int:
    """How many posts can be found."""
    async with world.db.read() as conn:
        return await conn.fetchval("select count(*) from status_search")


async def queued(world: World) -> list[str]:
    """The names of the jobs that wait."""
    async with world.db.read() as conn:
        return [row["entrypoint"] for row in await conn.fetch(QUEUED)]


async def test_a_plain_post_makes_no_job_that_would_find_nothing_to_do(world: World) -> None:
    author = await world.person("author")
    await author.post("nobody is named here")
    assert await queued(world) == ["timelines.fan_out"]
    await world.settle()
    assert await findable(world) == 1


async def test_what_cannot_be_indexed_is_copied_out_and_indexed_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await world.person("author")
    await author.post("nobody is named here")
    monkeypatch.setattr("rostra.search.queries.INDEX", "select $1::bigint[], 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await world.settle()
    home = (await author.api.get("/api/v1/timelines/home")).json()
    assert len(home) == 1
    assert await queued(world) == []
    monkeypatch.undo()


async def test_a_boost_is_not_indexed(world: World) -> None:
    author, fan = await world.person("author"), await world.person("fan")
    status = await author.post("nobody is named here")
    await fan.api.post(f"/api/v1/statuses/{status['id']}/reblog")
    await world.settle()
    assert await findable(world) == 1


async def test_a_post_by_somebody_with_a_bell_on_tells_of_it(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follower.api.post(f"/api/v1/accounts/{author.id}/follow", {"notify": True})
    await world.settle()
    await author.post("nobody is named here")
    assert "notifications.published" in await queued(world)
    await world.settle()
    told = (await follower.api.get("/api/v1/notifications")).json()
    assert [notification["type"] for notification in told] == ["status"]
