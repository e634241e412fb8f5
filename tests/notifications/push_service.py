"""A push service on this machine, and the client for which it takes pushes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.kit.test_webpush import CLIENT, SECRET, b64, point, read_draft, read_standard, unb64


class PushService:
    """Keeps what was pushed; answers with `status`, or not at all where that is None."""

    def __init__(self) -> None:
        self.port = 0
        self.status: int | None = 201
        self.pushed: list[tuple[dict[str, str], bytes]] = []

    def subscription(self, **more: Any) -> dict[str, Any]:
        """What a client sends to subscribe."""
        keys = {"p256dh": b64(point(CLIENT)), "auth": SECRET}
        return {"endpoint": f"http://127.0.0.1:{self.port}/push", "keys": keys, "standard": True, **more}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = {name.lower(): value for name, value in re.findall(r"^([\w-]+): (.*?)\r$", head, re.M)}
            self.pushed.append((headers, await reader.readexactly(int(headers.get("content-length", "0")))))
            if self.status is not None:
                writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    def read(self) -> list[dict[str, Any]]:
        """All that was pushed, decrypted; forgotten then."""
        pushed, self.pushed = self.pushed, []
        return [json.loads(_decrypt(headers, body)) for headers, body in pushed]


def _decrypt(headers: dict[str, str], body: bytes) -> bytes:
    if headers["content-encoding"] == "aes128gcm":
        return read_standard(body)
    salt = unb64(headers["encryption"].removeprefix("salt="))
    keys = dict(part.split("=", 1) for part in headers["crypto-key"].split(";"))
    return read_draft(body, salt, unb64(keys["dh"]))


@asynccontextmanager
async def running_push_service() -> AsyncIterator[PushService]:
    service = PushService()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
