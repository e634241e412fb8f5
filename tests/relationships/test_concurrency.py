"""Relationships and filters under many hands at once, with real commits."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable

import pytest

from rostra.accounts.create import create_account
from rostra.accounts.records import NewAccount
from rostra.effects import emit
from rostra.filters.edit import FilterDraft, create_filter, delete_filter
from rostra.kit.clock import FixedClock
from rostra.kit.db import PooledDatabase, open_database
from rostra.kit.errors import Forbidden, NotFound
from rostra.relationships.block import block, unblock
from rostra.relationships.follow import accept_request, follow, remove_follower, unfollow
from rostra.text.urls import Urls

HANDS = 20
URLS = Urls(base="http://localhost:3000", media="http://localhost:3000/media", domain="localhost:3000")


@pytest.fixture
async def pool(fresh_dsn: str) -> AsyncIterator[PooledDatabase]:
    async with open_database(fresh_dsn, max_size=HANDS) as db:
        yield db


async def people(db: PooledDatabase, clock: FixedClock, count: int) -> list[int]:
    ids: list[int] = []
    for number in range(count):
        new = NewAccount(
            username=f"p{number}", email=f"p{number}@example.com", password_hash="x", confirmed=True, approved=True
        )
        async with db.transaction() as tx:
            ids.append(await create_account(tx, URLS, new, clock.now()))
    return ids


async def rows(db: PooledDatabase, statement: str, *args: object) -> list[tuple[object, ...]]:
    async with db.read() as conn:
        return [tuple(row) for row in await conn.fetch(statement, *args)]  # pyright: ignore[reportArgumentType]


async def assert_counts_are_rows(db: PooledDatabase) -> None:
    wrong = await rows(
        db,
        "select st.* from account_stats st where"
        " st.following_count <> (select count(*) from follows f where f.account_id = st.account_id)"
        " or st.followers_count <> (select count(*) from follows f where f.target_id = st.account_id)",
    )
    assert wrong == []


async def quietly(act: Awaitable[None]) -> None:
    """What is refused is refused; anything else, a deadlock above all, is a fault."""
    with contextlib.suppress(Forbidden, NotFound):
        await act


async def test_twenty_hands_follow_and_unfollow_and_the_counts_are_the_rows(
    pool: PooledDatabase, clock: FixedClock
) -> None:
    one, other = await people(pool, clock, 2)
    await asyncio.gather(
        *(
            follow(pool, clock, emit, one, other) if number % 2 else unfollow(pool, emit, one, other)
            for number in range(HANDS)
        )
    )
    await assert_counts_are_rows(pool)
    await follow(pool, clock, emit, one, other)
    assert await rows(pool, "select followers_count from account_stats where account_id = $1", other) == [(1,)]


async def test_whatever_people_do_to_each_other_at_once_the_counts_are_the_rows(
    pool: PooledDatabase, clock: FixedClock
) -> None:
    ids = await people(pool, clock, 5)
    async with pool.transaction() as tx:
        await tx.execute("update accounts set locked = true where id = $1", ids[0])
    chance = random.Random(7)
    pairs = list(itertools.permutations(ids, 2))

    def act(one: int, other: int) -> Awaitable[None]:
        return chance.choice(
            [
                lambda: follow(pool, clock, emit, one, other),
                lambda: follow(pool, clock, emit, one, other),
                lambda: unfollow(pool, emit, one, other),
                lambda: remove_follower(pool, emit, one, other),
                lambda: block(pool, clock, emit, one, other),
                lambda: unblock(pool, one, other),
                lambda: accept_request(pool, clock, emit, ids[0], other),
            ]
        )()

    for _ in range(12):
        await asyncio.gather(*(quietly(act(*chance.choice(pairs))) for _ in range(HANDS)))
        await assert_counts_are_rows(pool)
    across = (
        "select 1 from follows f join blocks b"
        " on (b.account_id, b.target_id) in ((f.account_id, f.target_id), (f.target_id, f.account_id))"
    )
    assert await rows(pool, across) == []
    both = "select 1 from follows f join follow_requests r using (account_id, target_id)"
    assert await rows(pool, both) == []


async def test_a_follow_never_slips_past_a_block(pool: PooledDatabase, clock: FixedClock) -> None:
    one, other = await people(pool, clock, 2)
    for _ in range(15):
        await asyncio.gather(
            *(quietly(follow(pool, clock, emit, one, other)) for _ in range(3)), block(pool, clock, emit, other, one)
        )
        assert await rows(pool, "select 1 from follows") == []
        await assert_counts_are_rows(pool)
        await unblock(pool, other, one)


async def test_a_person_with_filters_always_has_a_revision(pool: PooledDatabase, clock: FixedClock) -> None:
    [owner] = await people(pool, clock, 1)
    draft = FilterDraft(title="x", context=["home"])
    for _ in range(20):
        made = await create_filter(pool, clock, emit, owner, draft)
        fresh, _ = await asyncio.gather(
            create_filter(pool, clock, emit, owner, draft), delete_filter(pool, clock, emit, owner, made.id)
        )
        [(revision,)] = await rows(pool, "select filters_revision from users")
        assert revision != 0
        await delete_filter(pool, clock, emit, owner, fresh.id)
        assert await rows(pool, "select filters_revision from users") == [(0,)]
