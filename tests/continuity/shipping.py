"""Shipping in the background of a test, and a target that can be away, break or refuse."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rostra.continuity.ship import deliver, fence, lane, parts, run
from rostra.continuity.ship.run import ship
from rostra.continuity.targets import StoreUnavailable, Target, open_target
from rostra.continuity.verify import Found, Verifier
from rostra.kit.clock import Clock
from rostra.kit.objectstore import ObjectHead
from tests.continuity.world import Origin

_CLEAR_EVERY = 0.2


class Flaky:
    """A target that does as the one behind it, unless it is told to be away."""

    def __init__(self, inner: Target) -> None:
        self.inner = inner
        self.is_away = False
        self.refuses_deletes = False
        # Takes connections and never answers.
        self.hangs = False
        # Keys that hold this cannot be put.
        self.breaks_at: str | None = None
        # Keys that hold this take a while to put: longer than what is done every so many seconds lets wait.
        self.slow_at: str | None = None
        self.puts: list[str] = []

    @property
    def label(self) -> str:
        return self.inner.label

    async def _check(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_away:
            raise StoreUnavailable(f"{self.label}: nobody answers")

    async def put(self, key: str, body: bytes) -> None:
        await self._check()
        if self.breaks_at is not None and self.breaks_at in key:
            raise StoreUnavailable(f"{self.label}: no room for {key}")
        if self.slow_at is not None and self.slow_at in key:
            await asyncio.sleep(5 * _CLEAR_EVERY)
        self.puts.append(key)
        await self.inner.put(key, body)

    async def put_new(self, key: str, body: bytes) -> bool:
        await self._check()
        return await self.inner.put_new(key, body)

    async def find(self, key: str) -> bytes | None:
        await self._check()
        return await self.inner.find(key)

    async def find_size(self, key: str) -> int | None:
        await self._check()
        return await self.inner.find_size(key)

    async def list(self, prefix: str, after: str | None = None) -> AsyncGenerator[ObjectHead]:
        await self._check()
        async for head in self.inner.list(prefix, after):
            yield head

    async def folders(self, prefix: str) -> AsyncGenerator[str]:
        await self._check()
        async for folder in self.inner.folders(prefix):
            yield folder

    async def delete(self, keys: Sequence[str]) -> None:
        await self._check()
        if self.refuses_deletes:
            raise StoreUnavailable(f"{self.label}: access denied")
        await self.inner.delete(keys)


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> dict[str, Flaky]:
    """Every target that ship opens is flaky from here on; here by its address."""
    made: dict[str, Flaky] = {}

    @asynccontextmanager
    async def opening(address: str) -> AsyncIterator[Flaky]:
        async with open_target(address) as inner:
            kept = made.setdefault(address, Flaky(inner))
            kept.inner = inner
            yield kept

    monkeypatch.setattr(run, "open_target", opening)
    return made


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done every so many seconds is done more often."""
    monkeypatch.setattr(parts, "STATUS_EVERY", 0.05)
    monkeypatch.setattr(parts, "_CLEAR_EVERY", _CLEAR_EVERY)
    monkeypatch.setattr(fence, "PAUSE", 0.2)
    monkeypatch.setattr(lane, "_REST", 0.1)
    for module in (lane, deliver):
        monkeypatch.setattr(module, "pause_after", lambda failures: 0.05)


class Background:
    """Ship at work. `said` are its lines."""

    def __init__(self, origin: Origin, task: asyncio.Task[Any], said: list[str]) -> None:
        self.said = said
        self._origin = origin
        self._task = task

    async def wait_for(self, is_so: Callable[[], object], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            if self._task.done():
                self._task.result()
            assert time.monotonic() < deadline, (self._origin.place.find_status(), self.said)
            await asyncio.sleep(0.02)

    async def safe(self, *numbers: int) -> None:
        """Return when everything up to now is at these targets (all, where none is named)."""
        asked_at = Clock().now()

        def are_safe() -> bool:
            status = self._origin.place.find_status()
            found = [] if status is None else status.targets
            wanted = [target for number, target in enumerate(found) if number in numbers or not numbers]
            return bool(wanted) and all(target.safe_until and target.safe_until >= asked_at for target in wanted)

        await self.wait_for(are_safe)


@asynccontextmanager
async def shipping(origin: Origin, **more: Any) -> AsyncIterator[Background]:
    """Ship until the block ends; its errors come out there."""
    stop, said = asyncio.Event(), list[str]()
    (origin.place.path / "status.json").unlink(missing_ok=True)
    task = asyncio.ensure_future(ship(origin.settings, origin.server.dsn, stop, say=said.append, **more))
    try:
        yield Background(origin, task, said)
    finally:
        stop.set()
        await task


async def verified(
    origin: Origin, address: str, *, files: Sequence[str] = (), read_files: bool = True, external_database: bool = False
) -> Found:
    """What `rostra continuity verify` finds at a target."""
    identity = origin.place.find_identity()
    assert identity is not None

    async def expected() -> AsyncIterator[str]:
        for each in files:
            yield each

    async with open_target(address) as target:
        verifier = Verifier(target, identity.site.id, lambda _: None, external_database=external_database)
        return await verifier.run(expected(), read_files=read_files)
