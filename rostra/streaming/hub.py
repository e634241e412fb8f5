"""The hub of one web process: hears announcements, finds the connections that they are for, sends to each what it may
see.

An announcement costs a constant number of statements, however many are connected: the candidates are found together,
and the status is rendered for all of them at once by the same predicate that lists use. What is deleted is told to
everybody by its id, which says nothing of what it was or whose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from rostra.filters.match import Filters
from rostra.kit.db import Reader
from rostra.notifications.show import find_for_many
from rostra.posts.broadcast import Viewing, render_for
from rostra.resources import Resources
from rostra.streaming import queries
from rostra.streaming.queries import Subject
from rostra.streaming.subscriptions import Event, Stream, Subscriber, Subscriptions
from rostra.timelines import audience
from rostra.timelines.announce import (
    AnyAnnouncement,
    ChangedFilters,
    DeletedStatuses,
    EditedStatus,
    EndedStreams,
    NewNotifications,
    NewStatus,
)

# No statuses come by these.
_WITHOUT_STATUSES: Final = frozenset({"user:notification", "direct"})


class Hub:
    """Owns the subscriptions of this process."""

    def __init__(self, res: Resources) -> None:
        self._res = res
        self.subscriptions = Subscriptions()

    def end_all(self) -> None:
        """End all streams."""
        for subscriber in self.subscriptions.everybody():
            subscriber.end()

    def end(self, announcement: EndedStreams) -> None:
        """End the streams of these tokens or, where none are named, of this account."""
        account_id, token_ids = announcement.account_id, set(announcement.token_ids)
        for subscriber in self.subscriptions.everybody():
            viewer = subscriber.viewer
            if viewer.token_id in token_ids or (not token_ids and viewer.account_id == account_id):
                subscriber.end()

    async def revalidate(self, subscribers: Iterable[Subscriber] | None = None) -> None:
        """End the streams of those who may not have them any more, and learn whose filters have changed.

        For what may have happened unheard: between the check of a token and the connection's being known here, or while
        the announcements could not be heard.
        """
        checked = self.subscriptions.everybody() if subscribers is None else list(subscribers)
        if not checked:
            return
        tokens = [one.viewer.token_id for one in checked if one.viewer.token_id is not None]
        sessions = [one.viewer.session_id for one in checked if one.viewer.session_id is not None]
        async with self._res.db.read() as conn:
            welcome = await queries.find_welcome(conn, tokens, sessions)
        for subscriber in checked:
            revision = welcome.get(subscriber.viewer.token_id or subscriber.viewer.session_id or 0)
            if revision is None:
                subscriber.end()
            else:
                _set_revision(subscriber, revision)

    async def deliver(self, announcement: AnyAnnouncement) -> None:
        """Send what is announced to whom it concerns."""
        match announcement:
            case NewStatus(status_id=status_id):
                await self._deliver_status(status_id, "update")
            case EditedStatus(status_id=status_id):
                await self._deliver_status(status_id, "status.update")
            case DeletedStatuses(status_ids=status_ids):
                self._deliver_deletion(status_ids)
            case NewNotifications(notifications=notifications):
                await self._deliver_notifications(notifications)
            case ChangedFilters(account_id=account_id):
                await self._change_filters(account_id)
            case EndedStreams():
                self.end(announcement)

    def _deliver_deletion(self, status_ids: Sequence[int]) -> None:
        events: dict[tuple[int, tuple[str, ...]], Event] = {}
        for subscriber in self.subscriptions.everybody():
            for stream, label in subscriber.streams.items():
                if stream.name in _WITHOUT_STATUSES:
                    continue
                for status_id in status_ids:
                    made = events.setdefault((status_id, label), Event("delete", str(status_id), label))
                    subscriber.send(made)

    async def _change_filters(self, account_id: int) -> None:
        concerned = self.subscriptions.of_account(account_id)
        if not concerned:
            return
        async with self._res.db.read() as conn:
            revision = await queries.find_filters_revision(conn, account_id)
        stream = Stream("user", account_id=account_id)
        for subscriber in concerned:
            _set_revision(subscriber, revision)
            if stream in subscriber.streams:
                subscriber.send(Event("filters_changed", None, subscriber.streams[stream]))

    async def _deliver_status(self, status_id: int, name: str) -> None:
        if not self.subscriptions:
            return
        async with self._res.db.read() as conn:
            subject = await queries.find_subject(conn, status_id)
            if subject is None:
                return
            streams = [
                *public_streams(subject),
                *await self._personal_streams(conn, status_id, edited=name != "update"),
            ]
        await self._send_status(status_id, name, streams)

    async def _personal_streams(self, conn: Reader, status_id: int, *, edited: bool) -> list[Stream]:
        """The home timelines and lists of those who are connected that the status stands in."""
        homes = [stream.account_id for stream in self.subscriptions.named("user")]
        lists = [int(stream.param) for stream in self.subscriptions.named("list")]
        found: set[int] = set()
        if homes:
            found = await audience.find_homes(conn, status_id, homes)
            if edited:
                found |= await audience.find_homes_showing(conn, status_id, homes)
        shown = await audience.find_lists(conn, status_id, lists) if lists else set[int]()
        return [Stream("user", account_id=one) for one in found] + [Stream("list", str(one)) for one in shown]

    async def _send_status(self, status_id: int, name: str, streams: Iterable[Stream]) -> None:
        pairs = [(subscriber, stream) for stream in streams for subscriber in self.subscriptions.of(stream)]
        if not pairs:
            return
        contexts: defaultdict[Subscriber, set[str]] = defaultdict(set)
        for subscriber, stream in pairs:
            contexts[subscriber].add(_context(stream))
        rendered = await render_for(
            self._res.db, self._res.urls, status_id, await self._viewings(contexts), at=self._res.clock.now()
        )
        events = _Events(name)
        for subscriber, stream in pairs:
            status = rendered.get((subscriber.viewer.account_id, _context(stream)))
            # One that was unsubscribed while the status was being rendered has no label any more.
            label = subscriber.streams.get(stream)
            if status is not None and label is not None:
                subscriber.send(events.of(status, label))

    async def _viewings(self, contexts: Mapping[Subscriber, Iterable[str]]) -> dict[int, Viewing]:
        gathered: defaultdict[int, set[str]] = defaultdict(set)
        filters: dict[int, Filters] = {}
        for subscriber, names in contexts.items():
            viewer = subscriber.viewer
            gathered[viewer.account_id].update(names)
            if viewer.account_id not in filters:
                filters[viewer.account_id] = await self._res.filters.of(self._res.db, viewer)
        return {account_id: Viewing(filters[account_id], names) for account_id, names in gathered.items()}

    async def _deliver_notifications(self, notifications: Sequence[tuple[int, int]]) -> None:
        hearing: dict[int, list[tuple[Subscriber, tuple[str, ...]]]] = {}
        for account_id in {account_id for _, account_id in notifications}:
            streams = [Stream(name, account_id=account_id) for name in ("user", "user:notification")]
            hearing[account_id] = [
                (subscriber, subscriber.streams[stream])
                for stream in streams
                for subscriber in self.subscriptions.of(stream)
                if subscriber.hears_notifications
            ]
        ids = [notification_id for notification_id, account_id in notifications if hearing[account_id]]
        if not ids:
            return
        contexts = {pair[0]: ("notifications",) for pairs in hearing.values() for pair in pairs}
        res = self._res
        found = await find_for_many(res.db, res.urls, ids, await self._viewings(contexts), at=res.clock.now())
        for account_id, notification in found:
            payload = msgspec.json.encode(notification).decode()
            for subscriber, label in hearing[account_id]:
                subscriber.send(Event("notification", payload, label))


class _Events:
    """The events of one announcement: made once for each rendering and label, and shared."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._payloads: dict[int, str] = {}
        self._made: dict[tuple[int, tuple[str, ...]], Event] = {}

    def of(self, status: msgspec.Raw, label: tuple[str, ...]) -> Event:
        """The event that brings this rendering by a stream of this label. Renderings are told apart by identity; the
        caller holds on to them."""
        key = (id(status), label)
        if key not in self._made:
            payload = self._payloads.setdefault(id(status), bytes(status).decode())
            self._made[key] = Event(self._name, payload, label)
        return self._made[key]


def _set_revision(subscriber: Subscriber, revision: int) -> None:
    if subscriber.viewer.filters_revision != revision:
        subscriber.viewer = msgspec.structs.replace(subscriber.viewer, filters_revision=revision)


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
