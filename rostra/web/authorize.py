"""Where a person decides what an app may do (RFC 6749, 4.1). What is asked and granted is `oauth`'s."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from starlette.responses import Response

from rostra.kit.errors import BadRequest
from rostra.oauth.authorize import (
    AuthorizeForm,
    Misdirected,
    acceptance,
    check_request,
    denied,
    grant_code,
    parameters_of,
    refusal,
)
from rostra.oauth.errors import OAuthError
from rostra.oauth.records import OUT_OF_BAND, AuthorizationRequest
from rostra.oauth.redirects import origin_of
from rostra.web.language import LANGUAGES
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_NATIVE: Final = "/oauth/authorize/native"
# What may stand unencoded in a header: everything else of a registered address is encoded.
_SAFE: Final = ":/%#?=@[]!$&'()*+,;~"


class AskForm(AuthorizeForm, frozen=True, kw_only=True):
    """What an app sends with the browser."""

    force_login: bool = False
    lang: str = ""


class DecisionForm(AuthorizeForm, frozen=True, kw_only=True):
    """What the person answers."""

    decision: str = ""


class NativeForm(msgspec.Struct, frozen=True, kw_only=True):
    code: str = ""


@pages.get("/oauth/authorize")
async def ask(visit: Visit, form: AskForm) -> Response:
    """The question; who is not signed in signs in first and comes back."""
    if form.lang.partition("-")[0] in LANGUAGES:
        visit.language = form.lang.partition("-")[0]
    try:
        request = await _check(visit, form)
    except OAuthError as error:
        # Anybody can register an app and hand out links to here: nobody is led on by one without having agreed to it
        # (RFC 9700, 4.11.2).
        return await _tell(visit, error)
    if visit.viewer is None or form.force_login:
        here = f"/oauth/authorize?{urlencode(parameters_of(form))}"
        again = {"again": "1"} if visit.viewer else {}
        return visit.redirect(f"/auth/sign_in?{urlencode({**again, 'return_to': here})}")
    return await visit.html(
        "oauth/authorize.html",
        form_action=("'self'", *_sources(request.redirect_uri)),
        app={"name": request.app.name, "website": request.app.website},
        scopes=request.scopes,
        hidden=parameters_of(form),
        target=_target(request.redirect_uri),
    )


@pages.post("/oauth/authorize", access="me")
async def decide(visit: Visit, form: DecisionForm) -> Response:
    """Yes or no."""
    try:
        request = await _check(visit, form)
        if form.decision != "approve":
            raise denied()
    except OAuthError as error:
        return await _refuse(visit, form, error)
    code = await grant_code(visit.res.db, visit.res.clock, request, visit.me.account_id)
    if request.redirect_uri == OUT_OF_BAND:
        return visit.redirect(f"{_NATIVE}?{urlencode({'code': code})}")
    return _leave(acceptance(request, code))


@pages.delete("/oauth/authorize", access="me")
async def deny(visit: Visit, form: AuthorizeForm) -> Response:
    """No, as an own method."""
    try:
        await _check(visit, form)
    except OAuthError as error:
        return await _refuse(visit, form, error)
    return await _refuse(visit, form, denied())


@pages.get(_NATIVE, access="me")
async def show_code(visit: Visit, form: NativeForm) -> Response:
    """The code, for apps that have no address of their own."""
    if not form.code:
        raise BadRequest("The parameter code is missing")
    return await visit.html("oauth/native.html", code=form.code, app=None)


@pages.get("/oauth/authorized_applications", access="me")
async def list_apps(visit: Visit) -> Response:
    """Where apps are listed and lose their access."""
    return visit.redirect("/settings/sessions")


async def _check(visit: Visit, form: AuthorizeForm) -> AuthorizationRequest:
    async with visit.res.db.read() as conn:
        return await check_request(conn, form)


async def _refuse(visit: Visit, form: AuthorizeForm, error: OAuthError) -> Response:
    """Tell the app, if it is known and has an address; else the person, since nobody else may be told."""
    if form.redirect_uri != OUT_OF_BAND:
        if isinstance(error, Misdirected):
            return _leave(error.location)
        if error.code == "access_denied":
            return _leave(refusal(form.redirect_uri, form.state, error))
    return await _tell(visit, error)


async def _tell(visit: Visit, error: OAuthError) -> Response:
    """Say to the person what is wrong."""
    code = 403 if error.code == "access_denied" else 422
    return await visit.html(
        "error.html", http_status=error.status, code=code, number=error.status, detail=error.description
    )


def _leave(location: str) -> Response:
    """Send the browser to an address that an app has registered."""
    headers = {"location": quote(location, safe=_SAFE), "cache-control": "private, no-store"}
    return Response(status_code=303, headers=headers)


def _sources(redirect_uri: str) -> list[str]:
    return [] if redirect_uri == OUT_OF_BAND else [origin_of(redirect_uri)]


def _target(redirect_uri: str) -> str:
    if redirect_uri == OUT_OF_BAND:
        return ""
    return urlsplit(redirect_uri).hostname or redirect_uri.partition(":")[0]
