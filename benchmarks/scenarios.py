"""What is measured: each scenario makes the n-th request of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import asyncpg
import msgspec

from benchmarks.load import Request
from benchmarks.seed import PEOPLE, account_id, token_of

Build = Callable[[int], Request]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What scenarios point at: ids of recent statuses."""

    recent: list[int]


async def find_world(dsn: str) -> World:
    conn = await asyncpg.connect(dsn)
    try:
        rows = await conn.fetch("select id from statuses order by id desc limit 1000")
    finally:
        await conn.close()
    return World(recent=[row["id"] for row in rows])


def _token(number: int) -> str:
    return token_of(number % PEOPLE)


class Scenario(msgspec.Struct, frozen=True):
    name: str
    build: Callable[[World], Build]
    # Whether workers have something to do afterwards, which belongs to the cost.
    has_effects: bool = False


def _get(path: Callable[[World, int], str], *, signed_in: bool = True) -> Callable[[World], Build]:
    return lambda world: lambda n: Request("GET", path(world, n), _token(n) if signed_in else None)


def _recent(world: World, number: int) -> int:
    return world.recent[number % len(world.recent)]


def _post(_world: World) -> Build:
    return lambda n: Request(
        "POST", "/api/v1/statuses", _token(n), msgspec.json.encode({"status": f"post number {n} of the bench"})
    )


def _favourite(world: World) -> Build:
    return lambda n: Request(
        "POST", f"/api/v1/statuses/{_recent(world, n // PEOPLE)}/favourite", _token(n)
    )


def floor(size: int) -> Build:
    """The floor for a body of `size` bytes."""
    return lambda _: Request("GET", f"/floor?size={size}")


_ALL: Final = (
    Scenario("home", _get(lambda _w, _n: "/api/v1/timelines/home")),
    Scenario("public", _get(lambda _w, _n: "/api/v1/timelines/public")),
    Scenario("status", _get(lambda w, n: f"/api/v1/statuses/{_recent(w, n)}")),
    Scenario("context", _get(lambda w, n: f"/api/v1/statuses/{_recent(w, n)}/context")),
    Scenario("account_statuses", _get(lambda _w, n: f"/api/v1/accounts/{account_id(n % PEOPLE)}/statuses")),
    Scenario("notifications", _get(lambda _w, _n: "/api/v1/notifications?limit=20")),
    Scenario("search", _get(lambda _w, n: f"/api/v2/search?q=n{n % 5000}&type=statuses")),
    Scenario("post", _post, has_effects=True),
    Scenario("favourite", _favourite, has_effects=True),
    Scenario("page", _get(lambda _w, n: f"/@bench{n % PEOPLE + 1}", signed_in=False)),
)
SCENARIOS: Final = {scenario.name: scenario for scenario in _ALL}
