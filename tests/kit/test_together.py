"""Looking up many at a time what was asked for one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from rostra.kit.together import Together


class Shelf:
    """A slow look-up that remembers what it was asked for, and waits until it is let go on."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.open = asyncio.Event()
        self.broken = False

    async def look_up(self, keys: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(keys))
        await self.open.wait()
        if self.broken:
            raise ConnectionError
        return {key: f"book {key}" for key in keys if key < 100}


async def begin(together: Together[int, str], *keys: int) -> list[asyncio.Task[str | None]]:
    tasks = [asyncio.create_task(together.find(key)) for key in keys]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_what_is_asked_meanwhile_goes_together_and_each_key_once() -> None:
    shelf = Shelf()
    together = Together(shelf.look_up)
    tasks = [*await begin(together, 1), *await begin(together, 2, 3), *await begin(together, 2)]
    shelf.open.set()
    assert await asyncio.gather(*tasks) == ["book 1", "book 2", "book 3", "book 2"]
    assert shelf.asked == [[1], [2, 3]]


async def test_what_is_asked_in_one_turn_of_the_loop_goes_together() -> None:
    shelf = Shelf()
    together = Together(shelf.look_up)
    tasks = await begin(together, 1, 2, 1)
    shelf.open.set()
    assert await asyncio.gather(*tasks) == ["book 1", "book 2", "book 1"]
    assert shelf.asked == [[1, 2]]


async def test_a_question_is_never_answered_by_a_look_that_began_before_it() -> None:
    shelf = Shelf()
    together = Together(shelf.look_up)
    (first,) = await begin(together, 1)
    (again,) = await begin(together, 1)
    shelf.open.set()
    await asyncio.gather(first, again)
    assert shelf.asked == [[1], [1]]


async def test_what_is_not_there_is_none_for_whoever_asked() -> None:
    shelf = Shelf()
    shelf.open.set()
    together = Together(shelf.look_up)
    assert await together.find(1) == "book 1"
    assert await together.find(100) is None


async def test_everybody_hears_of_a_failure_and_the_next_question_is_asked_anew() -> None:
    shelf = Shelf()
    together = Together(shelf.look_up)
    tasks = await begin(together, 1, 2, 3)
    shelf.broken = True
    shelf.open.set()
    assert all(isinstance(error, ConnectionError) for error in await asyncio.gather(*tasks, return_exceptions=True))
    shelf.broken = False
    assert await together.find(4) == "book 4"


@pytest.mark.parametrize("given_up", [0, 1])
async def test_who_gives_up_takes_nobody_along(given_up: int) -> None:
    shelf = Shelf()
    together = Together(shelf.look_up)
    tasks = await begin(together, 1, 2, 2)
    tasks[given_up].cancel()
    await asyncio.sleep(0)
    shelf.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results.pop(given_up), asyncio.CancelledError)
    assert [str(result)[:4] for result in results] == ["book", "book"]
    assert await together.find(5) == "book 5"
