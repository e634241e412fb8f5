"""PostgreSQL's own recovery of a fetched copy: to the position of a census, to a moment, or to the end of the log.

It takes as long as the log is, so nothing here gives up while it goes on. When this is done the cluster is an ordinary
one: it was promoted and stopped, and nothing of the recovery is left in its settings.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from rostra.continuity import queries
from rostra.continuity.census import count_tables, differences
from rostra.continuity.records import Census, format_lsn, parse_lsn
from rostra.continuity.restore.records import NotRestorable, Proof
from rostra.continuity.sealed import Broken
from rostra.kit.postgres import EmbeddedPostgres, PostgresRefused
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT

SIGNAL: Final = "recovery.signal"
"""The file in a cluster that has PostgreSQL recover it by the settings below when it starts."""

# Segments lie in pg_wal already; PostgreSQL looks there once this has failed.
_FROM_THE_LOG: Final = {"restore_command": "false", "recovery_target_timeline": "current", "hot_standby": "on"}
_NOT_REACHED: Final = "recovery ended before configured recovery target was reached"
_PAUSE: Final = 0.1
# What a cluster that is read during recovery needs at least as much of as the original had.
_AS_MANY_AS: Final = {
    "max_connections setting": "max_connections",
    "max_worker_processes setting": "max_worker_processes",
    "max_wal_senders setting": "max_wal_senders",
    "max_prepared_xacts setting": "max_prepared_transactions",
    "max_locks_per_xact setting": "max_locks_per_transaction",
}
_POSITION_LOGGED: Final = re.compile(r"current LSN: ([0-9A-F]+/[0-9A-F]+)")

Advance = Callable[[int], None]


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """Where the recovery ended, and when the last transaction in it was committed."""

    end: int
    last_transaction: datetime | None


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster of a data directory and how it is run here. `at_least` are settings that the original had."""

    data_dir: Path
    bindir: Path | None
    user: str | None
    durable: bool
    at_least: Mapping[str, str]

    def server(self, more: Mapping[str, str]) -> EmbeddedPostgres:
        """Its server, with `more` settings."""
        settings = {**self.at_least, **more}
        return EmbeddedPostgres(self.data_dir, bindir=self.bindir, user=self.user, durable=self.durable, more=settings)


def needs_of(cluster: Path, bindir: Path | None) -> dict[str, str]:
    """The settings that a copy of `cluster` needs to be readable while it recovers. Raises NotRestorable."""
    asked = [client_program(bindir, "pg_controldata"), cluster]
    done = subprocess.run(asked, capture_output=True, text=True, env=ENVIRONMENT, check=False)  # noqa: S603
    if done.returncode != 0:
        raise NotRestorable(f"the copy cannot be read by this machine's PostgreSQL: {done.stderr.strip()}")
    said = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    return {setting: said[name].strip() for name, setting in _AS_MANY_AS.items() if name in said}


async def prove(machine: Machine, census: Census, end: int, advance: Advance) -> Proof:
    """Recover to the position of a census, hold every table against it, and stop there. Raises Broken.

    `end` is that of the log: where the census is there, PostgreSQL has nothing to stop at, but to wait for more.
    """
    if census.lsn == end:
        with _as_standby(machine):
            await _hold_against(machine, census, _FROM_THE_LOG, advance)
    else:
        more = {
            "recovery_target_lsn": format_lsn(census.lsn),
            "recovery_target_inclusive": "off",
            "recovery_target_action": "pause",
        }
        await _hold_against(machine, census, {**_FROM_THE_LOG, **more}, advance)
    rows = sum(table.rows for table in census.tables.values())
    return Proof(lsn=census.lsn, made_at=census.made_at, tables=len(census.tables), rows=rows)


@contextmanager
def _as_standby(machine: Machine) -> Generator[None]:
    """Have the cluster recover without an end, for a while."""
    cluster = (machine.data_dir / "postgres").resolve()
    (cluster / SIGNAL).rename(cluster / "standby.signal")
    yield
    (cluster / "standby.signal").rename(cluster / SIGNAL)


async def _hold_against(machine: Machine, census: Census, more: Mapping[str, str], advance: Advance) -> None:
    async with _running(machine, more, advance) as server:
        if "recovery_target_lsn" in more:
            await _until(server, queries.IS_PAUSED, advance)
        else:
            await _until(server, queries.HAS_REPLAYED, advance, format_lsn(census.lsn))
        if wrong := differences(census.tables, await count_tables(server.admin_dsn, database=queries.DATABASE)):
            raise Broken(
                f"the copy is not what the original was at {format_lsn(census.lsn)} ({census.made_at.isoformat()}): "
                + "; ".join(wrong[:20])
            )


async def recover(machine: Machine, to: datetime | None, stop: int | None, advance: Advance) -> Recovered:
    """Recover to the moment `to`, to the position `stop` or to the end of the log, and promote."""
    if to is not None:
        target = {"recovery_target_time": to.astimezone(UTC).isoformat(sep=" ")}
    elif stop is not None:
        target = {"recovery_target_lsn": format_lsn(stop), "recovery_target_inclusive": "off"}
    else:
        return await _recover_with(machine, {}, advance)
    target["recovery_target_action"] = "promote"
    try:
        return await _recover_with(machine, target, advance)
    except PostgresRefused as error:
        if _NOT_REACHED not in str(error):
            raise
    # Nothing was written after the moment or the position, as far as was fetched: then the end is what is wanted.
    return await _recover_with(machine, {}, advance)


async def _recover_with(machine: Machine, target: Mapping[str, str], advance: Advance) -> Recovered:
    async with _running(machine, {**_FROM_THE_LOG, **target}, advance) as server:
        await _until(server, queries.IS_PROMOTED, advance)
        connection = await asyncpg.connect(server.admin_dsn)
        try:
            end, last = await queries.find_end(connection)
        finally:
            await connection.close()
    return Recovered(end=end, last_transaction=last)


@asynccontextmanager
async def _running(machine: Machine, more: Mapping[str, str], advance: Advance) -> AsyncGenerator[EmbeddedPostgres]:
    server = machine.server(more)
    # In this thread: the server ends with the thread that has started it.
    server.launch()
    watching = asyncio.create_task(_watch_log(server, advance))
    try:
        await server.wait_ready()
        watching.cancel()
        yield server
    finally:
        watching.cancel()
        await asyncio.to_thread(server.stop)


async def _watch_log(server: EmbeddedPostgres, advance: Advance) -> None:
    """Until questions are answered, PostgreSQL's log says how far it is."""
    while True:
        await asyncio.sleep(1)
        if found := _POSITION_LOGGED.findall(server.log_tail()):
            advance(parse_lsn(found[-1]))


async def _until(server: EmbeddedPostgres, question: queries.Question, advance: Advance, *about: str) -> None:
    """Return when the answer is yes, however long that takes. Raises PostgresRefused where the server has ended."""
    while True:
        try:
            connection = await asyncpg.connect(server.admin_dsn)
            try:
                while not await connection.fetchval(question, *about):
                    advance(await queries.find_replayed(connection))
                    await asyncio.sleep(_PAUSE)
                return
            finally:
                connection.terminate()
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.InterfaceError):
            # A promotion ends no connections, but a server that refuses its target does.
            if not server.is_alive():
                raise PostgresRefused(f"the recovery failed; the log's end:\n{server.log_tail()}") from None
            await asyncio.sleep(_PAUSE)
