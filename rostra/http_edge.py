"""What every HTTP answer of ours carries, whoever made it: security headers, CORS for the API, a request id."""

from __future__ import annotations

from datetime import datetime
from random import getrandbits
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

# Apps in browsers on other sites may call these, without cookies.
_OPEN_PREFIXES: Final = ("/api/", "/.well-known/", "/nodeinfo/", "/users/", "/@")
_OPEN_PATHS: Final = frozenset({"/oauth/token", "/oauth/revoke", "/oauth/userinfo"})
_EXPOSED: Final = (
    "Link, Mastodon-Async-Refresh, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id"
)
_FOR_OTHER_SITES: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
)
_OURS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_OURS_BY_HTTPS: Final = (*_OURS, (b"strict-transport-security", b"max-age=63072000; includeSubDomains"))


def is_open_to_other_sites(path: str) -> bool:
    """Whether pages of other sites may read answers from this path."""
    return path.startswith(_OPEN_PREFIXES) or path in _OPEN_PATHS


def preflight(request: Request) -> Response:
    """The answer to a browser that asks whether it may send a request with headers or a method of its own."""
    if not is_open_to_other_sites(request.scope["path"]):
        return Response(status_code=204)
    asked = request.headers.get("access-control-request-headers", "")
    headers = {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": asked or "*",
        "access-control-max-age": "86400",
        "vary": "Access-Control-Request-Headers",
    }
    return Response(status_code=204, headers=headers)


def refuse_to_write(request: Request, until: datetime) -> Response:
    """The answer of a copy to look at to everything but reading."""
    text = f"This is a copy to look at, as the server was at {until:%Y-%m-%d %H:%M:%S} UTC: it takes nothing in."
    if request.scope["path"].startswith(("/api/", "/oauth/token", "/oauth/revoke")):
        return JSONResponse({"error": text}, 503)
    return PlainTextResponse(text, 503)


def new_request_id() -> str:
    """A name for a request, to find it in the log by. No secret: guessing one gives nothing."""
    return f"{getrandbits(64):016x}"


def finish(response: Response, path: str, request_id: str, *, has_origin: bool, https: bool) -> None:
    """Add what every answer carries; what the answer says itself stays."""
    ours = (*(_OURS_BY_HTTPS if https else _OURS), (b"x-request-id", request_id.encode()))
    if has_origin and is_open_to_other_sites(path):
        ours += _FOR_OTHER_SITES
    said = {name for name, _ in response.raw_headers}
    response.raw_headers += [header for header in ours if header[0] not in said]
