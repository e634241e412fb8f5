"""A model server for the tests: answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec


class ModelServer:
    """`answer` is sent to every question with `status`; while `stuck` nothing is."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.answer: Any = {}
        self.stuck = False
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.at_once = self.most_at_once = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._serve_one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.asked.append((first.split(" ")[1], headers, msgspec.json.decode(body)))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        # A turn of the loop, so that questions that come together are seen together.
        await asyncio.sleep(0.02)
        while self.stuck:
            await asyncio.sleep(0.01)
        self.at_once -= 1
        content = self.answer if isinstance(self.answer, bytes) else msgspec.json.encode(self.answer)
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()


@asynccontextmanager
async def model_server() -> AsyncGenerator[ModelServer]:
    """One on a port of this machine."""
    model = ModelServer()
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield model
    finally:
        model.stuck = False
        server.close()


def moderation(*categories: str, score: float = 0.97) -> dict[str, Any]:
    """An answer of a moderation endpoint that flags these categories."""
    known = dict.fromkeys(("harassment", "hate", "sexual", *categories))
    return {
        "id": "modr-1",
        "model": "omni-moderation-latest",
        "results": [
            {
                "flagged": bool(categories),
                "categories": {name: name in categories for name in known},
                "category_scores": {name: score if name in categories else 0.01 for name in known},
                "category_applied_input_types": {name: ["text"] for name in known},
            }
        ],
    }


def chat(content: str | None, logprobs: list[tuple[str, float]] | None = None) -> dict[str, Any]:
    """An answer of a chat endpoint with these words, and the tokens that they were."""
    tokens = [{"token": token, "logprob": logprob, "top_logprobs": []} for token, logprob in logprobs or ()]
    return {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": content},
                "logprobs": {"content": tokens} if logprobs else None,
            }
        ],
    }
