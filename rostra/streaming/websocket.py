"""Streaming by WebSocket: many streams on one connection (docs.joinmastodon.org/methods/streaming/#websocket)."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from rostra.kit.errors import RostraError
from rostra.resources import Resources
from rostra.streaming.connect import Asked, open_stream, session_of, subprotocols, subscriber_of
from rostra.streaming.hub import Hub
from rostra.streaming.subscriptions import Event, Stream, Subscriber

_CLOSE_POLICY: Final = 1008
_CLOSE_AGAIN: Final = 1012


class ClientFrame(msgspec.Struct, frozen=True):
    """What a client sends."""

    type: str
    stream: str
    tag: str = ""
    list: str = ""


class ServerFrame(msgspec.Struct, frozen=True, omit_defaults=True):
    """What it gets. `payload` is JSON inside JSON; `filters_changed` has none."""

    stream: list[str]
    event: str
    payload: str | None = None


_decode = msgspec.json.Decoder(ClientFrame).decode
_encode = msgspec.json.Encoder().encode


async def serve(socket: WebSocket, hub: Hub, res: Resources, *, page: bool = False) -> None:
    """Serve one connection to its end: an app's with a token or, where `page`, one of our own pages' with a session."""
    try:
        subscriber = await (session_of if page else subscriber_of)(socket, res)
        first = socket.query_params.get("stream")
        asked = Asked(first, socket.query_params.get("tag", ""), socket.query_params.get("list", "")) if first else None
        stream = await open_stream(asked, subscriber, res) if asked else None
    except RostraError as error:
        await _refuse(socket, error)
        return
    offered = subprotocols(socket)
    await socket.accept(subprotocol=offered[0] if offered else None)
    try:
        if stream is not None:
            hub.subscriptions.add(subscriber, stream)
        await _run(socket, subscriber, hub, res)
    finally:
        hub.subscriptions.drop(subscriber)


async def _refuse(socket: WebSocket, error: RostraError) -> None:
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        body = _encode({"error": error.text})
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        await socket.send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await socket.send({"type": "websocket.http.response.body", "body": body})
    else:
        await socket.close(_CLOSE_POLICY, error.text)


async def _run(socket: WebSocket, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    reading = asyncio.create_task(_read(socket, subscriber, hub, res))
    writing = asyncio.create_task(_write(socket, subscriber))
    _, pending = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(reading, writing, return_exceptions=True)
    if subscriber.ended and not reading.done():
        await socket.close(_CLOSE_AGAIN)


async def _write(socket: WebSocket, subscriber: Subscriber) -> None:
    while (event := await subscriber.waiting.get()) is not None:
        await socket.send_text(_frame(event))
    await socket.close(_CLOSE_AGAIN)


def _frame(event: Event) -> str:
    return _encode(ServerFrame(event.stream.label, event.name, event.payload)).decode()


async def _read(socket: WebSocket, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, KeyError):
            return
        try:
            await _obey(_decode(text), subscriber, hub, res)
        except msgspec.MsgspecError:
            await socket.send_text(_encode({"error": "The frame was not understood", "status": 400}).decode())
        except RostraError as error:
            await socket.send_text(_encode({"error": error.text, "status": error.status}).decode())


async def _obey(frame: ClientFrame, subscriber: Subscriber, hub: Hub, res: Resources) -> None:
    stream: Stream = await open_stream(Asked(frame.stream, frame.tag, frame.list), subscriber, res)
    if frame.type == "subscribe":
        hub.subscriptions.add(subscriber, stream)
    elif frame.type == "unsubscribe":
        hub.subscriptions.remove(subscriber, stream)
