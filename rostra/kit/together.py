"""Look-ups that many tasks make one by one, done many at a time: what is asked for in one turn of the loop goes
together, and what is asked for while a statement is on its way with the next. Under load each statement serves several;
alone, a look-up is what it would have been.

No answer is older than its question: a statement that has begun takes nobody else on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Gathers the keys that are asked for and has `look_up` find them. Owns the task that does so."""

    def __init__(self, look_up: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._look_up = look_up
        self._busy = False
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def find(self, key: K) -> V | None:
        """What belongs to `key`, or None. Raises what the look-up raises."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V | None] = loop.create_future()
        self._waiting.append((key, answer))
        if not self._busy:
            self._busy = True
            # Whatever else has its turn now may ask as well.
            loop.call_soon(self._go_on)
        return await answer

    def _go_on(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._task = asyncio.create_task(self._serve(waiting))
        else:
            self._busy = False

    async def _serve(self, waiting: Sequence[tuple[K, asyncio.Future[V | None]]]) -> None:
        try:
            found = await self._look_up(list(dict.fromkeys(key for key, _ in waiting)))
            for key, answer in waiting:
                if not answer.done():
                    answer.set_result(found.get(key))
        except Exception as error:
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
        finally:
            for _, answer in waiting:
                answer.cancel()
            self._go_on()
