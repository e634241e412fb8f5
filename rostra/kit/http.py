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
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import httpcore
import msgspec

from rostra.kit.addresses import normalise_domain, parse_address
from rostra.kit.connect import WEB_PORTS, GuardedBackend, Resolve
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


class HttpClient:
    """Owns the connection pool; use it as an async context manager, one for the whole process.

    `allow_loopback` is for development servers only: it adds this machine's own addresses, on any port, and no other
    private ones. `resolve` maps a host and port to IP addresses in text form.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_loopback: bool = False,
        limits: HttpLimits | None = None,
        resolve: Resolve | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._allow_loopback = allow_loopback
        self._limits = limits or HttpLimits()
        self._backend = GuardedBackend(resolve, allow_loopback=allow_loopback)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context or httpcore.default_ssl_context(),
            max_connections=self._limits.connections,
            max_keepalive_connections=self._limits.idle_connections,
            keepalive_expiry=self._limits.idle_time,
            network_backend=self._backend,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; the client is of no use afterwards."""
        await self._pool.aclose()
        self._backend.close()

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int = 1 << 20, deadline: float = 10.0
    ) -> Response:
        """Fetch `url`, following redirects, within `deadline` seconds in all and `max_bytes` of decompressed body.

        An answer of any status is returned as it is. Raises Upstream when there is none that keeps to the limits, and
        ValueError for a header that only the client may set.
        """
        return await _within(deadline, self._parse(url), self._follow(url, dict(headers or {}), max_bytes))

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
        return await _within(deadline, self._parse(url), self._send("POST", url, headers or {}, content, max_bytes))

    async def _follow(self, url: str, headers: dict[str, str], max_bytes: int) -> Response:
        for _ in range(self._limits.redirects + 1):
            answer = await self._send("GET", url, headers, None, max_bytes)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            before, after = self._parse(url), self._parse(_join(answer.url, location))
            if before.scheme == "https" and after.scheme == "http":
                raise Upstream(f"{before.origin} redirects from https to http")
            same_origin = (before.scheme, before.origin) == (after.scheme, after.origin)
            headers = {name: value for name, value in headers.items() if _may_follow(name, same_origin=same_origin)}
            url = after.url
        raise Upstream(f"{self._parse(url).origin} redirects more than {self._limits.redirects} times")

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, max_bytes: int
    ) -> Response:
        target = self._parse(url)
        sent = self._headers(target, headers)
        try:
            async with self._pool.stream(
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
            ours[name.lower()] = value
        try:
            return [(name.encode("ascii"), value.encode("ascii")) for name, value in ours.items()]
        except UnicodeEncodeError as problem:
            raise ValueError("header names and values are ASCII") from problem

    def _parse(self, url: str) -> _Target:
        """Read an absolute http(s) URL, normalise it, and refuse what the guard would refuse anyhow, before any I/O."""
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
        if port not in WEB_PORTS and not self._allow_loopback:
            raise Upstream(f"{host}: port {port} is not allowed")
        return _Target(parts.scheme, host, port, f"{path}?{query}" if query else path)


class _TooMuch(Exception):
    """The body breaks a limit, or comes in a coding that was not asked for."""


_TRANSPORT_PROBLEMS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)


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
