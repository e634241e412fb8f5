"""Writing down how runs ended, many at a time: one statement settles what ended within a hundredth of a second.

Until it is written a job stays held (its heartbeat goes on); a worker that dies before has its jobs run again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import structlog
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JobId
from pgqueuer.queries import Queries

from rostra.kit.db import DATABASE_ERRORS, Tx
from rostra.kit.jobs.queries import finish

_log = structlog.get_logger()

_GATHER = 0.01
_PAUSE_AFTER_ERROR = 1.0


class Settling:
    """The ends of runs that are not yet in the database."""

    def __init__(self, tx: Tx, queries: Queries) -> None:
        self._tx = tx
        self._queries = queries
        self._done: set[JobId] = set()
        self._buried: dict[JobId, tuple[Job, TracebackRecord]] = {}
        self._retried: dict[JobId, tuple[Job, timedelta, TracebackRecord]] = {}
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def held(self) -> Iterable[JobId]:
        """The ids of the jobs that wait to be settled."""
        return [*self._done, *self._buried, *self._retried]

    def holds(self, job_id: JobId) -> bool:
        """Whether this job's run has ended here and is not yet written down."""
        return job_id in self._done or job_id in self._buried or job_id in self._retried

    def done(self, job: Job) -> None:
        """The run succeeded: the job goes."""
        self._done.add(job.id)
        self._some.set()

    def bury(self, job: Job, reason: TracebackRecord) -> None:
        """The job failed for good: it is kept as dead."""
        self._buried[job.id] = (job, reason)
        self._some.set()

    def retry(self, job: Job, delay: timedelta, reason: TracebackRecord) -> None:
        """The run failed: the job is queued again after `delay`."""
        self._retried[job.id] = (job, delay, reason)
        self._some.set()

    async def run(self) -> None:
        """Write for ever; a database that cannot be reached is tried again each second."""
        while True:
            await self._some.wait()
            await asyncio.sleep(_GATHER)
            try:
                await self.flush()
            except DATABASE_ERRORS as error:
                _log.warning("jobs: cannot settle", waiting=len(list(self.held)), error=repr(error))
                await asyncio.sleep(_PAUSE_AFTER_ERROR)

    async def flush(self) -> None:
        """Write down all that ended before this call."""
        async with self._writing:
            self._some.clear()
            try:
                await self._write()
            except BaseException:
                self._some.set()
                raise

    async def _write(self) -> None:
        done = list(self._done)
        if done:
            await finish(self._tx, done)
            self._done.difference_update(done)
        for job, reason in list(self._buried.values()):
            await self._queries.log_jobs([(job, "failed", reason)])
            del self._buried[job.id]
        for job, delay, reason in list(self._retried.values()):
            await self._queries.retry_job(job, delay, reason)
            del self._retried[job.id]
