"""What every HTTP answer of ours carries, whoever made it: security headers, CORS for the API, a request id."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

# Apps in browsers on other sites may call these, without cookies.
_OPEN_PREFIXES: Final = ("/api/", "/.well-known/", "/nodeinfo/", "/users/", "/@")
_OPEN_PATHS: Final = frozenset({"/oauth/token", "/oauth/revoke", "/oauth/userinfo"})
_EXPOSED: Final = (
    "Link, Mastodon-Async-Refresh, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id"
)
_API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


def is_open_to_other_sites(path: str) -> bool:
    """Whether pages of other sites may read answers from this path."""
    return path.startswith(_OPEN_PREFIXES) or path in _OPEN_PATHS


def preflight(request: Request) -> Response:
    """The answer to a browser that asks whether it may send a request with headers or a method of its own."""
    asked = request.headers.get("access-control-request-headers", "")
    headers = {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": asked or "*",
        "access-control-max-age": "86400",
        "vary": "Access-Control-Request-Headers",
    }
    return Response(status_code=204, headers=headers)


def new_request_id() -> str:
    """A name for a request, to find it in the log by."""
    return secrets.token_hex(8)


def finish(headers: MutableHeaders, path: str, request_id: str, *, has_origin: bool, https: bool) -> None:
    """Add what every answer carries; what the answer says itself stays."""
    headers["x-request-id"] = request_id
    headers.setdefault("x-content-type-options", "nosniff")
    headers.setdefault("referrer-policy", "same-origin")
    headers.setdefault("x-frame-options", "DENY")
    headers.setdefault("content-security-policy", _API_POLICY)
    if https:
        headers.setdefault("strict-transport-security", "max-age=63072000; includeSubDomains")
    if has_origin and is_open_to_other_sites(path):
        headers["access-control-allow-origin"] = "*"
        headers["access-control-expose-headers"] = _EXPOSED
