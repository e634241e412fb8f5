"""Streaming by server-sent events: one stream a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from rostra.api.answer import error_response
from rostra.kit.errors import NotFound, RostraError
from rostra.resources import Resources
from rostra.streaming.connect import Asked, open_stream, subscriber_of
from rostra.streaming.hub import Hub
from rostra.streaming.subscriptions import PUBLIC_STREAMS, Subscriber

_THUMP_EVERY: Final = 15.0
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
        stream = await open_stream(Asked(name, query.get("tag", ""), query.get("list", "")), subscriber, res)
    except RostraError as error:
        return error_response(error)
    hub.subscriptions.add(subscriber, stream)
    headers = {"cache-control": "private, no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(subscriber, hub), media_type="text/event-stream", headers=headers)


async def _events(subscriber: Subscriber, hub: Hub) -> AsyncGenerator[str]:
    try:
        yield ":)\n\n"
        while True:
            try:
                event = await asyncio.wait_for(subscriber.waiting.get(), _THUMP_EVERY)
            except TimeoutError:
                yield ":thump\n\n"
                continue
            if event is None:
                return
            payload = event.payload or "undefined"
            yield f"event: {event.name}\ndata: {payload}\n\n"
    finally:
        hub.subscriptions.drop(subscriber)
