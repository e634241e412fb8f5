"""Taking access back: by the app (RFC 7009), and by the person who gave it."""

from __future__ import annotations

from rostra.events import Emit, TokensRevoked
from rostra.kit.db import Database, Reader
from rostra.oauth import queries
from rostra.oauth.apps import authenticate_client
from rostra.oauth.errors import OAuthError
from rostra.oauth.records import ConnectedApp
from rostra.oauth.tokens import hash_token


async def revoke_token(db: Database, emit: Emit, *, client_id: str, client_secret: str, token: str) -> None:
    """End a token of the app. An unknown token counts as ended; another app's raises OAuthError unauthorized_client,
    as wrong credentials do."""
    refused = OAuthError("unauthorized_client", "The app may not revoke this token.", status=403)
    async with db.read() as conn:
        try:
            app = await authenticate_client(conn, client_id, client_secret)
        except OAuthError:
            raise refused from None
        found = await queries.find_token(conn, hash_token(token))
    if found is None:
        return
    if found["app_id"] != app.id:
        raise refused
    async with db.transaction() as tx:
        if await queries.delete_token(tx, found["id"]):
            await emit(tx, TokensRevoked(token_ids=[found["id"]]))


async def disconnect_app(db: Database, emit: Emit, account_id: int, app_id: int) -> None:
    """End all that an app may do for a person; nothing happens where that is nothing."""
    async with db.transaction() as tx:
        token_ids = await queries.delete_tokens_of_app(tx, account_id, app_id)
        if token_ids:
            await emit(tx, TokensRevoked(token_ids=token_ids))


async def connected_apps(db: Reader, account_id: int) -> list[ConnectedApp]:
    """The apps that may act for a person, the last connected first."""
    return await queries.list_connected_apps(db, account_id)
