"""Opening a stream: who connects, with what rights, and to which streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import HTTPConnection

from rostra.accounts.sessions import find_viewer
from rostra.api.call import check_usable
from rostra.kit.errors import Forbidden, NotFound, Unauthorized
from rostra.resources import Resources
from rostra.streaming import queries
from rostra.streaming.subscriptions import Stream, Subscriber, check_scopes, parse_stream

_PROTOCOLS: Final = "sec-websocket-protocol"


class Asked(msgspec.Struct, frozen=True):
    """A stream as a client names it."""

    stream: str
    tag: str = ""
    list_id: str = ""


def subprotocols(connection: HTTPConnection) -> Sequence[str]:
    """What the client offers; browsers carry the access token there, and it must be echoed."""
    return [part.strip() for part in connection.headers.get(_PROTOCOLS, "").split(",") if part.strip()]


def _token(connection: HTTPConnection) -> str | None:
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        return token.strip()
    offered = subprotocols(connection)
    return connection.query_params.get("access_token") or (offered[0] if offered else None)


async def subscriber_of(connection: HTTPConnection, res: Resources) -> Subscriber:
    """Whoever connects, by an access token. Raises Unauthorized and Forbidden."""
    token = _token(connection)
    if token is None:
        raise Unauthorized("Missing access token")
    owner = await res.tokens.find_owner(token)
    if owner is None:
        raise Unauthorized
    if owner.viewer is None:
        raise Forbidden("This method requires an authenticated user")
    check_usable(owner.viewer)
    return Subscriber(owner.viewer, owner.scopes)


async def session_of(connection: HTTPConnection, res: Resources) -> Subscriber:
    """Whoever connects from one of our own pages, by the cookie of their session. Raises Unauthorized and Forbidden.

    Browsers send cookies with a WebSocket whatever site opens it, and no token protects that; so the page must be ours
    (CWE-1385). The host that was asked counts as ours, too: a server on loopback goes by several names.
    """
    origin = urlsplit(connection.headers.get("origin", ""))
    if origin.netloc not in (res.settings.domain, connection.headers.get("host")) or not origin.netloc:
        raise Forbidden("This address is for our own pages")
    token = connection.cookies.get(f"{res.settings.cookie_prefix}session")
    viewer = await find_viewer(res.db, res.clock, token) if token else None
    if viewer is None or viewer.obstacle is not None:
        raise Unauthorized("Sign in first")
    return Subscriber(viewer, None)


def name_stream(asked: Asked, subscriber: Subscriber) -> Stream:
    """The stream that is asked for, whether or not this connection may have it. Raises BadRequest."""
    return parse_stream(asked.stream, tag=asked.tag, list_id=asked.list_id, account_id=subscriber.viewer.account_id)


def label_of(asked: Asked) -> tuple[str, ...]:
    """How the stream is named in frames: as the client spelt it, for clients compare word by word."""
    param = {"hashtag": asked.tag, "hashtag:local": asked.tag, "list": asked.list_id}.get(asked.stream)
    return (asked.stream,) if param is None else (asked.stream, param)


async def open_stream(asked: Asked, subscriber: Subscriber, res: Resources) -> Stream:
    """The stream that is asked for, if this connection may have it. Raises BadRequest, Forbidden, NotFound."""
    stream = name_stream(asked, subscriber)
    check_scopes(stream, subscriber.scopes)
    if stream.name == "list":
        async with res.db.read() as conn:
            if not await queries.owns_list(conn, int(stream.param), subscriber.viewer.account_id):
                raise NotFound
    return stream
