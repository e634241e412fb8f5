"""The access token that a request carries (RFC 6750)."""

from __future__ import annotations

from starlette.requests import Request


def bearer_token(request: Request) -> str | None:
    """The access token of a request, from its header or (as RFC 6750 allows) its query."""
    header = request.headers.get("authorization")
    if header is not None:
        kind, _, token = header.partition(" ")
        return token.strip() if kind.lower() == "bearer" else None
    return request.query_params.get("access_token") if b"access_token" in request.scope["query_string"] else None
