"""Streams by name, and who is subscribed to which."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec

from rostra.accounts.records import Viewer
from rostra.kit.errors import BadRequest, Forbidden
from rostra.oauth.scopes import satisfies
from rostra.text.entities import normalise_tag

# More than this many unsent events means that the client does not read; it is dropped and will come back.
_MOST_WAITING: Final = 256
_MOST_STREAMS: Final = 50

PUBLIC_STREAMS: Final = frozenset(
    {"public", "public:media", "public:local", "public:local:media", "public:remote", "public:remote:media"}
)


class Stream(msgspec.Struct, frozen=True):
    """One stream: its name as clients say it, and what it is narrowed to (a tag, a list's id, an account's id)."""

    name: str
    param: str = ""
    account_id: int = 0

    @property
    def label(self) -> list[str]:
        """How the stream is named in a WebSocket frame: clients match it word by word."""
        return [self.name, self.param] if self.param else [self.name]


def parse_stream(name: str, *, tag: str = "", list_id: str = "", account_id: int) -> Stream:
    """A stream by what a client asks for. Raises BadRequest."""
    if name in PUBLIC_STREAMS:
        return Stream(name)
    if name in ("user", "user:notification", "direct"):
        return Stream(name, account_id=account_id)
    if name in ("hashtag", "hashtag:local"):
        if not tag:
            raise BadRequest("No tag for stream provided")
        return Stream(name, normalise_tag(tag))
    if name == "list":
        if not list_id.isdecimal():
            raise BadRequest("No list for stream provided")
        return Stream(name, list_id)
    raise BadRequest("Unknown stream type")


def check_scopes(stream: Stream, scopes: Iterable[str] | None) -> None:
    """Raises Forbidden where a token does not reach that far (None: a web session, which reaches everywhere)."""
    if scopes is None:
        return
    wanted = "read:notifications" if stream.name == "user:notification" else "read:statuses"
    if not satisfies(frozenset(scopes), wanted):
        raise Forbidden("Access token does not have the required scopes")


class Event(msgspec.Struct, frozen=True):
    """One event for a client. `payload` is JSON, or a bare id for `delete`, or None."""

    name: str
    payload: str | None
    stream: Stream


class Subscriber:
    """One connection: who it is, its streams, and the events that wait to be sent. `None` in the queue ends it."""

    def __init__(self, viewer: Viewer, scopes: frozenset[str] | None) -> None:
        self.viewer = viewer
        self.scopes = scopes
        self.streams: set[Stream] = set()
        self.waiting: asyncio.Queue[Event | None] = asyncio.Queue(_MOST_WAITING)
        self.ended = False

    @property
    def hears_notifications(self) -> bool:
        """Whether the user stream of this connection brings notifications, too."""
        return self.scopes is None or satisfies(self.scopes, "read:notifications")

    def send(self, event: Event) -> None:
        """Queue an event; a client that has stopped reading is dropped."""
        if self.ended:
            return
        if self.waiting.full():
            self.end()
        else:
            self.waiting.put_nowait(event)

    def end(self) -> None:
        """Have the connection closed, ahead of whatever waits."""
        self.ended = True
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


class Subscriptions:
    """All connections of this process, by stream."""

    def __init__(self) -> None:
        self._by_stream: defaultdict[Stream, set[Subscriber]] = defaultdict(set)
        self._all: set[Subscriber] = set()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, subscriber: Subscriber, stream: Stream) -> None:
        """Subscribe a connection to a stream. Raises BadRequest past the number that one connection may have."""
        if len(subscriber.streams) >= _MOST_STREAMS:
            raise BadRequest("Too many streams on one connection")
        self._all.add(subscriber)
        subscriber.streams.add(stream)
        self._by_stream[stream].add(subscriber)

    def remove(self, subscriber: Subscriber, stream: Stream) -> None:
        """End one subscription; one that is not there is no error."""
        subscriber.streams.discard(stream)
        held = self._by_stream.get(stream)
        if held is not None:
            held.discard(subscriber)
            if not held:
                del self._by_stream[stream]

    def drop(self, subscriber: Subscriber) -> None:
        """Forget a connection."""
        for stream in list(subscriber.streams):
            self.remove(subscriber, stream)
        self._all.discard(subscriber)

    def of(self, stream: Stream) -> set[Subscriber]:
        """Who is subscribed to a stream."""
        return self._by_stream.get(stream, set())

    def everybody(self) -> set[Subscriber]:
        """All connections."""
        return set(self._all)

    def named(self, *names: str) -> list[Stream]:
        """The streams of these names that have subscribers."""
        return [stream for stream in self._by_stream if stream.name in names]
