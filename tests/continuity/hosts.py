"""Machines for the tests of standbys: real processes of `rostra` with a stand-in for the web, and a ledger outside.

A row that was acknowledged is in the ledger, which is in the test's memory: no machine's loss takes it away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

from benchmarks.machine import Machine
from rostra.continuity.place import Place
from rostra.continuity.standby.records import StandbyStatus, find_standby_status
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.postgres import PostgresRefused, dsn_of
from tests.ports import free_port

_STAND_INS = {
    "PYTHONPATH": str(Path(__file__).parent.parent.parent),
    "ROSTRA_APP_FACTORY": "tests.cli.tiny:create_app",
    "ROSTRA_WORKER_RUN": "tests.cli.tiny:run",
    "ROSTRA_PG_SHARED_BUFFERS": "16MB",
}


def host(home: Path, name: str, **settings: str) -> Machine:
    """A machine with a port of its own."""
    return Machine(home / name, free_port(), {**_STAND_INS, "ROSTRA_LOG_LEVEL": "info", **settings})


def status_of(machine: Machine) -> StandbyStatus | None:
    return find_standby_status(Place(machine.directory))


async def until(is_so: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for the condition."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "did not come true in time"
        await asyncio.sleep(0.02)


async def has_caught_up(primary: Machine, standby: Machine) -> None:
    """Wait until the standby has replayed what the primary has written by now."""
    wanted = await value(primary, "select pg_current_wal_flush_lsn()::text")
    deadline = time.monotonic() + 60
    while True:
        with suppress(PostgresRefused, *DATABASE_ERRORS):
            if await value(standby, "select pg_last_wal_replay_lsn() >= $1::text::pg_lsn", wanted):
                return
        assert time.monotonic() < deadline, f"did not catch up: {standby.log.read_text()[-3000:]}"
        await asyncio.sleep(0.05)


async def value(machine: Machine, query: str, *args: object) -> object:
    """One value from its database, as an administrator."""
    connection = await asyncpg.connect(dsn_of(machine.directory, role="postgres", database="rostra"))
    try:
        return await connection.fetchval(query, *args)
    finally:
        await connection.close()


async def execute(machine: Machine, statement: str, *args: object) -> None:
    connection = await asyncpg.connect(machine.dsn)
    try:
        await connection.execute(statement, *args)
    finally:
        await connection.close()


class Ledger:
    """The numbers whose rows were acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []
        self._next = 1

    async def write(self, machine: Machine) -> int:
        """One row, acknowledged when this returns."""
        number, self._next = self._next, self._next + 1
        async with asyncio.timeout(60):
            await execute(machine, "insert into outside_ledger values ($1)", number)
        self.acknowledged.append(number)
        return number

    @asynccontextmanager
    async def writing(self, machine: Machine) -> AsyncIterator[None]:
        """Write all the time, until the machine does not answer any more."""
        task = asyncio.create_task(self._write_on(machine))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def missing_in(self, machine: Machine) -> list[int]:
        """Acknowledged rows that the machine has not."""
        found = await value(machine, "select array_agg(number) from outside_ledger")
        assert isinstance(found, list)
        return sorted(set(self.acknowledged) - set(found))

    async def _write_on(self, machine: Machine) -> None:
        connection = await asyncpg.connect(machine.dsn)
        try:
            while True:
                number, self._next = self._next, self._next + 1
                await connection.execute("insert into outside_ledger values ($1)", number)
                self.acknowledged.append(number)
                await asyncio.sleep(0.002)
        except (*DATABASE_ERRORS, asyncio.CancelledError):
            return
        finally:
            connection.terminate()


async def new_ledger(machine: Machine) -> Ledger:
    await execute(machine, "create table outside_ledger (number bigint primary key)")
    return Ledger()
