"""The benchmarks' population must keep fitting the schema and the renderers, or they would measure something else."""

from __future__ import annotations

import msgspec

from benchmarks.scenarios import SCENARIOS, find_world
from benchmarks.seed import HOME_LENGTH, account_id, seed
from rostra.filters.match import NO_FILTERS
from rostra.kit.clock import Clock
from rostra.kit.db import open_database
from rostra.kit.paging import PageForm
from rostra.posts.hydrate import StatusReader
from rostra.posts.render import refresh_statuses
from rostra.text.urls import Urls
from rostra.timelines.home import home

URLS = Urls(base="http://localhost:3000", media="http://localhost:3000/media", domain="localhost:3000")
STORED = "select id, rendered from statuses"


def _decoded(stored: str) -> object:
    return msgspec.json.decode(f"{{{stored}}}")


async def test_the_population_fits_the_schema_and_the_renderers(fresh_dsn: str) -> None:
    await seed(fresh_dsn, URLS, 1000)
    async with open_database(fresh_dsn) as db:
        async with db.transaction() as tx:
            seeded = {row["id"]: _decoded(row["rendered"]) for row in await tx.fetch(STORED)}
            assert len(seeded) == 1000
            await tx.execute("update statuses set rendered = '', rendered_for = 0")
            await refresh_statuses(tx, list(seeded), URLS)
            fresh = {row["id"]: _decoded(row["rendered"]) for row in await tx.fetch(STORED)}
            assert fresh == seeded
            length = await tx.fetchval("select count(*) from home_entries where account_id = $1", account_id(7))
            assert length <= HOME_LENGTH
        reader = StatusReader(db, URLS, account_id(7), Clock().now(), NO_FILTERS)
        page = await home(reader, PageForm().window())
        shown = [msgspec.json.decode(status) for status in page.items]
        assert len(shown) == 20
        assert any(status["reblog"] for status in shown)
        assert any(status["media_attachments"] for status in shown)
        assert any(status["favourites_count"] for status in shown)


async def test_every_scenario_makes_requests_that_differ_in_time(fresh_dsn: str) -> None:
    await seed(fresh_dsn, URLS, 400)
    world = await find_world(fresh_dsn)
    for scenario in SCENARIOS.values():
        build = scenario.build(world)
        assert build(0).encode() != build(1).encode() or build(0).encode() != build(201).encode()
