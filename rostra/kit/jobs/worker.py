"""The worker: claims due jobs, runs their handlers side by side, and settles them; beside it the periodic jobs.

It uses PgQueuer's tables and statements but not PgQueuer's own runner, which wants LISTEN/NOTIFY, waits without end for
running jobs when it is stopped, and drops a job that is cancelled. Imports pydantic: for worker processes only.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Generic, TypeVar

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.domain.models import Job as ClaimedJob
from pgqueuer.domain.models import TracebackRecord
from pgqueuer.domain.types import JobId

from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.errors import RostraError
from rostra.kit.jobs.handlers import Entry, Handlers
from rostra.kit.jobs.periodic import Timetable
from rostra.kit.jobs.queries import claim, release, take_back
from rostra.kit.jobs.schema import queue_queries
from rostra.kit.jobs.settling import Settling
from rostra.kit.servers import Servers

R = TypeVar("R")
Observe = Callable[[str, str, float], None]

_log = structlog.get_logger()

_PAUSE_AFTER_ERROR = 1.0
# Seconds until a server that says nothing is given up: once for the statement, once more for its cancellation.
_SILENCE = 10.0
# While jobs keep coming, a breath between claims lets them gather, so that one statement claims several.
_BREATH = 0.01
_UNWIND = 1.0


class WorkerLost(Exception):
    """The processes that ran this job died, as often as its handler may be tried."""


class Worker(Generic[R]):
    """Runs the jobs of `handlers`, giving each the `resources`, until `stop`.

    It keeps two database connections of its own, so that handlers that hold a whole pool cannot hold up heartbeats.
    `concurrency` jobs run at once. `poll` is how often, in seconds, an idle worker looks for work. A job whose worker
    died is taken over once its last heartbeat is older than `lease`. `observe(name, outcome, seconds)` is called
    for each run with the outcome done, retried, dead or returned.
    """

    def __init__(
        self,
        dsn: str,
        handlers: Handlers[R],
        resources: R,
        *,
        concurrency: int = 24,
        poll: float = 0.08,
        lease: timedelta = timedelta(seconds=20),
        grace: float = 5.0,
        observe: Observe | None = None,
    ) -> None:
        self._dsn = dsn
        self._handlers = handlers
        self._resources = resources
        self._concurrency = concurrency
        self._poll = poll
        self._lease = lease
        self._grace = grace
        self._observe = observe
        self._id = uuid.uuid4()
        self._stopping = asyncio.Event()
        self._slot_free = asyncio.Event()
        self._running: dict[JobId, asyncio.Task[None]] = {}
        self._running_of: Counter[str] = Counter()

    def stop(self) -> None:
        """Claim no more; `run` returns within `grace` + 3 seconds. For signal handlers too."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`. Then jobs may finish for `grace` seconds; those that do not go back into the queue."""
        async with self._connections() as pool:
            self._pool = pool
            self._queries = queue_queries(AsyncpgPoolDriver(pool))
            self._settling = Settling(pool, self._queries)
            async with asyncio.TaskGroup() as beside:
                helpers = [
                    beside.create_task(self._beat()),
                    beside.create_task(self._settling.run()),
                    beside.create_task(Timetable(pool, self._handlers.periodic).run()),
                ]
                try:
                    await self._claim_until_stopped()
                finally:
                    await self._wind_down()
                    for helper in helpers:
                        helper.cancel()

    @asynccontextmanager
    async def _connections(self) -> AsyncGenerator[asyncpg.Pool]:
        # Not the application's pool also because that one encodes jsonb itself, and PgQueuer passes encoded JSON.
        servers = Servers(self._dsn)

        async def open_connection(_dsn: object, **options: Any) -> asyncpg.Connection:
            return await servers.connect(**options)

        pool = await asyncpg.create_pool(
            connect=open_connection,
            min_size=1,
            max_size=2,
            max_inactive_connection_lifetime=0,
            # Nothing here changes a session, so that no RESET is owed; it would double the cost of idle polling.
            reset=_keep_session,
            command_timeout=_SILENCE,
            server_settings={
                "application_name": "rostra jobs",
                "jit": "off",
                "timezone": "UTC",
                # The queue is planned for while it is empty, and long when it matters.
                "enable_seqscan": "off",
                # What a crash of the database undoes here is done again. What handlers did is on disk before.
                "synchronous_commit": "off",
            },
        )
        try:
            yield pool
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), _UNWIND)

    async def _claim_until_stopped(self) -> None:
        while not self._stopping.is_set():
            free = self._concurrency - len(self._running)
            if free <= 0:
                self._slot_free.clear()
                await self._wait(self._slot_free, self._poll)
                continue
            try:
                rows = await claim(self._pool, self._rooms(free), free, self._id)
            except DATABASE_ERRORS as error:
                _log.warning("jobs: cannot reach the queue", error=repr(error))
                # It may have become a place that takes no writes, or all of its connections lead to where it was.
                await self._pool.expire_connections()
                await self._wait(self._stopping, _PAUSE_AFTER_ERROR)
                continue
            for row in rows:
                self._start(ClaimedJob.model_construct(**dict(row.items())))
            if len(rows) < free:
                await self._wait(self._stopping, _BREATH if rows else self._poll * random.uniform(0.75, 1.0))  # noqa: S311

    def _rooms(self, free: int) -> dict[str, int]:
        """How many jobs of each kind may be started now, if `free` may at all."""
        return {
            entry.name: min(free, entry.concurrency - self._running_of[entry.name]) if entry.concurrency else free
            for entry in self._handlers
        }

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    def _start(self, job: ClaimedJob) -> None:
        # Heartbeats that came late make our own claim find a job that is still ours.
        if job.id in self._running or self._settling.holds(job.id):
            return
        task = asyncio.create_task(self._perform(job))
        self._running[job.id] = task
        self._running_of[job.entrypoint] += 1
        task.add_done_callback(lambda _: self._forget(job))

    def _forget(self, job: ClaimedJob) -> None:
        self._running.pop(job.id, None)
        self._running_of[job.entrypoint] -= 1
        self._slot_free.set()

    async def _perform(self, job: ClaimedJob) -> None:
        entry = self._handlers.get(job.entrypoint)
        structlog.contextvars.bind_contextvars(job=entry.name, job_id=job.id)
        began = time.perf_counter()
        outcome = "returned"
        try:
            outcome = await self._attempt(job, entry)
        finally:
            if self._observe is not None:
                self._observe(entry.name, outcome, time.perf_counter() - began)

    async def _attempt(self, job: ClaimedJob, entry: Entry[R]) -> str:
        if job.attempts >= entry.attempts:
            return self._bury(job, WorkerLost(f"{job.attempts} workers died while they ran this job"))
        try:
            payload = entry.decoder.decode(job.payload or b"{}")
        except ValueError as error:
            return self._bury(job, error)
        try:
            async with asyncio.timeout(entry.timeout):
                await entry.handler(payload, self._resources)
        except Exception as error:
            return self._fail(job, entry, error)
        self._settling.done(job)
        return "done"

    def _fail(self, job: ClaimedJob, entry: Entry[R], error: Exception) -> str:
        failures = job.attempts + 1
        if failures >= entry.attempts:
            return self._bury(job, error)
        delay = entry.delay_after(failures)
        # An error of our own tree was foreseen; its text says all that its traceback could.
        trace = None if isinstance(error, RostraError) else error
        _log.warning(
            "job failed, will be retried", failures=failures, delay=str(delay), error=repr(error), exc_info=trace
        )
        self._settling.retry(job, delay, TracebackRecord.from_exception(error, job.id))
        return "retried"

    def _bury(self, job: ClaimedJob, error: Exception) -> str:
        _log.error("job failed for good", failures=job.attempts + 1, exc_info=error)
        self._settling.bury(job, TracebackRecord.from_exception(error, job.id))
        return "dead"

    async def _beat(self) -> None:
        while True:
            held = [*self._running, *self._settling.held]
            try:
                if held:
                    await self._queries.update_heartbeat(held)
                await take_back(self._pool, self._lease)
            except DATABASE_ERRORS as error:
                _log.warning("jobs: heartbeat failed", error=repr(error))
            await asyncio.sleep(self._lease.total_seconds() / 4)

    async def _wind_down(self) -> None:
        if self._running:
            await asyncio.wait(self._running.values(), timeout=self._grace)
        unfinished = dict(self._running)
        for task in unfinished.values():
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished.values(), timeout=_UNWIND)
        try:
            async with asyncio.timeout(_UNWIND):
                await self._settling.flush()
                await release(self._pool, list(unfinished), self._id)
        except (TimeoutError, *DATABASE_ERRORS) as error:
            _log.warning("jobs: could not return jobs; others take them over later", error=repr(error))


async def _keep_session(_connection: asyncpg.Connection) -> None:
    return None
