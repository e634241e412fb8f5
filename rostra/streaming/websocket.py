"""Streaming by WebSocket: many streams on one connection (docs.joinmastodon.org/methods/streaming/#websocket)."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from rostra.kit.errors import BadRequest, RostraError, Unauthorized
from rostra.resources import Resources
from rostra.streaming.connect import (
    Asked,
    label_of,
    name_stream,
    open_stream,
    session_of,
    subprotocols,
    subscriber_of,
)
from rostra.streaming.hub import Hub
from rostra.streaming.subscriptions import Subscriber

log = structlog.get_logger()

_CLOSE_AGAIN: Final = 1012
_CLOSE_REFUSED: Final = 1008
_CLOSE_BROKEN: Final = 1011
_GONE: Final = (WebSocketDisconnect, OSError)
# How long a client that has stopped reading is waited for when its connection is closed.
_PATIENCE: Final = 2.0


class ClientFrame(msgspec.Struct, frozen=True):
    """What a client sends."""

    type: str
    stream: str
    tag: str = ""
    list: str | int = ""


_decode = msgspec.json.Decoder(ClientFrame).decode
_encode = msgspec.json.Encoder().encode


async def serve(socket: WebSocket, hub: Hub, res: Resources, *, page: bool = False) -> None:
    """Serve one connection to its end: an app's with a token or, where `page`, one of our own pages' with a session."""
    subscriber: Subscriber | None = None
    try:
        subscriber = await (session_of if page else subscriber_of)(socket, res)
        hub.subscriptions.join(subscriber)
        await _subscribe_first(socket, subscriber, hub, res)
        # What happened between the check and `join` was not heard.
        await hub.revalidate([subscriber])
        if subscriber.has_ended:
            raise Unauthorized
        offered = subprotocols(socket)
        await socket.accept(subprotocol=offered[0] if offered else None)
        await _run(socket, subscriber, hub, res)
    except RostraError as error:
        await _refuse(socket, error)
    finally:
        if subscriber is not None:
            hub.subscriptions.drop(subscriber)


async def _subscribe_first(socket: WebSocket, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    """The stream that the address names, if it does."""
    query = socket.query_params
    if name := query.get("stream"):
        asked = Asked(name, query.get("tag", ""), query.get("list", ""))
        hub.subscriptions.add(subscriber, await open_stream(asked, subscriber, res), label_of(asked))


async def _refuse(socket: WebSocket, error: RostraError) -> None:
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        body = _encode({"error": error.text})
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        await socket.send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await socket.send({"type": "websocket.http.response.body", "body": body})
    else:
        await socket.close(_CLOSE_REFUSED, error.text)


async def _run(socket: WebSocket, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    tasks = [
        asyncio.create_task(_read(socket, subscriber, hub, res)),
        asyncio.create_task(_write(socket, subscriber)),
        asyncio.create_task(subscriber.until_ended()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.subscriptions.drop(subscriber)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, _GONE):
            log.error("a stream broke", exc_info=outcome)
            await _close(socket, _CLOSE_BROKEN)
    if subscriber.has_ended:
        await _close(socket, _CLOSE_AGAIN)


async def _close(socket: WebSocket, code: int) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await socket.close(code)
    except (TimeoutError, OSError, RuntimeError):
        # It does not read, or is gone already; the server drops it.
        return


async def _write(socket: WebSocket, subscriber: Subscriber) -> None:
    while True:
        event = await subscriber.waiting.get()
        await socket.send_text(event.frame)


async def _read(socket: WebSocket, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    while True:
        try:
            text = await socket.receive_text()
        except WebSocketDisconnect:
            return
        except KeyError:
            # Bytes where text is due.
            await _complain(socket, BadRequest("The frame was not understood"))
            continue
        try:
            await _obey(_decode(text), subscriber, hub, res)
        except msgspec.MsgspecError:
            await _complain(socket, BadRequest("The frame was not understood"))
        except RostraError as error:
            await _complain(socket, error)


async def _complain(socket: WebSocket, error: RostraError) -> None:
    await socket.send_text(_encode({"error": error.text, "status": error.status}).decode())


async def _obey(frame: ClientFrame, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    asked = Asked(frame.stream, frame.tag, str(frame.list))
    match frame.type:
        case "subscribe":
            hub.subscriptions.add(subscriber, await open_stream(asked, subscriber, res), label_of(asked))
        case "unsubscribe":
            hub.subscriptions.remove(subscriber, name_stream(asked, subscriber))
        case _:
            raise BadRequest("Unknown type of frame")
