"""What a process counts in memory, put into the database again and again: the loop around somebody's `flush`.

Knows nothing of what is counted. Whether counts of a flush that failed are kept for the next is up to `flush`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from rostra.kit.db import DATABASE_ERRORS

log = structlog.get_logger(__name__)

Flush = Callable[[], Awaitable[None]]


@asynccontextmanager
async def flushing(flush: Flush, *, every: float, failing: str) -> AsyncGenerator[None]:
    """Call `flush` each `every` seconds while the block lasts, and at its end; `failing` is what the log says if it
    does.

    No exception of `flush` gets out, for counting must not end the process that counts. What a database raises that
    is away for a while is one line of the log, everything else (an error of ours) comes with its traceback.
    """
    task = asyncio.create_task(_flush_often(flush, every, failing))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await _flush_or_log(flush, failing)


async def _flush_often(flush: Flush, every: float, failing: str) -> None:
    while True:
        await asyncio.sleep(every)
        await _flush_or_log(flush, failing)


async def _flush_or_log(flush: Flush, failing: str) -> None:
    try:
        await flush()
    except DATABASE_ERRORS as error:
        log.warning(failing, error=repr(error))
    except Exception:
        log.exception(failing)
