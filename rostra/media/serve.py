"""Answering GET and HEAD for stored media: ranges, conditional requests, and headers that keep a file a picture.

The type comes from our own key, never from the bytes. Objects never change under their key, so that a cache that asks
again is answered with 304; for whom an object is, is for `gate`. RFC 9110 sections 13 (conditional requests) and 14
(ranges).
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rostra.kit.objectstore import WINDOW, ObjectHead, ObjectStore, Window
from rostra.media.keys import caching_of, find_content_type

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Content-Disposition": "inline",
    "Accept-Ranges": "bytes",
}
_MISSING: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
_RANGE: Final = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*")
# From and to (exclusive), or everything, or nothing that the object has.
Span = tuple[int, int] | Literal["whole", "none"]

_CONDITIONS: Final = ("range", "if-none-match", "if-modified-since")


async def serve_media(store: ObjectStore, request: Request, key: str) -> Response:
    """Answer GET or HEAD for the object `key` (the path below /media/, unquoted).

    200, 206 for one satisfiable range, 304, 416, or 404 for whatever we do not store. A request for several ranges
    gets the whole object, as RFC 9110 section 14.2 allows. Raises StoreUnavailable.
    """
    content_type = find_content_type(key)
    if content_type is None:
        return serve_nothing()
    if request.method != "HEAD" and not any(name in request.headers for name in _CONDITIONS):
        window = await store.find_window(key)
        return serve_nothing() if window is None else _whole(store, window, content_type)
    head = await store.find_head(key)
    if head is None:
        return serve_nothing()
    if _is_unchanged(request, head):
        return Response(status_code=304, headers=_headers_of(head))
    span = wanted_span(request, head)
    if span == "none":
        return Response(status_code=416, headers=_headers_of(head) | {"Content-Range": f"bytes */{head.size}"})
    if request.method == "HEAD":
        return Response(headers=_headers_of(head) | {"Content-Length": str(head.size)}, media_type=content_type)
    if span == "whole":
        window = await store.find_window(key)
        return serve_nothing() if window is None else _whole(store, window, content_type)
    start, end = span
    headers = _headers_of(head) | {
        "Content-Range": f"bytes {start}-{end - 1}/{head.size}",
        "Content-Length": str(end - start),
    }
    return StreamingResponse(store.read(key, start=start, end=end), 206, headers, content_type)


def _whole(store: ObjectStore, window: Window, content_type: str) -> Response:
    headers = _headers_of(window.head)
    if len(window.body) == window.head.size:
        return Response(window.body, headers=headers, media_type=content_type)
    headers["Content-Length"] = str(window.head.size)
    return StreamingResponse(_window_and_rest(store, window), headers=headers, media_type=content_type)


async def _window_and_rest(store: ObjectStore, window: Window) -> AsyncGenerator[bytes]:
    yield window.body
    async for run in store.read(window.head.key, start=WINDOW):
        yield run


def _headers_of(head: ObjectHead) -> dict[str, str]:
    return _HEADERS | {
        "Cache-Control": caching_of(head.key),
        "ETag": head.etag,
        "Last-Modified": format_datetime(head.last_modified, usegmt=True),
    }


def serve_nothing() -> Response:
    """The answer for what is not stored, or is not to be served."""
    return Response("Not found", 404, _MISSING, "text/plain")


def keep_private(answer: Response, caching: str) -> Response:
    """The answer for somebody who alone may see it: kept by no cache but the browser's own, shown by no other site."""
    if answer.status_code < 400:
        answer.headers["Cache-Control"] = f"private, {caching}"
        answer.headers["Vary"] = "Authorization, Cookie"
        del answer.headers["Access-Control-Allow-Origin"]
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _is_unchanged(request: Request, head: ObjectHead) -> bool:
    """If-None-Match beats If-Modified-Since. RFC 9110, 13.2.2."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in known or head.etag in known
    since = _parse_time(request.headers.get("if-modified-since"))
    return since is not None and head.last_modified.replace(microsecond=0) <= since


def wanted_span(request: Request, head: ObjectHead) -> Span:
    """The bytes of the object that the request asks for: from and to (exclusive), all, or none that it has (416).

    A Range header that cannot be read is as good as none, and so is one for another state of it (RFC 9110, 13.1.5, 14).
    """
    asked = request.headers.get("range")
    match = _RANGE.fullmatch(asked) if asked and request.method == "GET" else None
    if match is None or not _range_applies(request, head):
        return "whole"
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, head.size - int(suffix)), head.size
    else:
        start, end = int(first), min(head.size, int(last) + 1 if last else head.size)
        if last and int(last) < start:
            return "whole"
    return (start, end) if start < end else "none"


def _range_applies(request: Request, head: ObjectHead) -> bool:
    """If-Range: part of the same object, or the whole of the new one. RFC 9110, 13.1.5."""
    condition = request.headers.get("if-range")
    if condition is None or condition == head.etag:
        return True
    return _parse_time(condition) == head.last_modified.replace(microsecond=0)


def _parse_time(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else moment
