"""Registering apps, and apps proving who they are."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import FieldProblem, Invalid, InvalidFields
from rostra.oauth import queries
from rostra.oauth.errors import invalid_client
from rostra.oauth.records import App
from rostra.oauth.redirects import check_redirect_uri
from rostra.oauth.scopes import ALL_SCOPES
from rostra.oauth.tokens import hash_token

MAX_NAME: Final = 60
MAX_WEBSITE: Final = 2000
_MAX_REDIRECT_URIS: Final = 20


async def register_app(
    db: Database, clock: Clock, *, name: str, website: str | None, redirect_uris: Sequence[str], scopes: Sequence[str]
) -> tuple[App, str]:
    """Register an app and return it with its secret, which is not kept in plain text.

    Raises InvalidFields and Invalid with what has to change.
    """
    name, website = name.strip(), (website or "").strip() or None
    _check_name(name, redirect_uris)
    _check_website(website)
    for uri in redirect_uris:
        check_redirect_uri(uri)
    if any(scope not in ALL_SCOPES for scope in scopes):
        raise Invalid("scopes", "doesn't match what is configured on the server")
    secret = secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        app = await queries.insert_app(
            tx,
            name=name,
            website=website,
            redirect_uris=list(dict.fromkeys(redirect_uris)),
            scopes=list(dict.fromkeys(scopes)),
            client_id=secrets.token_urlsafe(32),
            client_secret_hash=hash_token(secret),
            at=clock.now(),
        )
    return app, secret


def _check_name(name: str, redirect_uris: Sequence[str]) -> None:
    problems: dict[str, list[FieldProblem]] = {}
    if not name:
        problems["client_name"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    elif len(name) > MAX_NAME:
        problems["client_name"] = [FieldProblem("ERR_TOO_LONG", f"is too long (maximum is {MAX_NAME} characters)")]
    if not redirect_uris:
        problems["redirect_uris"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    elif len(redirect_uris) > _MAX_REDIRECT_URIS:
        problems["redirect_uris"] = [FieldProblem("ERR_TOO_LONG", f"are more than {_MAX_REDIRECT_URIS}")]
    if problems:
        raise InvalidFields(problems)


def _check_website(website: str | None) -> None:
    if website is None:
        return
    try:
        parts = urlsplit(website)
    except ValueError:
        raise Invalid("website", "must be a valid URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("website", "must be a valid URL")
    if len(website) > MAX_WEBSITE:
        raise Invalid("website", f"is too long (maximum is {MAX_WEBSITE} characters)", code="ERR_TOO_LONG")


async def authenticate_client(db: Reader, client_id: str, client_secret: str) -> App:
    """The app that these credentials belong to. Raises OAuthError invalid_client."""
    app = await queries.find_app(db, client_id)
    if app is None or not hmac.compare_digest(hash_token(client_secret), app.client_secret_hash):
        raise invalid_client()
    return app


async def find_app(db: Database, client_id: str) -> App | None:
    """The app with this public identifier."""
    async with db.read() as conn:
        return await queries.find_app(conn, client_id)


async def get_app(db: Database, app_id: int) -> App:
    """The app of a token; it exists as long as its tokens do."""
    async with db.read() as conn:
        app = await queries.find_app_by_id(conn, app_id)
    assert app is not None
    return app
