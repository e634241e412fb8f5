"""Views: what counts as one, that counting asks the database nothing, and what views let expect."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from rostra.kit.db import open_database
from rostra.posts.views import ViewCounter, rerank_cases, sweep_views
from tests.measurement.counted import count_views, counted, saw
from tests.web.browser import Browser
from tests.world import World

EVERYWHERE = [
    "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/bread",
    "/api/v1/accounts/{alice}/statuses", "/api/v1/statuses/{status}", "/api/v2/search?q=loaf&type=statuses",
]  # fmt: skip


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_each_way_of_reading_is_one_view(world: World, path: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    status = await alice.post("A #bread with a loaf")
    # Only what somebody has kept, or whose author agrees, is found.
    await bob.api.post(f"/api/v1/statuses/{status['id']}/bookmark")
    await world.settle()
    count_views(world)
    found = await bob.api.get(path.format(alice=alice.id, status=status["id"]))
    assert status["id"] in found.text
    assert await counted(world) == {int(status["id"]): 1}


async def test_a_thread_is_a_view_of_each_of_its_posts_and_pages_count_like_the_api(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Question")
    reply = await alice.post("Answer", in_reply_to_id=status["id"])
    count_views(world)
    await bob.api.get(f"/api/v1/statuses/{status['id']}")
    await bob.api.get(f"/api/v1/statuses/{status['id']}/context")
    expected = {int(status["id"]): 1, int(reply["id"]): 1}
    assert await counted(world) == expected
    await (await Browser.of(world, bob)).get(f"/@alice/{status['id']}")
    assert await counted(world) == dict.fromkeys(expected, 2)


async def test_visitors_count_and_authors_do_not(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("x")
    count_views(world)
    await alice.api.get(f"/api/v1/statuses/{status['id']}")
    await alice.api.get(f"/api/v1/accounts/{alice.id}/statuses")
    assert await counted(world) == {}
    await world.anyone.get(f"/api/v1/statuses/{status['id']}")
    assert await counted(world) == {int(status["id"]): 1}


async def test_a_boost_is_a_view_of_what_it_boosts(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    status = await alice.post("x")
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    count_views(world)
    await carol.api.get(f"/api/v1/accounts/{bob.id}/statuses")
    await carol.api.get(f"/api/v1/statuses/{boost['id']}")
    assert await counted(world) == {int(status["id"]): 2}
    await alice.api.get(f"/api/v1/accounts/{bob.id}/statuses")
    assert await counted(world) == {int(status["id"]): 2}


async def test_acting_and_what_a_filter_hides_are_no_views(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Spoiler")
    hidden = {
        "title": "f", "context": ["public"], "filter_action": "hide", "keywords_attributes": [{"keyword": "spoiler"}],
    }  # fmt: skip
    await bob.api.post("/api/v2/filters", hidden)
    count_views(world)
    assert (await bob.api.get("/api/v1/timelines/public")).json() == []
    await bob.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    assert await counted(world) == {}


async def test_counting_asks_the_database_nothing_until_it_is_shared(world: World) -> None:
    alice = await world.person("alice")
    for number in range(5):
        await alice.post(f"n {number}")
    views = count_views(world)
    await world.anyone.get("/api/v1/timelines/public")
    statements = await world.statements(lambda: world.anyone.get("/api/v1/timelines/public"))
    assert not [text for text in statements if "status_views" in text]
    statements = await world.statements(lambda: views.flush(world.db))
    assert len(statements) == 1
    await views.flush(world.db)
    assert set((await counted(world)).values()) == {2}


async def test_what_could_not_be_written_is_counted_with_what_comes_next(world: World) -> None:
    views = ViewCounter(world.clock)
    views.count([7, 7, 8])

    class Broken:
        def autocommit(self) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await views.flush(Broken())  # type: ignore[arg-type] # a database that is away
    views.count([7])
    await views.flush(world.db)
    rows = await world.db.connection.fetch("select status_id, views from status_views order by 1")
    assert [tuple(row) for row in rows] == [(7, 3), (8, 1)]


async def test_processes_that_count_the_same_posts_add_up(fresh_dsn: str, world: World) -> None:
    async with open_database(fresh_dsn, max_size=4) as db:
        counters = [ViewCounter(world.clock) for _ in range(4)]
        for number, counter in enumerate(counters):
            ids = list(range(1, 2001))
            counter.count(ids if number % 2 else reversed(ids))
        await asyncio.gather(*(counter.flush(db) for counter in counters))
        async with db.read() as conn:
            assert await conn.fetchval("select array_agg(distinct views) from status_views") == [4]
            assert await conn.fetchval("select count(*) from status_views") == 2000


async def test_views_are_forgotten_after_ninety_days(world: World) -> None:
    day = world.clock.now().date()
    await saw(world, 1, 5, day - timedelta(days=91))
    await saw(world, 1, 5, day - timedelta(days=90))
    await sweep_views(world.db, world.clock)
    rows = await world.db.connection.fetch("select day from status_views")
    assert [row["day"] for row in rows] == [day - timedelta(days=90)]


async def test_what_was_seen_outweighs_the_prior(world: World) -> None:
    """With many views the estimate is what a constant share of the age curve says: no prior is left in it."""
    conn = world.db.connection
    seen = await conn.fetchval("select views_expected(100000, 0, 2, 10)")
    likely = await conn.fetchval("select 100000 * (views_by_age(26) - views_by_age(2)) / views_by_age(2)")
    assert seen == pytest.approx(likely, rel=0.01)
    before = await conn.fetchval("select views_expected(0, 0, 0, 1000)")
    assert before == pytest.approx(await conn.fetchval("select 105 * views_by_age(24)"), rel=0.01)


NEW_ACCOUNT = """
insert into accounts (id, username, uri, url, created_at, updated_at) values (1, 'a', 'a', 'a', $1, $1)
"""
INSERT_CASE = """
insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity, opened_at, due_at, rank)
values ($1, $2, $3, $4, '', 'words', '', 3, $5, $6, case_rank(0.5, 3, 0, $5, $6, $5))
"""


async def _case(world: World, number: int, kind: str, subject: int, account: int, due: timedelta | None = None) -> None:
    at = world.clock.now()
    await world.db.connection.execute(INSERT_CASE, number, kind, subject, account, at, at + due if due else None)


async def _ranks(world: World) -> dict[int, float]:
    return {row["id"]: row["rank"] for row in await world.db.connection.fetch("select id, rank from cases")}


async def test_more_views_more_followers_and_youth_let_expect_more(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    quiet, seen = [int((await alice.post(text))["id"]) for text in ("a", "b")]
    await world.db.connection.execute(
        "update account_stats set followers_count = 5000 where account_id = $1", bob.account_id
    )
    famous = int((await bob.post("c"))["id"])
    for number, (subject, account) in enumerate(((quiet, alice), (seen, alice), (famous, bob)), 1):
        await _case(world, number, "status", subject, account.account_id)
    await saw(world, seen, 200)
    now = await _expected(world, timedelta(hours=1))
    assert now[1] < now[2]
    assert now[1] < now[3]
    later = await _expected(world, timedelta(days=5))
    assert all(later[number] < now[number] for number in now)


async def _expected(world: World, after: timedelta) -> dict[int, float]:
    """The views that cases are ranked by so long after."""
    conn = world.db.connection
    # Only what has moved is written.
    await conn.execute("update cases set rank = 0")
    assert await rerank_cases(conn, world.clock.now() + after) == 3
    return {row["id"]: row["views"] for row in await conn.fetch("select id, views from cases")}


async def test_open_cases_are_put_into_the_order_of_what_is_still_to_be_seen(world: World) -> None:
    alice = await world.person("alice")
    quiet, loud = [int((await alice.post(text))["id"]) for text in ("a", "b")]
    for number, (kind, subject) in enumerate((("status", quiet), ("status", loud), ("account", alice.account_id)), 1):
        await _case(world, number, kind, subject, alice.account_id)
    before = await _ranks(world)
    await saw(world, loud, 5000)
    statements = await world.statements(lambda: rerank_cases(world.db.connection, world.clock.now()))
    assert len(statements) == 1
    after = await _ranks(world)
    assert before[1] == before[2]
    assert after[2] > after[3] > after[1] > before[1]
    assert await rerank_cases(world.db.connection, world.clock.now()) == 0


async def test_what_is_due_soon_rises_every_minute(world: World) -> None:
    alice = await world.person("alice")
    subjects = [int((await alice.post(text))["id"]) for text in ("a", "b")]
    await _case(world, 1, "status", subjects[0], alice.account_id)
    await _case(world, 2, "status", subjects[1], alice.account_id, timedelta(hours=20))
    await rerank_cases(world.db.connection, world.clock.now())
    before = await _ranks(world)
    assert await rerank_cases(world.db.connection, world.clock.now() + timedelta(hours=18), only_due=True) == 1
    after = await _ranks(world)
    assert after[1] == before[1]
    assert after[2] > before[2] + 2


async def test_a_case_that_somebody_is_at_is_left_alone(fresh_dsn: str, world: World) -> None:
    at = world.clock.now()
    later = at + timedelta(hours=4)
    async with open_database(fresh_dsn, max_size=2) as db:
        async with db.transaction() as tx:
            await tx.execute(NEW_ACCOUNT, at)
            await tx.execute(INSERT_CASE, 1, "account", 1, 1, at, at + timedelta(hours=5))
        async with db.transaction() as busy, db.transaction() as tx:
            await busy.fetchval("select id from cases for update")
            assert await rerank_cases(tx, later) == 0
        async with db.transaction() as tx:
            assert await rerank_cases(tx, later) == 1
