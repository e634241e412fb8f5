"""A copy whose recovery stopped where a census was taken has exactly these rows, whoever was writing meanwhile."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from rostra.continuity.census import CensusFailed, count_tables, differences, take_census
from rostra.continuity.records import Census, TableCensus, format_lsn
from rostra.kit.postgres import EmbeddedPostgres, conninfo_of
from rostra.kit.postgres_adopt import adopt_cluster
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT
from tests.conftest import SCRATCH

SCHEMA = """
create table people (id bigint generated always as identity primary key, name text not null, seen timestamptz,
                     weight float8, picture bytea, more jsonb, wait interval);
create table "odd ""one"" of 2" (n int);
create unlogged table forgotten (n int);
create view seen as select * from people;
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="rostra-test-", dir=SCRATCH))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
async def server(place: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(place / "first", more={"full_page_writes": "on"}, durable=False)
    server.launch()
    try:
        await server.wait_ready()
        connection = await asyncpg.connect(server.dsn)
        await connection.execute(SCHEMA)
        await connection.close()
        yield server
    finally:
        server.stop()


async def write(dsn: str, seed: int, *, stop: asyncio.Event) -> None:
    """Insert, change and delete, in short transactions and longer ones, some of which are undone.

    Each writer changes rows of its own only, so that none waits for another.
    """
    chance = random.Random(seed)
    connection = await asyncpg.connect(dsn)
    try:
        while not stop.is_set():
            transaction = connection.transaction()
            await transaction.start()
            for _ in range(chance.randint(1, 4)):
                await connection.execute(
                    "insert into people (name, seen, weight, picture, more, wait) "
                    "values ($1, now(), random(), decode(md5($1), 'hex'), to_jsonb($1::text), '1 day 2 hours')",
                    f"{seed} {chance.random()}",
                )
                with suppress(asyncpg.DivisionByZeroError):
                    async with connection.transaction():
                        await connection.execute(
                            "update people set name = name || 'x' where id % 4 = $1 and id % 7 = $2",
                            *(seed, chance.randint(0, 6)),
                        )
                        if chance.random() < 0.3:
                            await connection.execute("select 1/0")
            await connection.execute(
                "delete from people where id % 4 = $1 and id % 13 = $2", seed, chance.randint(0, 12)
            )
            if chance.random() < 0.1:
                await asyncio.sleep(0.02)
            await (transaction.rollback() if chance.random() < 0.2 else transaction.commit())
    finally:
        await connection.close()


def recovering(place: Path, name: str, wal: Path, census: Census) -> EmbeddedPostgres:
    more = {
        "restore_command": f'cp "{wal}/%f" "%p"',
        "recovery_target_lsn": format_lsn(census.lsn),
        "recovery_target_inclusive": "off",
        "recovery_target_action": "pause",
    }
    return EmbeddedPostgres(place / name, more=more, durable=False)


async def until_paused(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(60):
            while await connection.fetchval("select pg_get_wal_replay_pause_state()") != "paused":
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def slots(server: EmbeddedPostgres) -> int:
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        return await connection.fetchval("select count(*) from pg_replication_slots")
    finally:
        await connection.close()


async def test_a_copy_recovered_to_a_census_has_exactly_its_rows_though_many_were_writing(
    place: Path, server: EmbeddedPostgres
) -> None:
    stop, fresh, wal = asyncio.Event(), place / "fresh", place / "wal"
    writers = [asyncio.create_task(write(server.dsn, seed, stop=stop)) for seed in range(4)]
    backup = await asyncio.create_subprocess_exec(
        client_program(None, "pg_basebackup"),
        *("-d", conninfo_of(place / "first"), "-D", fresh, "-X", "none", "-c", "fast"),
        env=ENVIRONMENT,
    )
    assert await backup.wait() == 0
    taken: list[Census] = []
    for _ in range(3):
        await asyncio.sleep(0.2)
        taken.append(await take_census(server.admin_dsn))
    await asyncio.sleep(0.2)
    stop.set()
    await asyncio.gather(*writers)
    assert await slots(server) == 0
    shutil.copytree(place / "first" / "postgres" / "pg_wal", wal)
    for each in (wal, *wal.iterdir()):
        each.chmod(0o755)
    (fresh / "recovery.signal").touch()
    adopt_cluster(place / "second", None, fresh, durable=False)
    for census in taken:
        copy = recovering(place, "second", wal, census)
        copy.launch()
        try:
            await copy.wait_ready()
            await until_paused(copy.admin_dsn)
            assert differences(census.tables, await count_tables(copy.dsn)) == []
        finally:
            copy.stop()
    assert len({census.tables["people"].hash for census in taken}) == 3
    assert set(taken[0].tables) == {"people", 'odd "one" of 2'}


async def test_a_transaction_that_does_not_end_delays_a_census_no_longer_than_asked_for(
    server: EmbeddedPostgres,
) -> None:
    connection = await asyncpg.connect(server.dsn)
    try:
        async with connection.transaction():
            await connection.execute('insert into "odd ""one"" of 2" values (1)')
            with pytest.raises(CensusFailed, match=r"still are after 0\.5 seconds; look at pg_stat_activity"):
                await take_census(server.admin_dsn, patience=0.5)
            assert await slots(server) == 0
    finally:
        await connection.close()
    assert (await take_census(server.admin_dsn)).tables['odd "one" of 2'].rows == 1


async def test_a_census_that_is_given_up_leaves_no_slot(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(server.dsn)
    try:
        async with connection.transaction():
            await connection.execute('insert into "odd ""one"" of 2" values (2)')
            census = asyncio.create_task(take_census(server.admin_dsn))
            async with asyncio.timeout(60):
                while not await slots(server):
                    await asyncio.sleep(0.01)
            census.cancel()
            with pytest.raises(asyncio.CancelledError):
                await census
            assert await slots(server) == 0
    finally:
        await connection.close()


async def test_what_postgresql_says_instead_of_a_snapshot_is_told(server: EmbeddedPostgres) -> None:
    with pytest.raises(CensusFailed, match="Only roles with the REPLICATION attribute"):
        await take_census(server.dsn)


async def test_the_census_does_not_depend_on_what_the_database_is_set_to(server: EmbeddedPostgres) -> None:
    expected = await count_tables(server.dsn)
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        await connection.execute("alter database rostra set timezone = 'Asia/Tokyo'")
        await connection.execute("alter database rostra set bytea_output = 'escape'")
        await connection.execute("alter database rostra set extra_float_digits = -5")
        assert await count_tables(server.dsn) == expected
    finally:
        await connection.close()


def test_differences_name_the_table_and_say_what_is_wrong() -> None:
    one, two, other = (TableCensus(rows=rows, hash=digest) for rows, digest in ((1, "a"), (2, "b"), (1, "c")))
    assert differences({"same": one}, {"same": one}) == []
    assert differences({"a": one, "b": one, "c": one}, {"a": two, "b": other, "d": one}) == [
        "c: the table is missing",
        "d: nobody has counted this table",
        "a: 2 rows, not 1",
        "b: 1 rows as it should be, but not the same ones",
    ]
