"""The one way of a request for a page: find the viewer, check access and CSRF, decode the form, call the handler.

Errors become pages here and nowhere else. What handlers may rely on is written in `web/page.py`.
"""

from __future__ import annotations

import math
from asyncio import to_thread
from typing import Any, Final
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import Response

from rostra.accounts.permissions import check_may
from rostra.accounts.sessions import find_viewer
from rostra.archive.import_archive import folder_of
from rostra.kit.body import read_params
from rostra.kit.errors import (
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    RostraError,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from rostra.kit.forms import StoredUpload, to_form
from rostra.kit.ratelimit import address_key
from rostra.resources import Resources
from rostra.web.confined import Confined, check_confined, confined_page
from rostra.web.cookies import Cookies
from rostra.web.frame import bare_frame
from rostra.web.page import NoForm, PageRoute
from rostra.web.render import render
from rostra.web.visit import Visit, is_local, views

log = structlog.get_logger()

_SAFE: Final = ("GET", "HEAD")
# Forms, seconds; as many as an app may send requests.
_FORMS: Final = (300, 5 * 60)
# Pages that a visitor may look at: more than people behind one address do, less than a crawler in a hurry.
_VISITS: Final = (1_500, 5 * 60)
# The error page knows these; what else there is looks like the nearest.
_SHOWN_AS: Final = {400: 422, 409: 422, 413: 422}


class Expired(Invalid):
    """A form without the right CSRF token: left open for too long, or sent by another site."""

    def __init__(self) -> None:
        super().__init__("csrf", "does not fit")
        self.text = ""


async def respond(request: Request, route: PageRoute, path_params: dict[str, str], res: Resources) -> Response:
    """Answer one request for a known page."""
    try:
        return await _respond(request, route, path_params, res)
    except Unavailable as error:
        return _away(request, res, error)


async def _respond(request: Request, route: PageRoute, path_params: dict[str, str], res: Resources) -> Response:
    visit = await _open(request, res)
    try:
        response = await _handle(visit, route, path_params)
    except Unavailable:
        raise
    except RostraError as error:
        response = await _refuse(visit, route, error)
    except Exception:
        log.exception("a page failed", method=request.method, path=request.url.path)
        response = broken(visit)
    visit.cookies.apply(response)
    return response


async def missing(request: Request, res: Resources) -> Response:
    """The answer to a path that no page has."""
    try:
        visit = await _open(request, res)
        response = await _error_page(visit, NotFound())
    except Unavailable as error:
        return _away(request, res, error)
    visit.cookies.apply(response)
    return response


def _away(request: Request, res: Resources, error: Unavailable) -> Response:
    """The answer while the database is away: a page that needs nothing of it."""
    response = _plain(Visit(request, res, None, Cookies(request, res.settings, res.sealer)), error.status)
    response.headers["retry-after"] = str(math.ceil(error.retry_after))
    return response


def broken(visit: Visit) -> Response:
    """The answer where something failed that should not."""
    return _plain(visit, 500)


def _plain(visit: Visit, status: int) -> Response:
    """An error page that asks the database nothing."""
    return visit.respond(render(views(), bare_frame(visit), "error.html", code=status, detail=""), status)


async def _open(request: Request, res: Resources) -> Visit:
    cookies = Cookies(request, res.settings, res.sealer)
    token = cookies.find("session")
    visit = Visit(request, res, None, cookies)
    if token is None:
        return visit
    viewer = await find_viewer(res.db, res.clock, token, visit.address)
    # Whom a decision has suspended sees what was decided, and no more (`confined`).
    if viewer is None or viewer.obstacle not in (None, "suspended"):
        cookies.drop("session")
        return visit
    return Visit(request, res, viewer, cookies)


async def _handle(visit: Visit, route: PageRoute, path_params: dict[str, str]) -> Response:
    check_confined(visit, route, path_params)
    _check_access(visit, route)
    unsafe = visit.request.method not in _SAFE
    _check_limit(visit, unsafe=unsafe)
    params: dict[str, Any] = {}
    if unsafe or route.form is not NoForm:
        folder = folder_of(visit.res.settings.data_dir) if route.stores else None
        params = await read_params(visit.request, path_params, uploads=route.uploads, folder=folder)
    try:
        if unsafe:
            _check_csrf(visit, params)
        return await route.call(visit, to_form(params, route.form, in_path=path_params))
    finally:
        for value in params.values():
            if isinstance(value, StoredUpload):
                await to_thread(value.path.unlink, missing_ok=True)


def _check_access(visit: Visit, route: PageRoute) -> None:
    if route.access == "anyone":
        return
    me = visit.me
    if route.access != "me":
        check_may(me.role, route.access)


def _check_limit(visit: Visit, *, unsafe: bool) -> None:
    """Count a form against whoever sends it, and a page against the visitor's address. Raises RateLimited."""
    address = f"a{address_key(visit.address or '')}"
    if unsafe:
        who = f"u{visit.viewer.account_id}" if visit.viewer else address
        visit.res.limiter.check(f"page:{who}", *_FORMS)
    elif visit.viewer is None:
        visit.res.limiter.check(f"visit:{address}", *_VISITS)


def _check_csrf(visit: Visit, params: dict[str, Any]) -> None:
    given = params.get("csrf") or visit.request.headers.get("x-csrf-token") or ""
    if visit.request.headers.get("sec-fetch-site") == "cross-site":
        raise Expired
    if not isinstance(given, str) or not visit.cookies.is_csrf(given):
        raise Expired


async def _refuse(visit: Visit, route: PageRoute, error: RostraError) -> Response:
    if isinstance(error, Confined):
        return await confined_page(visit)
    if isinstance(error, Unauthorized) and route.access != "anyone" and visit.viewer is None:
        sign_in = f"/auth/sign_in?return_to={quote(visit.path if is_local(visit.path) else '/home', safe='')}"
        if visit.wants_fragment:
            return Response(status_code=401, headers={"hx-redirect": sign_in.partition("?")[0]})
        if visit.request.method in _SAFE:
            return visit.redirect(sign_in)
    return await _error_page(visit, error)


async def _error_page(visit: Visit, error: RostraError) -> Response:
    if error.operator_text or error.status >= 500:
        log.warning("page refused", status=error.status, reason=error.operator_text or error.text)
    # The page has words of its own, in the reader's language, for what needs no details.
    told = not isinstance(error, NotFound | Unauthorized | Forbidden | RateLimited) and error.status < 500
    code, detail = _SHOWN_AS.get(error.status, error.status), error.text if told else ""
    if isinstance(error, RateLimited) and visit.viewer is None:
        response = _plain(visit, code)
    else:
        response = await visit.html(
            "error.html", http_status=error.status, code=code, number=error.status, detail=detail
        )
    if isinstance(error, RateLimited):
        response.headers["retry-after"] = str(int(error.retry_after) + 1)
    if isinstance(error, TooLarge):
        # What was not read cannot be followed by another request.
        response.headers["connection"] = "close"
    return response
