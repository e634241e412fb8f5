"""Looking into the queue: its depth, the jobs that failed for good, and what to do with those."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.kit.jobs import queries

_FAILURES_KEPT = timedelta(days=30)


class DeadJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that failed for good. `attempts` counts its runs; `error` is the last exception's class."""

    id: int
    name: str
    payload: bytes | None
    attempts: int
    queued_at: datetime
    died_at: datetime
    error: str
    message: str
    traceback: str


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs of one name are `due`, wait for `later`, are `running` or `dead`.

    `oldest_due_age` is in seconds: for how long the job that has waited longest could have run.
    """

    name: str
    due: int
    later: int
    running: int
    dead: int
    oldest_due_age: float


async def queue_statistics(reader: Reader, now: datetime) -> list[QueueDepth]:
    """The depth of the queue at `now`, one record a name that has any job, by name."""
    return as_records(QueueDepth, await queries.depth_rows(reader, now))


async def list_dead(reader: Reader, *, name: str | None = None, limit: int = 100) -> list[DeadJob]:
    """The jobs that failed for good, the latest first."""
    return as_records(DeadJob, await queries.dead_rows(reader, name, limit))


async def retry_dead(tx: Tx, ids: Sequence[int] | None = None, *, name: str | None = None) -> int:
    """Queue dead jobs again, with all their attempts; all of them where `ids` is None. Returns how many.

    A job stays dead while another one with its dedupe_key is queued or running.
    """
    return await queries.requeue_dead(tx, ids, name)


async def discard_dead(tx: Tx, ids: Sequence[int] | None = None, *, name: str | None = None) -> int:
    """Remove dead jobs; all of them where `ids` is None. Returns how many."""
    return await queries.delete_dead(tx, ids, name)


async def sweep(tx: Tx, now: datetime) -> None:
    """Forget the recorded errors of finished jobs after 30 days; to be called now and then."""
    await queries.delete_old_failures(tx, now - _FAILURES_KEPT)
