"""Files at their public address: for everybody or, while their post waits for review, for its author."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rostra.accounts.sessions import find_viewer
from rostra.media.gate import Gate
from rostra.media.serve import keep_private, serve_media, serve_nothing
from rostra.oauth.bearer import bearer_token
from rostra.resources import Resources
from rostra.web.cookies import Cookies


async def serve_file(request: Request, res: Resources, gate: Gate, key: str) -> Response:
    """Answer GET or HEAD for the object `key`. Who signed in or sends a token is looked at only where it matters, so
    that caches need not know of it. Raises StoreUnavailable, and Unavailable where the database is away."""
    found = await gate.find(key)
    if found.whom == "everybody":
        return await serve_media(res.store, request, key)
    if found.whom == "author" and found.author_id in await _asking(request, res):
        return keep_private(await serve_media(res.store, request, key), "no-store")
    return serve_nothing()


async def _asking(request: Request, res: Resources) -> list[int]:
    """The accounts in whose name a request comes: of the session, and of the token."""
    found: list[int] = []
    session = Cookies(request, res.settings, res.sealer).find("session")
    viewer = await find_viewer(res.db, res.clock, session) if session else None
    token = bearer_token(request)
    owner = await res.tokens.find_owner(token) if token else None
    for each in (viewer, owner.viewer if owner else None):
        if each is not None and each.obstacle is None:
            found.append(each.account_id)
    return found
