"""Working the queue off inline, on one connection: for tests, whose transaction no worker could look into."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from rostra.kit.db import Tx
from rostra.kit.jobs import queries
from rostra.kit.jobs.handlers import Handlers

R = TypeVar("R")

_ENDLESS = 10_000


async def drain(tx: Tx, handlers: Handlers[R], resources: R, *, now: datetime) -> int:
    """Run all jobs that are due at `now`, those that they enqueue too, and return how many ran.

    Jobs without a run_at are always due. There are no retries: what a handler raises is raised here, and its job is
    gone. LookupError for a job that has no handler.
    """
    for count in range(_ENDLESS):
        job = await queries.take_due(tx, now)
        if job is None:
            return count
        entry = handlers.get(job["entrypoint"])
        await entry.handler(entry.decoder.decode(job["payload"]), resources)
    raise RuntimeError(f"still jobs after {_ENDLESS}; does a handler enqueue itself?")
