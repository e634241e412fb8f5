"""The worker process: works off the queue until it is told to end."""

from __future__ import annotations

import asyncio

from rostra.effects import HANDLERS, emit
from rostra.kit.jobs.worker import Worker
from rostra.kit.metrics import observe_job
from rostra.kit.settings import Settings
from rostra.resources import open_resources


async def run(settings: Settings, dsn: str, stop: asyncio.Event) -> None:
    """Work off the queue of the database `dsn` until `stop` is set; running jobs are then ended or returned.

    Raises whatever ends the worker by itself, so that its supervisor starts another.
    """
    # The end of a job is on disk after what the job has written, or not at all: what a crash undoes is done again.
    async with open_resources(settings, dsn, emit, waits_for_disk=False) as resources:
        worker = Worker(dsn, HANDLERS, resources, observe=observe_job)
        running = asyncio.ensure_future(worker.run())
        asked = asyncio.ensure_future(stop.wait())
        await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        worker.stop()
        await running
