"""The token endpoints of OAuth 2. Where people sign in and agree is `web.authorize`."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request

from rostra.accounts.render import hydrate_accounts
from rostra.api.answer import client_address
from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.entities.account import Account
from rostra.entities.empty import Empty
from rostra.entities.oauth import Token, UserInfo
from rostra.kit.ratelimit import address_key
from rostra.oauth.apps import authenticate_client
from rostra.oauth.errors import OAuthError, invalid_request
from rostra.oauth.exchange import CodeForm, exchange_code, issue_app_token
from rostra.oauth.records import App, NewToken
from rostra.oauth.revoke import revoke_token

routes = Routes("oauth")

# RFC 6749, 5.1. Mistakes of one address with secrets and codes are few where they are honest.
_UNCACHED = (("cache-control", "no-store"), ("pragma", "no-cache"))
_TOKENS_PER_ADDRESS = (100, 5 * 60)


class TokenForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/oauth/#token"""

    grant_type: str = ""
    code: str = ""
    client_id: str = ""
    client_secret: str = ""
    redirect_uri: str = ""
    code_verifier: str | None = None
    scope: str = ""


class RevokeForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/oauth/#revoke"""

    token: str = ""
    client_id: str = ""
    client_secret: str = ""


@routes.post("/oauth/token", access="open")
async def create_token(call: Call, form: TokenForm) -> Token | Answer:
    """An access token for a code, or for the app itself."""
    res = call.res
    await res.limiter.check_exactly(res.db, f"token:{address_key(client_address(call.request))}", *_TOKENS_PER_ADDRESS)
    if not form.grant_type:
        raise invalid_request("grant_type is missing.")
    app = await _client(call, form.client_id, form.client_secret)
    if form.grant_type == "authorization_code":
        if not form.code or not form.redirect_uri:
            raise invalid_request("code and redirect_uri must be given.")
        given = CodeForm(code=form.code, redirect_uri=form.redirect_uri, code_verifier=form.code_verifier)
        token = await exchange_code(res.db, res.clock, res.emit, app, given)
    elif form.grant_type == "client_credentials":
        token = await issue_app_token(res.db, res.clock, app, form.scope)
    else:
        raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code or client_credentials.")
    return _uncached(render_token(token))


@routes.post("/oauth/revoke", access="open")
async def end_token(call: Call, form: RevokeForm) -> Empty:
    """End a token of the app."""
    client_id, secret = _credentials(call.request, form.client_id, form.client_secret)
    await revoke_token(call.res.db, call.res.emit, client_id=client_id, client_secret=secret, token=form.token)
    return Empty()


async def _user_info(call: Call) -> UserInfo:
    [raw] = await hydrate_accounts(call.res.db, [call.me.account_id], call.res.urls)
    account = msgspec.json.decode(raw, type=Account)
    return UserInfo(
        iss=f"{call.res.urls.base}/",
        sub=account.uri,
        name=account.display_name,
        preferred_username=account.username,
        profile=account.url,
        picture=account.avatar,
    )


@routes.get("/oauth/userinfo", scopes="profile")
async def show_user_info(call: Call) -> UserInfo:
    """Who the person behind the token is."""
    return await _user_info(call)


@routes.post("/oauth/userinfo", scopes="profile")
async def post_user_info(call: Call) -> UserInfo:
    """The same; OpenID Connect allows both methods."""
    return await _user_info(call)


def render_token(token: NewToken) -> Token:
    """A fresh token as an entity."""
    return Token(access_token=token.token, scope=" ".join(token.scopes), created_at=int(token.created_at.timestamp()))


def _uncached(token: Token) -> Answer:
    return Answer(token, headers=_UNCACHED)


async def _client(call: Call, client_id: str, client_secret: str) -> App:
    name, secret = _credentials(call.request, client_id, client_secret)
    async with call.res.db.read() as conn:
        return await authenticate_client(conn, name, secret)


def _credentials(request: Request, client_id: str, client_secret: str) -> tuple[str, str]:
    """The client's name and secret: from HTTP Basic, whose two parts are form-encoded (RFC 6749, 2.3.1), else as sent
    in the body."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return client_id, client_secret
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_request("The Authorization header cannot be read.") from None
    return unquote_plus(name), unquote_plus(secret)
