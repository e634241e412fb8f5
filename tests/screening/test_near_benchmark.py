"""What is measured must be what the server does: the benchmark's rows fit the table and are found."""

from __future__ import annotations

import asyncpg

from benchmarks.detectors import NOW, Talk, look, store
from rostra.detect.near import signature
from rostra.kit.db import open_database
from rostra.screening.near_queries import READ_BACK, count_near


async def test_the_rows_of_the_benchmark_are_found(fresh_dsn: str) -> None:
    talk = Talk()
    connection = await asyncpg.connect(fresh_dsn)
    try:
        await store(connection, talk, 2000)
    finally:
        await connection.close()
    async with open_database(fresh_dsn) as db, db.read() as conn:
        found = await count_near(conn, signature(talk.copy()), since=NOW - READ_BACK, until=NOW)
        # A hundred copies, of which a few differ in so much that they share no key with this one.
        assert 70 <= found.copies <= 100
        assert len(await look(conn, talk, 2000)) == 6
