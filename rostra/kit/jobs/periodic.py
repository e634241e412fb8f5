"""The timetable: turns what recurs into ordinary jobs, once over all workers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import asyncpg
import structlog
from croniter import croniter
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.domain.models import CronExpressionEntrypoint
from pgqueuer.domain.types import CronEntrypoint, CronExpression

from rostra.kit.db import DATABASE_ERRORS, Tx
from rostra.kit.jobs.handlers import Periodic
from rostra.kit.jobs.queries import forget_schedules_except, insert_jobs
from rostra.kit.jobs.schema import queue_queries

_log = structlog.get_logger()

_LONGEST_SLEEP = timedelta(minutes=5)
_PAUSE_AFTER_ERROR = 5.0


class Timetable:
    """The periodic jobs of one worker, claimed through PgQueuer's table of schedules and queued in the same commit."""

    def __init__(self, pool: asyncpg.Pool, periodic: Sequence[Periodic]) -> None:
        self._pool = pool
        self._jobs = {_key(item): item.job for item in periodic}

    async def run(self) -> None:
        """Queue what comes due, for ever."""
        if not self._jobs:
            return
        announced = False
        while True:
            try:
                if not announced:
                    await self.announce()
                    announced = True
                await self.queue_due()
            except DATABASE_ERRORS as error:
                _log.warning("jobs: cannot read the timetable", error=repr(error))
                await asyncio.sleep(_PAUSE_AFTER_ERROR)
                continue
            wait = min(*self._next_in().values(), _LONGEST_SLEEP)
            # The second on top: next_run is cut to whole seconds by another clock than the one read here.
            await asyncio.sleep(wait.total_seconds() + 1 + random.random())  # noqa: S311

    async def announce(self) -> None:
        """Have a row for each schedule, and none for those that this release no longer knows."""
        async with self._pool.acquire() as connection, connection.transaction():
            names = [key.entrypoint for key in self._jobs]
            await forget_schedules_except(cast("Tx", connection), names, [key.expression for key in self._jobs])
            await queue_queries(AsyncpgDriver(cast("asyncpg.Connection", connection))).insert_schedule(self._next_in())

    async def queue_due(self) -> None:
        """Queue the jobs that are due and that no other worker has claimed."""
        async with self._pool.acquire() as connection, connection.transaction():
            queries = queue_queries(AsyncpgDriver(cast("asyncpg.Connection", connection)))
            due = await queries.fetch_schedule(self._next_in())
            if due:
                keys = [CronExpressionEntrypoint(row.entrypoint, row.expression) for row in due]
                await insert_jobs(cast("Tx", connection), [self._jobs[key] for key in keys])
                await queries.set_schedule_queued({row.id for row in due})

    def _next_in(self) -> dict[CronExpressionEntrypoint, timedelta]:
        now = datetime.now(UTC)
        return {key: croniter(key.expression, now).get_next(datetime) - now for key in self._jobs}


def _key(item: Periodic) -> CronExpressionEntrypoint:
    expression = " ".join(croniter(item.expression).expressions)
    return CronExpressionEntrypoint(CronEntrypoint(item.job.name), CronExpression(expression))
