"""One web process: an ASGI application on a listening socket that it shares with others, and an end that loses nothing.

When it is told to end it leaves the socket to the other processes at once, answers what its open connections still
ask, tells each of them to close, and goes. What the application does is not known here.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Literal

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Longer than the minute for which proxies keep their idle connections, so that it is they who close them.
_KEEP_ALIVE: Final = 75
# How long an open connection may stay idle before a process that ends closes it, in seconds.
_IDLE_GRACE: Final = 1.0
# How long a request that is being answered may still take then, in whole seconds.
_ANSWER_GRACE: Final = 6
# What a request may begin with before its body: proxies take 32 KiB, cookies and all.
_LONGEST_HEAD: Final = 256 * 1024
# Clients of streams send a few hundred bytes at most.
_WEBSOCKET_MESSAGE_BYTES: Final = 64 * 1024


def serve(
    app: Callable[..., Any],
    listener: socket.socket,
    *,
    trusted_proxies: Sequence[str],
    on_ready: Callable[[], None],
    on_ending: Callable[[], None] | None = None,
    loop: Literal["uvloop", "asyncio"] = "uvloop",
) -> bool:
    """Serve `app` on `listener` until SIGTERM or SIGINT; `on_ready` is called when requests are answered.

    `on_ending` is called when the end begins: the time to finish answers that would otherwise go on for ever.

    `trusted_proxies` are the addresses or networks whose X-Forwarded-For and -Proto are believed. Returns False where
    the application's start failed, which is then in the log.
    """
    config = uvicorn.Config(
        app,
        loop=loop,
        http=BoundedProtocol,
        ws="websockets-sansio",
        ws_max_size=_WEBSOCKET_MESSAGE_BYTES,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_ANSWER_GRACE,
    )
    # The supervisor tells of starts and ends; uvicorn's own lines are wanted only where something is wrong.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(is_worth_logging)
    server = _DrainingServer(config, on_ready, on_ending)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        return False
    return server.started


def is_worth_logging(record: logging.LogRecord) -> bool:
    """uvicorn takes a WebSocket that was refused with an answer of our own for one that was not answered."""
    return "without completing handshake" not in record.getMessage()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own keeps an address, a header or a trailer that never ends, until the memory is full."""

    _unread = 0
    _came_to_something = False

    def data_received(self, data: bytes) -> None:
        self._came_to_something = False
        super().data_received(data)
        self._unread = 0 if self._came_to_something else self._unread + len(data)
        if self._unread > _LONGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The request begins with too much.")

    def on_headers_complete(self) -> None:
        self._came_to_something = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._came_to_something = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._came_to_something = True
        super().on_message_complete()


class _DrainingServer(uvicorn.Server):
    """uvicorn closes an idle connection even while a request travels on it; this one waits and says so first."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_ending: Callable[[], None] | None
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_ending = on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self._on_ending is not None:
            self._on_ending()
        # Every answer from now on carries it, and uvicorn closes the connection after such an answer.
        self.server_state.default_headers.append((b"connection", b"close"))
        for connection in list(self.server_state.connections):
            if not isinstance(connection, HttpToolsProtocol):
                connection.shutdown()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _IDLE_GRACE
        while self._has_idle() and loop.time() < deadline:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    def _has_idle(self) -> bool:
        return any(
            isinstance(connection, HttpToolsProtocol)
            # None before the first request, whatever uvicorn's annotation says.
            and (connection.cycle is None or connection.cycle.response_complete)  # pyright: ignore[reportUnnecessaryComparison]
            for connection in self.server_state.connections
        )

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """uvicorn's own raises the signal again at the end, which would make a clean end look like a crash."""
        numbers = [signal.SIGTERM]
        # Ignored from the start in a supervised process: Ctrl-C is its supervisor's.
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            numbers.append(signal.SIGINT)
        before = {number: signal.signal(number, self._ask_to_end) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask_to_end(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True
