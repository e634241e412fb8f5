"""A server that says nothing any more, as after a loss of power: pool and worker give it up and go to the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from rostra.kit import jobs, servers
from rostra.kit.db import connect, open_database
from rostra.kit.errors import Unavailable
from rostra.kit.jobs import worker as workers
from rostra.kit.jobs.worker import Worker


class Door:
    """A way to PostgreSQL over TCP. Once it is silent, what is open stays open and nothing comes through."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.used = 0

    async def __aenter__(self) -> Door:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def fall_silent(self) -> None:
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.used += 1
        back_reader, back_writer = await asyncio.open_unix_connection(self._socket_path)
        try:
            await asyncio.gather(self._pass(reader, back_writer), self._pass(back_reader, writer))
        finally:
            for each in (writer, back_writer):
                each.close()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while part := await source.read(65_536):
            await self._open.wait()
            target.write(part)
        target.close()


class Two:
    """Two doors, and the address that names both."""

    def __init__(self, first: Door, second: Door, database: str) -> None:
        self.first, self.second = first, second
        hosts = ",".join(f"127.0.0.1:{door.port}" for door in (first, second))
        self.dsn = f"postgresql://rostra@{hosts}/{database}?sslmode=disable"


@pytest.fixture
async def two(fresh_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setattr(servers, "PATIENCE", 1.0)
    parts = urlsplit(fresh_dsn)
    place = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(Door(place)) for _ in range(2)]
        yield Two(doors[0], doors[1], parts.path[1:])


async def test_the_pool_goes_to_the_next_server(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rostra.kit.db._SILENCE", 0.1)
    async with open_database(two.dsn, max_size=2, statement_timeout=0.1) as db:

        async def ask() -> int:
            async with db.transaction() as tx:
                return await tx.fetchval("select 1")

        assert await ask() == 1
        assert two.second.used == 0
        two.first.fall_silent()
        with pytest.raises(Unavailable):
            await ask()
        assert await ask() == 1
        assert two.second.used == 1


class Note(msgspec.Struct, frozen=True):
    text: str


NOTE = jobs.Kind("note", Note)


async def test_the_worker_goes_to_the_next_server(two: Two, fresh_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_SILENCE", 0.3)
    monkeypatch.setattr(workers, "_PAUSE_AFTER_ERROR", 0.01)
    done: asyncio.Queue[str] = asyncio.Queue()

    async def remember(note: Note, _resources: None) -> None:
        await done.put(note.text)

    handlers: jobs.Handlers[None] = jobs.Handlers()
    handlers.add(NOTE, remember)
    outside = await connect(fresh_dsn)
    working = Worker(two.dsn, handlers, None, poll=0.02)
    task = asyncio.create_task(working.run())
    try:
        async with asyncio.timeout(60):
            await jobs.enqueue(outside, [NOTE.job(Note("before"))])
            assert await done.get() == "before"
            two.first.fall_silent()
            await jobs.enqueue(outside, [NOTE.job(Note("after"))])
            while await done.get() != "after":
                pass
        assert two.second.used
    finally:
        working.stop()
        await task
        await outside.close()
