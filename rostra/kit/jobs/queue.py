"""What a job is and how it gets into the queue. Knows nothing of who works it off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar, cast

import msgspec

from rostra.kit.db import Tx
from rostra.kit.jobs.queries import insert_jobs

P = TypeVar("P", bound=msgspec.Struct)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do.

    `payload` is JSON. Of the jobs that are due, higher `priority` goes first and older ones before younger ones.
    `run_at` None means at once. While a job with the same `dedupe_key` is queued *or running*, this one is dropped:
    use a key only where the running job makes this one needless even if it began before this transaction's changes.
    """

    name: str
    payload: bytes = b"{}"
    priority: int = 0
    run_at: datetime | None = None
    dedupe_key: str | None = None


class Kind(msgspec.Struct, Generic[P], frozen=True):
    """The name of a sort of job with the record that is its payload; shared by who enqueues and who handles it.

    Payloads are stored: only ever add fields, with defaults.
    """

    name: str
    payload: type[P]
    priority: int = 0

    def job(self, payload: P, *, run_at: datetime | None = None, dedupe_key: str | None = None) -> Job:
        """A job of this kind that carries `payload`."""
        return Job(
            name=self.name,
            payload=msgspec.json.encode(payload),
            priority=self.priority,
            run_at=run_at,
            dedupe_key=dedupe_key,
        )


class Basket:
    """Stands in for a transaction where jobs are queued that the caller's own statement will write. It takes nothing
    but jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    @property
    def tx(self) -> Tx:
        """What `enqueue` is to be given."""
        return cast("Tx", self)


async def enqueue(tx: Tx, jobs: Sequence[Job]) -> None:
    """Queue `jobs` in the caller's transaction, with one statement: they exist if and when it commits.

    Each will run at least once, so handlers must bear being repeated.
    """
    if isinstance(tx, Basket):
        tx.jobs += jobs
    elif jobs:
        await insert_jobs(tx, jobs)
