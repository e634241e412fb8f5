"""PgQueuer's tables: made and kept current in the migration step, and adapted to how we use them."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from pgqueuer.domain.settings import DBSettings
    from pgqueuer.ports.driver import Driver
    from pgqueuer.queries import Queries

# Its trigger notifies on every change. A transaction that notified holds a lock over the whole cluster until its commit
# is on disk, so commits would queue up behind one another instead of sharing an fsync; workers poll instead.
#
# Its own claims and looks at the queue have an index each. None of ours uses them, and each would be written for each
# job that is queued or claimed.
ADAPT = """
alter table pgqueuer disable trigger tg_pgqueuer_changed;
drop index if exists pgqueuer_ep_prio_id_idx, pgqueuer_priority_id_id1_idx, pgqueuer_updated_id_id1_idx,
  pgqueuer_queue_manager_id_idx;
"""

# Which release of it was adapted, and how: it would make again what is gone.
ADAPTED = """
select obj_description(to_regclass('pgqueuer')) where not exists (
  select from pg_trigger
  where tgrelid = to_regclass('pgqueuer') and tgname = 'tg_pgqueuer_changed' and tgenabled <> 'D')
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
    """Make PgQueuer's tables or bring them to this release of it, unless they are. Not inside a transaction: enums may
    grow."""
    adapted = f"adapted: 2, PgQueuer {version('pgqueuer')}"
    if await connection.fetchval(ADAPTED) == adapted:
        return
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

    queries = queue_queries(AsyncpgDriver(connection))
    await queries.apply_upgrade()
    await queries.optimize_autovacuum()
    await connection.execute(ADAPT)
    # A utility statement takes no parameters; the release is a literal of the installed package.
    await connection.execute(f"comment on table pgqueuer is '{adapted}'")
