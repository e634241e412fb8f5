"""Listening: the connection to the database on which announcements arrive, and their way into the hub.

An announcement that is lost is no loss, since timelines are read from tables; but that a stream has to end must not be
lost. So whoever is connected is looked at again after every silence, and once a minute anyhow.
"""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg
import msgspec
import structlog

from rostra.kit.db import DATABASE_ERRORS, connect
from rostra.oauth.tokens import TokenReader
from rostra.streaming.hub import Hub
from rostra.timelines.announce import CHANNEL, AnyAnnouncement, ChangedFilters, EndedStreams, decode

log = structlog.get_logger()

ALIVE: Final = "select 1"
_RECONNECT: Final = 2.0
_LOOKED_AT_EVERY: Final = 60.0
_PATIENCE: Final = 10.0
_MOST_BEHIND: Final = 10_000


class Listener:
    """Owns the listening connection and the queue of what was heard, from `start` to `stop`."""

    def __init__(self, hub: Hub, tokens: TokenReader, dsn: str) -> None:
        self._hub = hub
        self._tokens = tokens
        self._dsn = dsn
        self._heard: asyncio.Queue[AnyAnnouncement] = asyncio.Queue(_MOST_BEHIND)
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()

    def start(self) -> None:
        """Begin to listen."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._work())]

    async def until_listening(self) -> None:
        """Wait until announcements are heard."""
        await self._listening.wait()

    async def stop(self) -> None:
        """End all streams and stop listening."""
        self._hub.end_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_PATIENCE):
                    connection = await connect(self._dsn)
            except DATABASE_ERRORS as error:
                log.warning("live events cannot be heard", reason=str(error))
                await asyncio.sleep(_RECONNECT)
                continue
            try:
                await self._stay(connection)
            except DATABASE_ERRORS as error:
                log.warning("the live connection to the database was lost", reason=str(error))
            finally:
                self._listening.clear()
                connection.terminate()

    async def _stay(self, connection: asyncpg.Connection) -> None:
        lost = asyncio.Event()

        def note_loss(_connection: object) -> None:
            lost.set()

        connection.add_termination_listener(note_loss)
        await connection.add_listener(CHANNEL, self._hear)
        self._listening.set()
        while not lost.is_set():
            await self._hub.revalidate()
            try:
                async with asyncio.timeout(_LOOKED_AT_EVERY):
                    await lost.wait()
            except TimeoutError:
                # A connection through a network can die unheard.
                await connection.execute(ALIVE, timeout=_PATIENCE)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self.hear(str(payload))

    def hear(self, payload: str) -> None:
        """Heed an announcement."""
        try:
            announcement = decode(payload)
        except msgspec.MsgspecError:
            log.warning("a live event of another version was not understood")
            return
        if isinstance(announcement, EndedStreams):
            # Ahead of all that waits.
            self._tokens.forget(announcement.account_id, announcement.token_ids)
            self._hub.end(announcement)
            return
        if isinstance(announcement, ChangedFilters):
            self._tokens.forget(announcement.account_id)
        if not self._hub.subscriptions:
            return
        try:
            self._heard.put_nowait(announcement)
        except asyncio.QueueFull:
            log.warning("live events are left out: too many at once")

    async def _work(self) -> None:
        while True:
            announcement = await self._heard.get()
            try:
                await self._hub.deliver(announcement)
            except DATABASE_ERRORS as error:
                log.warning("a live event could not be delivered", reason=str(error))
            except Exception:
                log.exception("a live event could not be delivered", kind=type(announcement).__name__)
