"""Streams by name, connections, and who is subscribed to which."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Final

import msgspec

from rostra.accounts.records import Viewer
from rostra.kit import metrics
from rostra.kit.errors import BadRequest, Forbidden, RateLimited
from rostra.kit.ids import MAX_ID
from rostra.oauth.scopes import satisfies
from rostra.text.entities import normalise_tag

# More than this many unsent events means that the client does not read; it is dropped and will come back.
MOST_WAITING: Final = 256
_MOST_STREAMS: Final = 50
# Of one person, in one process.
_MOST_CONNECTIONS: Final = 100

PUBLIC_STREAMS: Final = frozenset(
    {"public", "public:media", "public:local", "public:local:media", "public:remote", "public:remote:media"}
)


_LIST_ID = re.compile(r"[0-9]{1,19}")


class Stream(msgspec.Struct, frozen=True):
    """One stream: its name as clients say it, and what it is narrowed to (a tag, a list's id, an account's id)."""

    name: str
    param: str = ""
    account_id: int = 0


def parse_stream(name: str, *, tag: str = "", list_id: str = "", account_id: int) -> Stream:
    """A stream by what a client asks for. Raises BadRequest."""
    if name in PUBLIC_STREAMS:
        return Stream(name)
    if name in ("user", "user:notification", "direct"):
        return Stream(name, account_id=account_id)
    if name in ("hashtag", "hashtag:local"):
        normal = normalise_tag(tag)
        if not normal:
            raise BadRequest("No tag for stream provided")
        return Stream(name, normal)
    if name == "list":
        if not _LIST_ID.fullmatch(list_id) or int(list_id) > MAX_ID:
            raise BadRequest("No list for stream provided")
        return Stream(name, str(int(list_id)))
    raise BadRequest("Unknown stream type")


def check_scopes(stream: Stream, scopes: Iterable[str] | None) -> None:
    """Raises Forbidden where a token does not reach that far (None: a web session, which reaches everywhere)."""
    if scopes is None:
        return
    wanted = "read:notifications" if stream.name == "user:notification" else "read:statuses"
    if not satisfies(frozenset(scopes), wanted):
        raise Forbidden("Access token does not have the required scopes")


class ServerFrame(msgspec.Struct, frozen=True, omit_defaults=True):
    """What WebSocket clients get. `payload` is JSON inside JSON; `filters_changed` has none."""

    stream: tuple[str, ...]
    event: str
    payload: str | None = None


_encode = msgspec.json.Encoder().encode


class Event(msgspec.Struct, frozen=True, dict=True):
    """One event for a client. `payload` is JSON, or a bare id for `delete`, or None. `label` is the stream as the
    client named it: it matches word by word. One event goes to all who get the same, and is encoded once."""

    name: str
    payload: str | None
    label: tuple[str, ...]

    @cached_property
    def frame(self) -> str:
        """As a WebSocket message."""
        return _encode(ServerFrame(self.label, self.name, self.payload)).decode()

    @cached_property
    def block(self) -> str:
        """As a server-sent event, which must have some text to be noticed."""
        return f"event: {self.name}\ndata: {'undefined' if self.payload is None else self.payload}\n\n"


class Subscriber:
    """One connection: who it is, its streams with their labels, and the events that wait to be sent."""

    def __init__(self, viewer: Viewer, scopes: frozenset[str] | None) -> None:
        self.viewer = viewer
        self.scopes = scopes
        self.streams: dict[Stream, tuple[str, ...]] = {}
        self.waiting: asyncio.Queue[Event] = asyncio.Queue(MOST_WAITING)
        self._ended = asyncio.Event()

    @property
    def hears_notifications(self) -> bool:
        """Whether the user stream of this connection brings notifications, too."""
        return self.scopes is None or satisfies(self.scopes, "read:notifications")

    @property
    def has_ended(self) -> bool:
        """Whether the connection is to be closed."""
        return self._ended.is_set()

    def send(self, event: Event) -> None:
        """Queue an event; a client that has stopped reading is dropped."""
        if self.has_ended:
            return
        if self.waiting.full():
            self.end()
        else:
            self.waiting.put_nowait(event)

    def end(self) -> None:
        """Have the connection closed, ahead of whatever waits."""
        self._ended.set()

    async def until_ended(self) -> None:
        """Wait until the connection is to be closed."""
        await self._ended.wait()


class Subscriptions:
    """All connections of this process, by stream."""

    def __init__(self) -> None:
        self._by_stream: defaultdict[Stream, set[Subscriber]] = defaultdict(set)
        self._all: set[Subscriber] = set()
        self._by_account: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def join(self, subscriber: Subscriber) -> None:
        """Take a connection in, without any stream yet. Raises RateLimited past the number that one person may have."""
        account_id = subscriber.viewer.account_id
        if self._by_account[account_id] >= _MOST_CONNECTIONS:
            raise RateLimited("Too many connections")
        self._by_account[account_id] += 1
        self._all.add(subscriber)
        metrics.streams.inc()

    def add(self, subscriber: Subscriber, stream: Stream, label: tuple[str, ...]) -> None:
        """Subscribe a connection to a stream, which it calls `label`; a second time changes nothing. Raises BadRequest
        past the number that one connection may have."""
        if stream in subscriber.streams:
            return
        if len(subscriber.streams) >= _MOST_STREAMS:
            raise BadRequest("Too many streams on one connection")
        subscriber.streams[stream] = label
        self._by_stream[stream].add(subscriber)

    def remove(self, subscriber: Subscriber, stream: Stream) -> None:
        """End one subscription; one that is not there is no error."""
        subscriber.streams.pop(stream, None)
        held = self._by_stream.get(stream)
        if held is not None:
            held.discard(subscriber)
            if not held:
                del self._by_stream[stream]

    def drop(self, subscriber: Subscriber) -> None:
        """Forget a connection; one that is not there is no error."""
        for stream in list(subscriber.streams):
            self.remove(subscriber, stream)
        if subscriber in self._all:
            self._all.discard(subscriber)
            metrics.streams.dec()
            account_id = subscriber.viewer.account_id
            self._by_account[account_id] -= 1
            if not self._by_account[account_id]:
                del self._by_account[account_id]

    def of(self, stream: Stream) -> list[Subscriber]:
        """Who is subscribed to a stream."""
        return list(self._by_stream.get(stream, ()))

    def everybody(self) -> list[Subscriber]:
        """All connections."""
        return list(self._all)

    def of_account(self, account_id: int) -> list[Subscriber]:
        """The connections of one person."""
        if not self._by_account[account_id]:
            return []
        return [subscriber for subscriber in self._all if subscriber.viewer.account_id == account_id]

    def named(self, *names: str) -> list[Stream]:
        """The streams of these names that have subscribers."""
        return [stream for stream in self._by_stream if stream.name in names]
