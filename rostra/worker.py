"""The worker process: works off the queue until it is told to end."""

from __future__ import annotations

import asyncio

from rostra.effects import HANDLERS, emit
from rostra.kit.jobs.worker import Worker
from rostra.kit.settings import Settings
from rostra.resources import open_resources


async def run(settings: Settings, dsn: str, stop: asyncio.Event) -> None:
    """Work off the queue of the database `dsn` until `stop` is set; running jobs are then ended or returned."""
    async with open_resources(settings, dsn, emit) as resources:
        worker = Worker(dsn, HANDLERS, resources)
        running = asyncio.ensure_future(worker.run())
        await stop.wait()
        worker.stop()
        await running
