"""The threads that work on images: a few per process, so that uploads can neither starve requests nor fill the memory.

A job waits its turn. What it does is pure (`image.py`); nothing here knows about storage or the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from rostra.kit.memory import give_back

Result = TypeVar("Result")


class ImageWorkers:
    """At most `at_once` images in work; libvips uses one thread for each. An async context that waits for the last."""

    def __init__(self, at_once: int = 2) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="image")

    async def run(self, work: Callable[[bytes], Result], body: bytes) -> Result:
        """`work(body)` in one of the threads. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _work_and_release, work, body)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)


def _work_and_release(work: Callable[[bytes], Result], body: bytes) -> Result:
    try:
        return work(body)
    finally:
        give_back()
