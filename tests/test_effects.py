"""What follows from what happened, and what need not."""

from __future__ import annotations

from tests.world import World

QUEUED = "select entrypoint from pgqueuer order by entrypoint"


async def queued(world: World) -> list[str]:
    """The names of the jobs that wait."""
    async with world.db.read() as conn:
        return [row["entrypoint"] for row in await conn.fetch(QUEUED)]


async def test_a_plain_post_makes_no_job_that_would_find_nothing_to_do(world: World) -> None:
    author = await world.person("author")
    await author.post("nobody is named here")
    assert await queued(world) == ["search.index", "timelines.fan_out"]


async def test_a_post_by_somebody_with_a_bell_on_tells_of_it(world: World) -> None:
    author, follower = await world.person("author"), await world.person("follower")
    await follower.api.post(f"/api/v1/accounts/{author.id}/follow", {"notify": True})
    await world.settle()
    await author.post("nobody is named here")
    assert "notifications.published" in await queued(world)
    await world.settle()
    told = (await follower.api.get("/api/v1/notifications")).json()
    assert [notification["type"] for notification in told] == ["status"]
