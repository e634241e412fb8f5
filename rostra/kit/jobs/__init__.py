"""Background work on PostgreSQL: what to do is a row written in the caller's transaction, done later by a worker.

This package is the light half, which every process may import: describing jobs, enqueueing them, looking at the queue,
working it off inline in tests. `rostra.kit.jobs.worker` is the heavy half and is imported by worker processes only.
The tables and a part of the statements on them are PgQueuer's; docs/jobs.md says which are ours, and why.
"""

from __future__ import annotations

from rostra.kit.jobs.dead import DeadJob, QueueDepth, discard_dead, list_dead, queue_statistics, retry_dead, sweep
from rostra.kit.jobs.drain import drain
from rostra.kit.jobs.handlers import Entry, Handlers, Periodic
from rostra.kit.jobs.queue import Basket, Job, Kind, enqueue
from rostra.kit.jobs.schema import install

__all__ = [
    "Basket",
    "DeadJob",
    "Entry",
    "Handlers",
    "Job",
    "Kind",
    "Periodic",
    "QueueDepth",
    "discard_dead",
    "drain",
    "enqueue",
    "install",
    "list_dead",
    "queue_statistics",
    "retry_dead",
    "sweep",
]
