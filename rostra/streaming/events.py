"""Streaming by server-sent events: one stream a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from rostra.api.answer import error_response
from rostra.kit.errors import NotFound, RostraError, Unauthorized
from rostra.resources import Resources
from rostra.streaming.connect import Asked, label_of, open_stream, subscriber_of
from rostra.streaming.hub import Hub
from rostra.streaming.subscriptions import PUBLIC_STREAMS, Stream, Subscriber

_KIND: Final = "text/event-stream"
THUMP_EVERY: Final = 15.0
# Says that the stream is open, at its beginning too. No empty line follows, which older Mastodon.py takes for an event
# without a name; and node's mastodon-api loses the first event after any other line than this one.
_HEARTBEAT = ":thump\n"
# How long a client that has stopped reading is waited for when its stream ends.
_PATIENCE: Final = 2.0
_STREAMS: Final = {
    "user": "user",
    "user/notification": "user:notification",
    "public": "public",
    "public/local": "public:local",
    "public/remote": "public:remote",
    "hashtag": "hashtag",
    "hashtag/local": "hashtag:local",
    "list": "list",
    "direct": "direct",
}


async def serve(request: Request, path: str, hub: Hub, res: Resources) -> Response:
    """Answer `GET /api/v1/streaming/{path}`."""
    if path == "health":
        return PlainTextResponse("OK")
    try:
        name = _STREAMS.get(path)
        if name is None:
            raise NotFound
        if name in PUBLIC_STREAMS and request.query_params.get("only_media") in ("true", "1"):
            name += ":media"
        subscriber = await subscriber_of(request, res)
        query = request.query_params
        asked = Asked(name, query.get("tag", ""), query.get("list", ""))
        stream = await open_stream(asked, subscriber, res)
        hub.subscriptions.join(subscriber)
    except RostraError as error:
        return error_response(error)
    return await _stream(request, hub, subscriber, stream, label_of(asked))


async def _stream(
    request: Request, hub: Hub, subscriber: Subscriber, stream: Stream, label: tuple[str, ...]
) -> Response:
    try:
        hub.subscriptions.add(subscriber, stream, label)
        # What happened between the check and `join` was not heard.
        await hub.revalidate([subscriber])
    except BaseException:
        hub.subscriptions.drop(subscriber)
        raise
    headers = {"cache-control": "private, no-store", "x-accel-buffering": "no"}
    if subscriber.has_ended or request.method == "HEAD":
        hub.subscriptions.drop(subscriber)
        refused = subscriber.has_ended
        return error_response(Unauthorized()) if refused else Response(media_type=_KIND, headers=headers)
    return _Stream(subscriber, hub, headers)


class _Stream(StreamingResponse):
    """Sends what waits until the client goes or the connection is to be closed, and forgets it then in any case."""

    def __init__(self, subscriber: Subscriber, hub: Hub, headers: dict[str, str]) -> None:
        super().__init__(_blocks(subscriber), media_type=_KIND, headers=headers)
        self._subscriber = subscriber
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(super().__call__(scope, receive, send))
        ended = asyncio.create_task(self._subscriber.until_ended())
        try:
            await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.subscriptions.drop(self._subscriber)
            broken = sending.done()
            for task in (sending, ended):
                task.cancel()
            await asyncio.gather(sending, ended, return_exceptions=True)
        if not broken:
            await _finish(send)


async def _finish(send: Send) -> None:
    """End the answer as it should end, unless the client does not read."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except (TimeoutError, OSError, RuntimeError):
        return


async def _blocks(subscriber: Subscriber) -> AsyncGenerator[str]:
    yield _HEARTBEAT
    while True:
        try:
            async with asyncio.timeout(THUMP_EVERY):
                event = await subscriber.waiting.get()
        except TimeoutError:
            yield _HEARTBEAT
        else:
            yield event.block
