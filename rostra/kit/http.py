"""The one outgoing HTTP client: every request that this server makes to another goes through here.

Owns the guard against server-side request forgery (each address is checked and then connected to itself, also on each
redirect), the deadlines and the size caps. It knows nothing of what is fetched, signs nothing and retries nothing.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterable, Coroutine, Iterable, Mapping
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import httpcore
import msgspec

from rostra.kit.addresses import normalise_domain, parse_address
from rostra.kit.connect import WEB_PORTS, GuardedBackend, MayConnect, Resolve, own_addresses, web_addresses
from rostra.kit.errors import Invalid, Upstream

_DEFAULT_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may follow a redirect to another origin. An allow-list, because a token can hide in a header of any name.
_HARMLESS_HEADERS = frozenset({"accept", "accept-language"})
# A signature covers the path that was asked for, so it is of no use after any redirect.
_SIGNATURE_HEADERS = frozenset({"signature", "signature-input", "digest", "content-digest"})
_OUR_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent"})
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_MAX_URL = 4096
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one client may use. Times are in seconds; `connect` covers name lookup, TCP and TLS each."""

    connect: float = 5.0
    redirects: int = 3
    connections: int = 100
    idle_connections: int = 20
    idle_time: float = 30.0


class Response(msgspec.Struct, frozen=True):
    """An answer read to its end: `headers` in lower case, `body` decompressed, `url` the one that answered at last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _Target(msgspec.Struct, frozen=True):
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.origin}{self.path}"


@cache
def _trusted() -> ssl.SSLContext:
    """What vouches for the web. Reading it takes forty milliseconds and some megabytes, so a process does it once."""
    return httpcore.default_ssl_context()


class HttpClient:
    """Owns the connection pool; use it as an async context manager, one for the whole process.

    `allow_loopback` is for development servers only: it adds this machine's own addresses, on any port, and no other
    private ones. `resolve` maps a host and port to IP addresses in text form. One that never `asks` refuses everything.

    `own_server` is an address (`http://10.0.0.5:8080/v1`) that the operator has named; its origin counts. It may be on
    this machine or a private network, and only `post_to_own_server` reaches it: it has connections and rules of its
    own, so that an address which comes from anybody else is refused as ever. Raises Upstream for what is no URL.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_loopback: bool = False,
        limits: HttpLimits | None = None,
        resolve: Resolve | None = None,
        ssl_context: ssl.SSLContext | None = None,
        own_server: str | None = None,
        asks: bool = True,
    ) -> None:
        self._user_agent = user_agent
        self._asks = asks
        self._allow_loopback = allow_loopback
        self._limits = limits or HttpLimits()
        ssl_context = ssl_context or _trusted()
        self._web = _Pool(resolve, web_addresses(allow_loopback=allow_loopback), self._limits, ssl_context)
        self._own: _Pool | None = None
        self._own_target: _Target | None = None
        if own_server is not None:
            target = self._own_target = _parse(own_server)
            rule = own_addresses(target.port, encrypted=target.scheme == "https")
            self._own = _Pool(resolve, rule, self._limits, ssl_context)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; the client is of no use afterwards."""
        await self._web.aclose()
        if self._own is not None:
            await self._own.aclose()

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = 1 << 20, deadline: float = 10.0
    ) -> Response:
        """Fetch `url`, following redirects, within `deadline` seconds in all and `max_bytes` of decompressed body.

        An answer of any status is returned as it is. Raises Upstream when there is none that keeps to the limits, and
        ValueError for a header that only the client may set.
        """
        target = self._check(url)
        return await _within(deadline, target, self._follow(target, dict(headers or {}), max_bytes))

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 1 << 16,
        deadline: float = 10.0,
    ) -> Response:
        """Send `content` to `url`; limits and errors as for `get`. A redirect is not followed but returned."""
        target = self._check(url)
        return await _within(deadline, target, self._send("POST", target, headers or {}, content, max_bytes))

    async def post_to_own_server(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = 1 << 16,
        deadline: float = 10.0,
    ) -> Response:
        """As `post`, to the one server that the operator has named. Raises Upstream for every other, too."""
        target, own = _parse(url), self._own_target
        if (
            not self._asks
            or self._own is None
            or own is None
            or (target.scheme, target.origin) != (own.scheme, own.origin)
        ):
            raise Upstream(f"{target.origin} is not the server that was named")
        sent = self._send("POST", target, headers or {}, content, max_bytes, self._own)
        return await _within(deadline, target, sent)

    async def _follow(self, target: _Target, headers: dict[str, str], max_bytes: int) -> Response:
        for _ in range(self._limits.redirects + 1):
            answer = await self._send("GET", target, headers, None, max_bytes)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            before, target = target, self._check(_join(answer.url, location))
            if before.scheme == "https" and target.scheme == "http":
                raise Upstream(f"{before.origin} redirects from https to http")
            same_origin = (before.scheme, before.origin) == (target.scheme, target.origin)
            headers = {name: value for name, value in headers.items() if _may_follow(name, same_origin=same_origin)}
        raise Upstream(f"{target.origin} redirects more than {self._limits.redirects} times")

    async def _send(
        self,
        method: str,
        target: _Target,
        headers: Mapping[str, str],
        content: bytes | None,
        max_bytes: int,
        pool: _Pool | None = None,
    ) -> Response:
        sent = self._headers(target, headers)
        try:
            async with (pool or self._web).stream(
                method,
                httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
                headers=sent,
                content=content,
                extensions={"timeout": {"connect": self._limits.connect}},
            ) as answer:
                received = _join_headers(answer.headers)
                wanted = method != "GET" or answer.status not in _REDIRECTS
                body = await _read_body(answer.aiter_stream(), received, max_bytes) if wanted else b""
        except (_TooMuch, zlib.error) as problem:
            raise Upstream(f"{target.origin}: {problem}") from problem
        except _TRANSPORT_PROBLEMS as problem:
            raise Upstream(f"{target.origin}: {type(problem).__name__} {problem}") from problem
        return Response(answer.status, received, body, target.url)

    def _headers(self, target: _Target, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        ours = {"host": target.origin, "user-agent": self._user_agent, "accept-encoding": "gzip", "accept": "*/*"}
        for name, value in headers.items():
            if name.lower() in _OUR_HEADERS:
                raise ValueError(f"the client itself sets the header {name}")
            # Here, because whoever refuses it further down would quote it, and it may be a secret.
            if not (value.isascii() and value.isprintable() and value == value.strip()):
                raise ValueError(f"the value of the header {name} is not printable ASCII")
            ours[name.lower()] = value
        try:
            return [(name.encode("ascii"), value.encode("ascii")) for name, value in ours.items()]
        except UnicodeEncodeError as problem:
            raise ValueError("header names are ASCII") from problem

    def _check(self, url: str) -> _Target:
        """Read an absolute http(s) URL and refuse what the guard would refuse anyhow, before any I/O."""
        target = _parse(url)
        if not self._asks:
            raise Upstream("this is a copy to look at, which asks no other server")
        if target.port not in WEB_PORTS and not self._allow_loopback:
            raise Upstream(f"{target.host}: port {target.port} is not allowed")
        return target


class _Pool(httpcore.AsyncConnectionPool):
    """Connections that were all made under one rule."""

    def __init__(
        self, resolve: Resolve | None, may_connect: MayConnect, limits: HttpLimits, ssl_context: ssl.SSLContext
    ) -> None:
        self._guard = GuardedBackend(resolve, may_connect)
        super().__init__(
            ssl_context=ssl_context,
            max_connections=limits.connections,
            max_keepalive_connections=limits.idle_connections,
            keepalive_expiry=limits.idle_time,
            network_backend=self._guard,
        )

    async def aclose(self) -> None:
        await super().aclose()
        self._guard.close()


class _TooMuch(Exception):
    """The body breaks a limit, or comes in a coding that was not asked for."""


_TRANSPORT_PROBLEMS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


def _parse(url: str) -> _Target:
    """Read an absolute http(s) URL and normalise it."""
    if len(url) > _MAX_URL or _NOT_IN_A_URL.search(url):
        raise Upstream("not a URL that can be fetched")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if parse_address(host) else normalise_domain(host)
        path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
        query = quote(parts.query, safe="/?%:@!$&'()*+,;=~")
    except (ValueError, Invalid) as problem:
        raise Upstream("not a URL that can be fetched") from problem
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc:
        raise Upstream(f"{host}: only http and https without credentials are fetched")
    port = _DEFAULT_PORTS[parts.scheme] if port is None else port
    return _Target(parts.scheme, host, port, f"{path}?{query}" if query else path)


async def _within(deadline: float, target: _Target, answer: Coroutine[None, None, Response]) -> Response:
    try:
        async with asyncio.timeout(deadline):
            return await answer
    except TimeoutError as problem:
        raise Upstream(f"{target.origin}: no whole answer within {deadline:g} s") from problem


def _join(base: str, location: str) -> str:
    try:
        # Header bytes were read as latin-1; servers that break the rules send UTF-8.
        location = location.encode("latin-1").decode("utf-8", "replace").strip()
        return urljoin(base, location)
    except ValueError as problem:
        raise Upstream("redirects to what is not a URL") from problem


def _may_follow(name: str, *, same_origin: bool) -> bool:
    lowered = name.lower()
    return lowered not in _SIGNATURE_HEADERS if same_origin else lowered in _HARMLESS_HEADERS


def _join_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


async def _read_body(chunks: AsyncIterable[bytes], headers: Mapping[str, str], max_bytes: int) -> bytes:
    coding = headers.get("content-encoding", "identity").strip().lower() or "identity"
    if coding not in {"identity", "gzip", "x-gzip"}:
        raise _TooMuch("the body is in a coding that was not asked for")
    unpacker = None if coding == "identity" else zlib.decompressobj(_GZIP_WINDOW)
    body, received = bytearray(), 0
    async for chunk in chunks:
        received += len(chunk)
        # One byte more than allowed is enough to know; a bomb is never unpacked further than that.
        body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
        # The raw size counts too: gzip can be padded without end with blocks that unpack to nothing.
        if len(body) > max_bytes or received > max_bytes:
            raise _TooMuch(f"the body is larger than {max_bytes} bytes")
    if unpacker and received and (not unpacker.eof or unpacker.unused_data):
        raise _TooMuch("the compressed body is not one whole part")
    return bytes(body)
