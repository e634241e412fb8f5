"""Lending connections: bounded, reused, and never one that was cut off in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
import pytest

from rostra.kit.db import PooledDatabase, Reader, connect, open_database
from rostra.kit.errors import NotFound, Unavailable
from rostra.kit.pool import ConnectionPool
from rostra.kit.servers import NoServer

BACKEND = "select pg_backend_pid()"


@pytest.fixture
async def two(fresh_dsn: str) -> AsyncIterator[PooledDatabase]:
    async with open_database(fresh_dsn, max_size=2) as db:
        yield db


async def backend(db: PooledDatabase) -> int:
    async with db.read() as conn:
        return await conn.fetchval(BACKEND)


async def test_a_connection_is_lent_again(two: PooledDatabase) -> None:
    assert await backend(two) == await backend(two)


async def test_days_and_moments_mean_the_same_in_a_database_of_another_time_zone(fresh_dsn: str) -> None:
    admin = await asyncpg.connect(fresh_dsn)
    name = await admin.fetchval("select current_database()")
    await admin.execute(f"alter database {name} set timezone = 'Asia/Tokyo'")
    plain, alone = await asyncpg.connect(fresh_dsn), await connect(fresh_dsn)
    assert await plain.fetchval("show timezone") == "Asia/Tokyo"
    async with open_database(fresh_dsn, max_size=1) as db, db.read() as pooled:
        assert [await pooled.fetchval("show timezone"), await alone.fetchval("show timezone")] == ["UTC", "UTC"]
    for connection in (admin, plain, alone):
        await connection.close()


async def test_no_more_connections_are_lent_than_there_may_be(two: PooledDatabase) -> None:
    busy = 0
    most = 0

    async def work() -> int:
        nonlocal busy, most
        async with two.read() as conn:
            busy += 1
            most = max(most, busy)
            found = await conn.fetchval("select pg_backend_pid() from pg_sleep(0.01)")
            busy -= 1
        return found

    found = await asyncio.gather(*(work() for _ in range(20)))
    assert most == 2
    assert len(set(found)) == 2


async def test_an_error_that_leaves_the_connection_whole_does_not_cost_it(two: PooledDatabase) -> None:
    first = await backend(two)
    for error in (NotFound(), asyncpg.UniqueViolationError("twice")):
        with pytest.raises(type(error)):
            async with two.read():
                raise error
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with two.transaction() as tx:
            await tx.fetchval("select 1 / 0")
    assert await backend(two) == first


async def test_a_disk_that_is_full_is_a_matter_of_time_and_costs_no_connection(two: PooledDatabase) -> None:
    first = await backend(two)
    with pytest.raises(Unavailable, match="disk is full"):
        async with two.transaction() as tx:
            await tx.execute("do $$ begin raise exception 'no space left' using errcode = '53100'; end $$")
    assert await backend(two) == first


async def test_a_connection_that_was_cut_off_is_not_lent_again(two: PooledDatabase) -> None:
    first = await backend(two)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), two.read() as conn:
            await conn.fetchval("select pg_sleep(10)")
    assert await backend(two) != first


async def test_a_connection_that_the_server_ended_is_replaced(two: PooledDatabase, fresh_dsn: str) -> None:
    first = await backend(two)
    other = await asyncpg.connect(fresh_dsn)
    await other.execute("select pg_terminate_backend($1)", first)
    for _ in range(100):
        await asyncio.sleep(0.01)
        if not await other.fetchval("select exists (select from pg_stat_activity where pid = $1)", first):
            break
    await other.close()
    assert await backend(two) != first


async def test_who_waits_is_served_when_the_one_before_was_cut_off(two: PooledDatabase) -> None:
    async def sleep() -> None:
        async with asyncio.timeout(0.05), two.read() as conn:
            await conn.fetchval("select pg_sleep(10)")

    held = [asyncio.create_task(sleep()) for _ in range(2)]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await backend(two)
    assert all(isinstance(result, TimeoutError) for result in await asyncio.gather(*held, return_exceptions=True))


async def test_closing_waits_for_what_is_lent(fresh_dsn: str) -> None:
    done = False

    async def work(db: PooledDatabase, lent: asyncio.Event) -> None:
        nonlocal done
        async with db.read() as conn:
            lent.set()
            await conn.fetchval("select pg_sleep(0.1)")
            done = True

    async with open_database(fresh_dsn, max_size=2) as db:
        lent = asyncio.Event()
        task = asyncio.create_task(work(db, lent))
        await lent.wait()
    assert done
    await task


async def both(db: PooledDatabase) -> set[int]:
    """The two connections of a pool; both are idle afterwards."""
    async with db.read() as one, db.read() as other:
        return {await one.fetchval(BACKEND), await other.fetchval(BACKEND)}


async def test_a_server_that_takes_no_writes_any_more_is_left_by_all_connections(two: PooledDatabase) -> None:
    before = await both(two)

    async def write() -> None:
        async with two.transaction() as tx:
            await tx.execute("set transaction read only")
            await tx.execute("create table never (id int)")

    with pytest.raises(Unavailable):
        await write()
    assert not before & await both(two)


async def test_a_connection_that_ends_while_it_is_lent_means_that_the_database_is_away(
    two: PooledDatabase, fresh_dsn: str
) -> None:
    other = await asyncpg.connect(fresh_dsn)

    async def work() -> None:
        async with two.transaction() as tx:
            await other.execute("select pg_terminate_backend($1)", await tx.fetchval(BACKEND))
            for _ in range(1000):
                await tx.fetchval("select 1 from pg_sleep(0.01)")

    try:
        before = await both(two)
        with pytest.raises(Unavailable) as caught:
            await work()
        assert caught.value.retry_after > 0
        assert not before & await both(two)
    finally:
        await other.close()


async def test_a_statement_that_takes_too_long_is_no_sign_of_a_database_that_is_away(fresh_dsn: str) -> None:
    async with open_database(fresh_dsn, max_size=1, statement_timeout=0.05) as db:
        first = await backend(db)
        with pytest.raises(asyncpg.QueryCanceledError):
            async with db.read() as conn:
                await conn.fetchval("select pg_sleep(10)")
        assert await backend(db) == first


async def test_a_server_that_says_nothing_any_more_is_given_up(fresh_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own patience is for a server that does not even end the statement: here none is told to."""
    monkeypatch.setattr("rostra.kit.db._SILENCE", 0.1)

    async def wait(scope: Callable[[], AbstractAsyncContextManager[Reader]]) -> None:
        async with scope() as conn:
            await conn.fetchval("select set_config('statement_timeout', '0', false)")
            await conn.fetchval("select pg_sleep(10)")

    async with open_database(fresh_dsn, max_size=1, statement_timeout=0.05) as db:
        first = await backend(db)
        for scope in (db.read, db.transaction):
            with pytest.raises(Unavailable):
                await wait(scope)
        assert await backend(db) != first


