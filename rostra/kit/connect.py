"""Checked connections: the lower half of the outgoing HTTP client.

Resolves a name once, drops every address that may not be talked to, and connects to one of the rest by its number, so
that nothing can change between check and connection. Used by `rostra.kit.http` only.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpcore

from rostra.kit.addresses import is_loopback_address, is_own_network_address, is_public_address, parse_address
from rostra.kit.errors import Upstream

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
MayConnect = Callable[[str, int], bool]

WEB_PORTS = frozenset({80, 443})
_MAX_ATTEMPTS = 3
_DNS_THREADS = 8


def web_addresses(*, allow_loopback: bool) -> MayConnect:
    """Public addresses on the ports of the web; with `allow_loopback` this machine's own too, on any port."""

    def may_connect(address: str, port: int) -> bool:
        if allow_loopback and is_loopback_address(address):
            return True
        return port in WEB_PORTS and is_public_address(address)

    return may_connect


def own_addresses(own_port: int, *, encrypted: bool) -> MayConnect:
    """For a server that the operator has named: loopback and private networks, and public addresses where what is sent
    is encrypted; on its port alone."""

    def may_connect(address: str, port: int) -> bool:
        return port == own_port and (is_own_network_address(address) or (encrypted and is_public_address(address)))

    return may_connect


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked addresses only. The name is resolved once, here, so it cannot change between."""

    def __init__(self, resolve: Resolve | None, may_connect: MayConnect) -> None:
        # A pool of its own, so that somebody's slow name servers hold up nothing but other look-ups.
        self._dns = ThreadPoolExecutor(_DNS_THREADS, thread_name_prefix="dns")
        self._resolve = resolve or self._look_up
        self._may_connect = may_connect
        # The cast: httpcore defines the class twice, the second time for an installation without anyio.
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    def close(self) -> None:
        """Stop the look-up threads; one that is stuck ends with the system resolver's own time-out."""
        self._dns.shutdown(wait=False, cancel_futures=True)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = [host] if parse_address(host) else await self._resolve(host, port)
        except TimeoutError as problem:
            raise httpcore.ConnectTimeout("the name look-up took too long") from problem
        checked = [address for address in found if self._may_connect(address, port)][:_MAX_ATTEMPTS]
        if not checked:
            raise Upstream(f"{host}:{port} has no address that may be connected to")
        patience = timeout / len(checked) if timeout else None
        for address in checked[:-1]:
            try:
                return await self._open(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._open(checked[-1], port, patience, local_address, socket_options)

    async def _open(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        return _ClosingStream(await self._network.connect_tcp(address, port, timeout, local_address, socket_options))

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._dns, _resolve_blocking, host, port)
        return [str(address[0]) for *_, address in found]

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _ClosingStream(httpcore.AsyncNetworkStream):
    """Closes the socket also when a deadline falls in the TLS handshake, where httpcore would leave it open."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolve_blocking(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
