"""Static files: read once, kept in memory with their compressed form, served with their own names or for good."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from rostra.kit.errors import NotFound
from rostra.web.render import STATIC_FOLDER

_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600"
_COMPRESSED = ("text/", "application/javascript", "image/svg+xml", "application/manifest+json")
# Addresses outside the folder: apps know the first two for "no picture", browsers and crawlers ask for the next without
# being told, and a service worker speaks only for what lies beside it.
PLACES: Final = {
    "/avatars/original/missing.png": "avatar-missing.png",
    "/headers/original/missing.png": "header-missing.png",
    "/favicon.ico": "favicon.svg",
    "/robots.txt": "robots.txt",
    "/sw.js": "sw.js",
}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent. `packed` is None where compressing gains nothing."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """All static files by their path below the folder."""
    return {
        path.relative_to(STATIC_FOLDER).as_posix(): _read(path.read_bytes(), path.name)
        for path in STATIC_FOLDER.rglob("*")
        if path.is_file()
    }


def _read(body: bytes, name: str) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = "application/javascript" if name.endswith(".js") else kind
    text = kind.startswith(_COMPRESSED)
    return Asset(
        body=body,
        packed=gzip.compress(body, 9, mtime=0) if text else None,
        content_type=f"{kind}; charset=utf-8" if text else kind,
        etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"',
    )


def serve_asset(request: Request, name: str) -> Response:
    """Answer for a static file. Raises NotFound."""
    asset = assets().get(name)
    if asset is None:
        raise NotFound
    marked = "v" in request.query_params
    headers = {
        "etag": asset.etag,
        "cache-control": _FOR_GOOD if marked else _FOR_AN_HOUR,
        "vary": "Accept-Encoding",
        "cross-origin-resource-policy": "cross-origin",
    }
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = asset.body
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = asset.packed
        headers["content-encoding"] = "gzip"
    return Response(body, headers=headers, media_type=asset.content_type)