async def test_while_the_database_is_away_it_is_not_asked_at_every_request() -> None:
    asked = 0

    async def refuse() -> asyncpg.Connection:
        nonlocal asked
        asked += 1
        raise ConnectionRefusedError("nobody listens")

    pool = ConnectionPool(refuse, 2)
    for _ in range(20):
        with pytest.raises(Unavailable):
            async with pool.loan():
                pass
    assert asked == 1
    await pool.close()


async def test_a_database_that_is_not_there_at_the_start_is_told_as_what_it_is() -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        async with open_database("postgresql://nobody@127.0.0.1:1/none"):
            pass
    with pytest.raises(NoServer, match=r"127\.0\.0\.1:2"):
        async with open_database("postgresql://nobody@127.0.0.1:1,127.0.0.1:2/none"):
            pass


async def test_a_commit_that_no_standby_confirms_is_neither_acknowledged_nor_seen(
    fresh_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving it up must not end the server's waiting: what is seen before a standby has it could still be lost."""
    monkeypatch.setattr("rostra.kit.db._SILENCE", 0.1)
    other = await asyncpg.connect(fresh_dsn)
    await other.execute("create table posts (id int)")

    async def post() -> bool:
        try:
            async with db.transaction() as tx:
                await tx.execute("insert into posts values (1)")
        except Unavailable:
            return False
        return True

    acknowledged = 0
    async with open_database(fresh_dsn, max_size=1, statement_timeout=0.3) as db:
        try:
            await _wait_for_standby(other, "nobody")
            # The server begins to wait a moment after it has read its settings.
            while await post():
                acknowledged += 1
            # A cancellation would have come by now.
            await asyncio.sleep(0.3)
            assert await other.fetchval("select count(*) from posts") == acknowledged
        finally:
            await _wait_for_standby(other, "")
    for _ in range(500):
        if await other.fetchval("select count(*) from posts") > acknowledged:
            break
        await asyncio.sleep(0.01)
    assert await other.fetchval("select count(*) from posts") == acknowledged + 1
    await other.close()


async def _wait_for_standby(connection: asyncpg.Connection, name: str) -> None:
    """Have commits wait for a standby of that name, or for none."""
    await connection.execute(f"alter system set synchronous_standby_names = '{name}'")
    await connection.execute("select pg_reload_conf()")
    for _ in range(500):
        if await connection.fetchval("show synchronous_standby_names") == name:
            return
        await asyncio.sleep(0.01)
    pytest.fail("the server has not read its settings again")
