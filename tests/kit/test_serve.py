"""What comes in before a request is read: none of it is kept without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from rostra.kit.serve import BoundedProtocol

PIECE = b"a" * 65_536
# More than the socket's buffers on both sides hold, so that who sends it all was read.
MOST_PIECES = 512


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(app, http=BoundedProtocol, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: BoundedProtocol(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "begins",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-a: ",
        b"GET / HTTP/1.1\r\nhost: a\r\nx-a",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-a: ",
    ],
    ids=["address", "header", "name", "trailer"],
)
async def test_what_never_ends_is_cut_off(port: int, begins: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begins)
    with pytest.raises(ConnectionError):
        await _send_on(writer)
    writer.close()
    assert b" 200 " not in await _read(reader)


async def test_long_cookies_and_long_bodies_are_read(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = PIECE * 40
    head = b"POST / HTTP/1.1\r\nhost: a\r\ncookie: %b\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
    writer.write(head % (b"c" * 100_000, len(body)) + body)
    await writer.drain()
    assert str(len(body)).encode() in await _read(reader)
    writer.close()


async def _send_on(writer: asyncio.StreamWriter) -> None:
    for _ in range(MOST_PIECES):
        writer.write(PIECE)
        await writer.drain()
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""
