"""Flushing again and again: nothing that goes wrong in it reaches the process that counts."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from structlog.testing import capture_logs

from rostra.kit.flushing import flushing


async def test_it_flushes_while_the_block_lasts_and_once_more_at_its_end() -> None:
    flushed = 0
    twice = asyncio.Event()

    async def flush() -> None:
        nonlocal flushed
        flushed += 1
        if flushed == 2:
            twice.set()

    async with asyncio.timeout(60), flushing(flush, every=0.001, failing="no"):
        await twice.wait()
        before = flushed
    assert flushed > before
    after = flushed
    await asyncio.sleep(0.01)
    assert flushed == after, "the loop has ended"


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (ConnectionRefusedError(), "warning"),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"), "warning"),
        (asyncpg.TargetServerAttributeNotMatched("none takes writes"), "warning"),
        (KeyError("ours"), "error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
async def test_what_goes_wrong_is_logged_and_tried_again(error: Exception, level: str) -> None:
    tries = 0
    tried_again = asyncio.Event()

    async def flush() -> None:
        nonlocal tries
        tries += 1
        if tries == 2:
            tried_again.set()
        raise error

    with capture_logs() as logs:
        async with asyncio.timeout(60), flushing(flush, every=0.001, failing="counts stay here"):
            await tried_again.wait()
    assert tries >= 3, "also at the end"
    assert {(line["event"], line["log_level"]) for line in logs} == {("counts stay here", level)}


async def test_the_error_of_the_block_is_the_one_that_is_raised() -> None:
    async def flush() -> None:
        raise ConnectionRefusedError

    with pytest.raises(LookupError):
        async with flushing(flush, every=3600, failing="no"):
            raise LookupError
