"""Handing out access tokens: for a person's code, and to apps for themselves (RFC 6749, 4.1.3 and 4.4).

Tokens do not expire: clients of this API know no refreshing. They end when they are revoked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.events import Emit, TokensRevoked
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.oauth import queries
from rostra.oauth.errors import OAuthError, invalid_grant
from rostra.oauth.records import App, Code, NewToken
from rostra.oauth.scopes import ALL_SCOPES, choose_scopes
from rostra.oauth.tokens import hash_token

_OWN_APP: Final = "command-line"
_OWN_NAME: Final = "Command line"
# RFC 7636, 4.1.
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class CodeForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an app sends with a code."""

    code: str
    redirect_uri: str
    code_verifier: str | None = None


async def issue_token(tx: Tx, at: datetime, *, app_id: int, account_id: int | None, scopes: Sequence[str]) -> NewToken:
    """Write a new token for a person, or for the app itself (`account_id` None)."""
    token = secrets.token_urlsafe(32)
    token_id = await queries.insert_token(
        tx, token_hash=hash_token(token), app_id=app_id, account_id=account_id, scopes=scopes, at=at
    )
    return NewToken(id=token_id, token=token, scopes=list(scopes), created_at=at)


async def issue_app_token(db: Database, clock: Clock, app: App, scope: str) -> NewToken:
    """A token for the app itself. Raises OAuthError invalid_scope."""
    scopes = choose_scopes(scope, app.scopes)
    async with db.transaction() as tx:
        return await issue_token(tx, clock.now(), app_id=app.id, account_id=None, scopes=scopes)


async def issue_own_token(db: Database, clock: Clock, account_id: int, scope: str) -> NewToken:
    """A token that the operator makes for somebody, by an app that stands for the command line and can ask nobody.

    Raises OAuthError invalid_scope.
    """
    scopes = choose_scopes(scope, ALL_SCOPES)
    at = clock.now()
    async with db.transaction() as tx:
        app_id = await queries.upsert_own_app(tx, _OWN_APP, _OWN_NAME, list(ALL_SCOPES), at)
        return await issue_token(tx, at, app_id=app_id, account_id=account_id, scopes=scopes)


async def exchange_code(db: Database, clock: Clock, emit: Emit, app: App, form: CodeForm) -> NewToken:
    """A token for a code. Raises OAuthError invalid_grant.

    A code works once. Who sends it again may have stolen it, so the token that it was exchanged for ends
    (RFC 6749, 4.1.2).
    """
    at = clock.now()
    async with db.transaction() as tx:
        code = await queries.lock_code(tx, hash_token(form.code))
        outcome = _check_code(code, app, form, at)
        if code is not None and code.used_at is not None and code.token_id is not None:
            await queries.delete_token(tx, code.token_id)
            await emit(tx, TokensRevoked(token_ids=[code.token_id]))
        if outcome is None and code is not None:
            token = await issue_token(tx, at, app_id=app.id, account_id=code.account_id, scopes=code.scopes)
            await queries.mark_code_used(tx, hash_token(form.code), at, token.id)
            return token
    # Outside the transaction, which must keep what ended.
    raise outcome or invalid_grant("The code is unknown.")


def _check_code(code: Code | None, app: App, form: CodeForm, at: datetime) -> OAuthError | None:
    if code is None or code.app_id != app.id:
        return invalid_grant("The code is unknown.")
    if code.used_at is not None:
        return invalid_grant("The code was used already.")
    if code.expires_at <= at:
        return invalid_grant("The code has expired.")
    if code.redirect_uri != form.redirect_uri:
        return invalid_grant("redirect_uri is not the one that the code was given for.")
    if not code.usable:
        return invalid_grant("The person's login cannot be used.")
    if not _proves(form.code_verifier or None, code.code_challenge):
        return invalid_grant("code_verifier does not match code_challenge.")
    return None


def _proves(verifier: str | None, challenge: str | None) -> bool:
    """Whether the verifier is what the challenge was made from (RFC 7636, 4.6); neither may be there alone."""
    if verifier is None or challenge is None:
        return verifier is challenge
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), challenge)
