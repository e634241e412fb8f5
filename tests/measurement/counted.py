"""The world with its views counted."""

from __future__ import annotations

from datetime import date

import httpx
import msgspec

from rostra.asgi import Application
from rostra.posts.views import ViewCounter
from tests.world import World

VIEWS = "select status_id, day, views from status_views order by status_id, day"


def count_views(world: World) -> ViewCounter:
    """Have the application count views; they are in the database after `flush(world.db)`."""
    views = ViewCounter(world.clock)
    world.res = msgspec.structs.replace(world.res, views=views)
    world.app = Application(world.res.settings, resources=world.res)
    world.http = httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url=world.http.base_url, follow_redirects=False
    )
    return views


async def counted(world: World) -> dict[int, int]:
    """All views by status, of all days."""
    assert world.res.views is not None
    await world.res.views.flush(world.db)
    found: dict[int, int] = {}
    for row in await world.db.connection.fetch(VIEWS):
        found[row["status_id"]] = found.get(row["status_id"], 0) + row["views"]
    return found


async def saw(world: World, status_id: int, views: int, day: date | None = None) -> None:
    """Write views that nobody had."""
    await world.db.connection.execute(
        "insert into status_views (status_id, day, views) values ($1, $2, $3)"
        " on conflict (status_id, day) do update set views = status_views.views + excluded.views",
        status_id, day or world.clock.now().date(), views,
    )  # fmt: skip
