"""The first half of the authorization code grant: an app asks, a person decides (RFC 6749, 4.1.1 and 4.1.2).

Showing the question is `web`'s; exchanging the code for a token is `exchange`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.oauth import queries
from rostra.oauth.errors import OAuthError, invalid_request
from rostra.oauth.records import App, AuthorizationRequest
from rostra.oauth.redirects import with_parameters
from rostra.oauth.scopes import choose_scopes
from rostra.oauth.tokens import hash_token

CODE_LIFETIME: Final = timedelta(minutes=10)
# The base64url form of a SHA-256 hash (RFC 7636, 4.2).
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class AuthorizeForm(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of /oauth/authorize, as they came."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None


class Misdirected(OAuthError):
    """A bad request whose sender is known: the refusal goes back to the app at `location`."""

    def __init__(self, error: OAuthError, location: str) -> None:
        self.location = location
        super().__init__(error.code, error.description, status=error.status)


async def check_request(db: Reader, form: AuthorizeForm) -> AuthorizationRequest:
    """Raises OAuthError where the app or its address is unknown, so that nothing may be sent there; and Misdirected
    where the rest is wrong, which the app is told."""
    app = await queries.find_app(db, form.client_id)
    if app is None:
        raise OAuthError("invalid_client", "The app is not registered here.", status=401)
    if form.redirect_uri not in app.redirect_uris:
        raise invalid_request("redirect_uri is not one of those that the app has registered.")
    try:
        return _check_rest(app, form)
    except OAuthError as error:
        raise Misdirected(error, refusal(form.redirect_uri, form.state, error)) from None


def _check_rest(app: App, form: AuthorizeForm) -> AuthorizationRequest:
    if form.response_type != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")
    challenge = form.code_challenge or None
    if challenge and form.code_challenge_method != "S256":
        raise invalid_request("code_challenge_method must be S256.")
    if challenge and not _CHALLENGE.fullmatch(challenge):
        raise invalid_request("code_challenge must be a SHA-256 hash in base64url.")
    return AuthorizationRequest(
        app=app,
        redirect_uri=form.redirect_uri,
        scopes=choose_scopes(form.scope, app.scopes),
        state=form.state,
        code_challenge=challenge,
    )


async def grant_code(db: Database, clock: Clock, request: AuthorizationRequest, account_id: int) -> str:
    """Write down a person's consent, and return the code that the app may exchange for a token once."""
    code = secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        await queries.insert_code(
            tx,
            code_hash=hash_token(code),
            app_id=request.app.id,
            account_id=account_id,
            redirect_uri=request.redirect_uri,
            scopes=request.scopes,
            code_challenge=request.code_challenge,
            expires_at=clock.now() + CODE_LIFETIME,
        )
    return code


def acceptance(request: AuthorizationRequest, code: str) -> str:
    """Where a person goes who has agreed."""
    return with_parameters(request.redirect_uri, {"code": code, "state": request.state})


def refusal(redirect_uri: str, state: str | None, error: OAuthError) -> str:
    """Where a person goes whose app is refused."""
    return with_parameters(redirect_uri, {"error": error.code, "error_description": error.description, "state": state})


def denied() -> OAuthError:
    """The person has said no."""
    return OAuthError("access_denied", "The person has declined.")


def parameters_of(form: AuthorizeForm, names: Sequence[str] = AuthorizeForm.__struct_fields__) -> dict[str, str]:
    """The parameters that were given, for a form that sends them again."""
    return {name: value for name in names if (value := getattr(form, name))}
