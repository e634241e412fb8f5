"""The hub of one web process: hears announcements, finds the connections that they are for, renders for each viewer.

An announcement costs a constant number of statements, however many are connected: the candidates are found together,
and the status is rendered for all of their viewers by one statement that also decides who may see it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import asyncpg
import msgspec
import structlog

from rostra.filters.match import NO_FILTERS, Filters
from rostra.kit.db import connect
from rostra.notifications import show
from rostra.posts.broadcast import render_for
from rostra.posts.hydrate import StatusReader
from rostra.resources import Resources
from rostra.streaming import queries
from rostra.streaming.queries import Subject
from rostra.streaming.subscriptions import Event, Stream, Subscriber, Subscriptions
from rostra.timelines.announce import (
    CHANNEL,
    AnyAnnouncement,
    ChangedFilters,
    DeletedStatus,
    EditedStatus,
    EndedStreams,
    NewNotifications,
    NewStatus,
    decode,
)

log = structlog.get_logger()
_RECONNECT: Final = 2.0
_MOST_BEHIND: Final = 10_000


class Hub:
    """Owns the listening connection and the subscriptions of this process."""

    def __init__(self, res: Resources, dsn: str) -> None:
        self._res = res
        self._dsn = dsn
        self.subscriptions = Subscriptions()
        self._heard: asyncio.Queue[AnyAnnouncement] = asyncio.Queue(_MOST_BEHIND)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._work())]

    async def stop(self) -> None:
        """End all streams and stop listening."""
        for subscriber in self.subscriptions.everybody():
            subscriber.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await connect(self._dsn)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(_RECONNECT)
                continue
            lost = asyncio.Event()

            def note_loss(_connection: object, lost: asyncio.Event = lost) -> None:
                lost.set()

            connection.add_termination_listener(note_loss)
            try:
                await connection.add_listener(CHANNEL, self._hear)
                await lost.wait()
                log.warning("the live connection to the database was lost")
            finally:
                await connection.close()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        if not self.subscriptions:
            return
        try:
            self._heard.put_nowait(decode(str(payload)))
        except asyncio.QueueFull:
            log.warning("live events are left out: too many at once")
        except msgspec.MsgspecError:
            log.warning("a live event of another version was not understood")

    async def _work(self) -> None:
        while True:
            announcement = await self._heard.get()
            try:
                await self.deliver(announcement)
            except Exception:
                log.exception("a live event could not be delivered", kind=type(announcement).__name__)

    async def deliver(self, announcement: AnyAnnouncement) -> None:
        """Send what is announced to whom it concerns."""
        match announcement:
            case NewStatus(status_id=status_id):
                await self._deliver_status(status_id, "update")
            case EditedStatus(status_id=status_id):
                await self._deliver_status(status_id, "status.update")
            case DeletedStatus(status_id=status_id):
                self._tell_everybody("delete", str(status_id))
            case NewNotifications(notifications=notifications):
                for notification_id, account_id in notifications:
                    await self._deliver_notification(notification_id, account_id)
            case ChangedFilters(account_id=account_id):
                for subscriber in self.subscriptions.of(Stream("user", account_id=account_id)):
                    subscriber.send(Event("filters_changed", None, Stream("user", account_id=account_id)))
            case EndedStreams(account_id=account_id, token_ids=token_ids):
                for subscriber in self.subscriptions.everybody():
                    whose = account_id is not None and subscriber.viewer.account_id == account_id
                    if (whose and not token_ids) or subscriber.viewer.token_id in token_ids:
                        subscriber.end()

    def _tell_everybody(self, name: str, payload: str) -> None:
        for subscriber in self.subscriptions.everybody():
            for stream in subscriber.streams:
                if stream.name != "user:notification":
                    subscriber.send(Event(name, payload, stream))

    async def _deliver_status(self, status_id: int, name: str) -> None:
        async with self._res.db.read() as conn:
            subject = await queries.find_subject(conn, status_id)
            if subject is None:
                return
            homes = [stream.account_id for stream in self.subscriptions.named("user")]
            streams = [
                Stream("user", account_id=found)
                for found in (await queries.find_homes(conn, subject, homes) if homes else ())
            ]
            lists = [int(stream.param) for stream in self.subscriptions.named("list")]
            owners = await queries.find_lists(conn, subject.account_id, lists) if lists else {}
        streams += [Stream("list", str(list_id)) for list_id in owners]
        streams += public_streams(subject)
        await self._send_status(subject.id, name, streams)

    async def _send_status(self, status_id: int, name: str, streams: Iterable[Stream]) -> None:
        wanted: defaultdict[int, list[tuple[Subscriber, Stream]]] = defaultdict(list)
        for stream in streams:
            for subscriber in self.subscriptions.of(stream):
                wanted[subscriber.viewer.account_id].append((subscriber, stream))
        if not wanted:
            return
        filters = {viewer_id: await self._filters_of(pairs[0][0]) for viewer_id, pairs in wanted.items()}
        context = {viewer_id: _context(pairs[0][1]) for viewer_id, pairs in wanted.items()}
        rendered = await render_for(
            self._res.db, self._res.urls, status_id, filters, contexts=context, at=self._res.clock.now()
        )
        for viewer_id, status in rendered.items():
            payload = bytes(status).decode()
            for subscriber, stream in wanted[viewer_id]:
                subscriber.send(Event(name, payload, stream))

    async def _filters_of(self, subscriber: Subscriber) -> Filters:
        if subscriber.viewer.filters_revision == 0:
            return NO_FILTERS
        return await self._res.filters.of(self._res.db, subscriber.viewer)

    async def _deliver_notification(self, notification_id: int, account_id: int) -> None:
        streams = [Stream(name, account_id=account_id) for name in ("user", "user:notification")]
        pairs = [
            (subscriber, stream)
            for stream in streams
            for subscriber in self.subscriptions.of(stream)
            if subscriber.hears_notifications
        ]
        if not pairs:
            return
        filters = await self._filters_of(pairs[0][0])
        reader = StatusReader(self._res.db, self._res.urls, account_id, self._res.clock.now(), filters)
        found = await show.find(self._res.db, self._res.urls, reader, account_id, notification_id)
        if found is None:
            return
        payload = msgspec.json.encode(found).decode()
        for subscriber, stream in pairs:
            subscriber.send(Event("notification", payload, stream))


def public_streams(subject: Subject) -> list[Stream]:
    """The streams beside home and lists on which a status appears."""
    if subject.visibility != "public" or subject.is_boost or subject.is_silenced:
        return []
    sides = ["public", "public:local" if subject.is_local else "public:remote"]
    names = [] if subject.is_reply_to_other else [*sides, *(f"{side}:media" for side in sides if subject.has_media)]
    hashtags = ["hashtag", "hashtag:local"] if subject.is_local else ["hashtag"]
    return [Stream(name) for name in names] + [Stream(name, tag) for name in hashtags for tag in subject.tags]


def _context(stream: Stream) -> str:
    return "home" if stream.name in ("user", "list") else "public"
