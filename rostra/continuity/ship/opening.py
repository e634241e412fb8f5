"""What shipping needs open before it begins: the database that it copies, and the end of the chain of pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from rostra.continuity.place import Identity, Place
from rostra.continuity.ship import queries
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.base import BaseMaker
from rostra.continuity.ship.chain import find_end
from rostra.continuity.ship.cut import Cutter
from rostra.continuity.ship.deliver import account
from rostra.continuity.ship.lane import Lane, said_by
from rostra.continuity.ship.primary import DatabaseAway, Primary
from rostra.continuity.ship.queries import Cluster
from rostra.continuity.ship.spool import Spool, open_spool
from rostra.kit.clock import Clock
from rostra.kit.db import DATABASE_ERRORS, PooledDatabase, open_database
from rostra.kit.settings import Settings

_STATEMENT_TIMEOUT: Final = 60.0


class Log:
    """The parts that ship the database; there are none for an external one."""

    def __init__(self, primary: Primary, spool: Spool, cutter: Cutter, bases: BaseMaker) -> None:
        self.primary = primary
        self.spool = spool
        self.cutter = cutter
        self.bases = bases


async def open_log(
    settings: Settings,
    identity: Identity,
    place: Place,
    primary: Primary,
    lanes: list[Lane],
    clock: Clock,
    alarms: Alarms,
) -> Log:
    """Find where the chain ends and make the parts that go on from there. Waits for a database that does not answer,
    and for the targets where this disk is not certain of the end."""
    cluster = await _wait_for(lambda: primary.ask(queries.find_cluster), alarms)
    is_broken = _is_another(cluster, place)
    _remove_foreign(place, cluster, everything=is_broken)
    spool, is_certain = open_spool(place.spool, identity)
    newest = await find_end(identity, spool, is_certain, lanes, alarms)
    limit = settings.continuity_spool_mib << 20

    def on_change() -> None:
        account(lanes, cutter, spool, limit, alarms)

    cutter = Cutter(
        identity, place, primary, spool, newest, cluster.timeline, is_broken and newest is not None, clock, alarms,
        on_change,
    )  # fmt: skip
    # A target that is new here, or whose account was lost, is known as such before anything is decided.
    on_change()
    place.write_json("database.json", cluster)
    bases = BaseMaker(settings, identity, place, primary, cutter, clock, alarms)
    return Log(primary, spool, cutter, bases)


def _is_another(cluster: Cluster, place: Place) -> bool:
    """Whether the log does not go on where it was left: somebody has put another database in the place of ours."""
    before = place.find_json("database.json", Cluster)
    return before is not None and (before.system, before.timeline) != (cluster.system, cluster.timeline)


def _remove_foreign(place: Place, cluster: Cluster, *, everything: bool) -> None:
    """Remove from what was received that which belongs to another log."""
    for file in place.wal.iterdir():
        if everything or not file.name.startswith(f"{cluster.timeline:08X}"):
            file.unlink()


@asynccontextmanager
async def open_when_there(dsn: str, alarms: Alarms) -> AsyncGenerator[PooledDatabase]:
    """The application's database, as soon as it answers."""
    async with AsyncExitStack() as stack:

        async def enter() -> PooledDatabase:
            return await stack.enter_async_context(open_database(dsn, max_size=4, statement_timeout=_STATEMENT_TIMEOUT))

        yield await _wait_for(enter, alarms)


async def _wait_for(ask: Callable[[], Awaitable[Any]], alarms: Alarms) -> Any:
    """The answer of a database that may be starting still."""
    while True:
        try:
            answer = await ask()
        except (DatabaseAway, *DATABASE_ERRORS) as error:
            alarms.start("database", f"the database does not answer: {said_by(error)}")
            await asyncio.sleep(1.0)
        else:
            alarms.end("database")
            return answer
