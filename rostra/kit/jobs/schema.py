"""PgQueuer's tables: made and kept current in the migration step, and adapted to how we use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from pgqueuer.domain.settings import DBSettings
    from pgqueuer.ports.driver import Driver
    from pgqueuer.queries import Queries

# Its trigger notifies on every change. A transaction that notified holds a lock over the whole cluster until its commit
# is on disk, so commits would queue up behind one another instead of sharing an fsync; workers poll instead.
ADAPT = """
alter table pgqueuer disable trigger tg_pgqueuer_changed;

comment on table pgqueuer is 'adapted: 1';
"""

IS_ADAPTED = """
select obj_description('pgqueuer'::regclass) = 'adapted: 1'
   and not exists (
     select from pg_trigger
     where tgrelid = 'pgqueuer'::regclass and tgname = 'tg_pgqueuer_changed' and tgenabled <> 'D'
   )
"""


def queue_settings() -> DBSettings:
    """PgQueuer's settings, every one pinned: it would read them from the environment, partly under common names."""
    from pgqueuer.domain.settings import DBSettings, Durability
    from pgqueuer.domain.types import Channel

    return DBSettings(
        prefix="",
        db_schema=None,
        channel=Channel("ch_pgqueuer"),
        function="fn_pgqueuer_changed",
        statistics_table="pgqueuer_statistics",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        trigger="tg_pgqueuer_changed",
        schedules_table="pgqueuer_schedules",
        durability=Durability.durable,
        widen_id=True,
    )


def queue_queries(driver: Driver) -> Queries:
    """PgQueuer's statements over `driver`."""
    from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
    from pgqueuer.queries import Queries

    settings = queue_settings()
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(settings),
        qbq=QueryQueueBuilder(settings),
        qbs=QuerySchedulerBuilder(settings),
    )


async def install(connection: asyncpg.Connection) -> None:
    """Make PgQueuer's tables or bring them to this release of it. Not inside a transaction: enums may grow."""
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

    queries = queue_queries(AsyncpgDriver(connection))
    await queries.apply_upgrade()
    if not await connection.fetchval(IS_ADAPTED):
        await queries.optimize_autovacuum()
        await connection.execute(ADAPT)
