"""The one way of an API request: find the route, authenticate, check scopes and limits, decode the form, call the
handler, encode what it returns. Errors become Mastodon's shapes here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from rostra.api.call import FOR_ALL, Call, UserNeeded, check_not_frozen, check_usable
from rostra.api.route import FAMILIES, Answer, NoForm, Route
from rostra.kit.body import read_params, split_query
from rostra.kit.errors import (
    FieldProblem,
    Forbidden,
    Invalid,
    InvalidFields,
    NotFound,
    RateLimited,
    RostraError,
    Unauthorized,
    Unavailable,
)
from rostra.kit.forms import to_form
from rostra.kit.paging import Page
from rostra.kit.ratelimit import OverLimit, RateState, address_key
from rostra.oauth.bearer import bearer_token
from rostra.oauth.scopes import satisfies
from rostra.oauth.tokens import TokenOwner
from rostra.resources import Resources

log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode
_JSON_HEADER = (b"content-type", b"application/json; charset=utf-8")
_READS = frozenset({"GET", "HEAD"})
# What a link to another page says itself, and what must not be handed on in one.
_NOT_IN_LINKS = ("max_id", "since_id", "min_id", "access_token")
# Bytes of an address that is remembered.
_KEPT_ADDRESS = 500
# Without a token, the address stands for it.
_PER_TOKEN = (300, 5 * 60)
_PER_PERSON = (1500, 5 * 60)


async def answer(request: Request, route: Route, path_params: dict[str, str], res: Resources) -> Response:
    """Answer one request to a known route. Never raises but for the server's own end."""
    headers: dict[str, str] = {"vary": "Authorization, Origin"}
    if route.deprecated:
        headers["deprecation"] = f"@{route.deprecated}"
    owner: TokenOwner | None = None
    looked_up = False
    reads = request.method in _READS
    try:
        token = None if route.access == "open" else bearer_token(request)
        if token is not None:
            owner = res.tokens.recall_owner(token) if reads else None
            if owner is None:
                looked_up = True
                owner = await res.tokens.find_owner(token)
        # What is refused counts too, and says what is left.
        _check_limits(route, owner, request, res, headers)
        if token is not None and owner is None and route.access != "anyone":
            raise Unauthorized
        _check_access(route, owner)
        call = Call(request, res, owner, looked_up=looked_up)
        given = NoForm()
        if route.form is not NoForm:
            given = to_form(await read_params(request, path_params), route.form, in_path=path_params)
            body = await route.handler(call, given)
        else:
            body = await route.handler(call)
    except RostraError as error:
        return error_response(error, headers)
    finally:
        if not reads:
            _forget(res, owner)
    return _respond(body, request, headers, res, private=owner is not None)


def _forget(res: Resources, owner: TokenOwner | None) -> None:
    """Whatever a request has changed of a person's rights and settings holds from its answer on: most change their own
    at most, staff and those who prove otherwise who they are may change anybody's."""
    viewer = owner.viewer if owner else None
    res.tokens.forget(viewer.account_id if viewer and viewer.role == "user" else None)


def _respond(body: Any, request: Request, headers: dict[str, str], res: Resources, *, private: bool) -> Response:
    headers["cache-control"] = "private, no-store" if private else "no-cache"
    status = 200
    if isinstance(body, Answer):
        status = body.status
        headers.update(body.headers)
        body = body.body
    if isinstance(body, Page):
        page = cast("Page[Any]", body)
        if link := _links(page, request, res):
            headers["link"] = link
        body = page.items
    if isinstance(body, Response):
        body.headers.update(headers)
        return body
    return _Json(_encode(body), status, headers)


class _Json(Response):
    """A body of JSON with the headers that an answer of ours has. Starlette's own asks for each whether it may stay as
    it is, which takes longer than all else about it."""

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self.body = body
        self.status_code = status
        self.background = None
        self.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.raw_headers.append((b"content-length", b"%d" % len(body)))
        if "content-type" not in headers:
            self.raw_headers.append(_JSON_HEADER)


def _links(page: Page[Any], request: Request, res: Resources) -> str:
    """The Link header of RFC 8288 in the form that clients parse: absolute, `rel` quoted and right behind."""
    if page.newest is None or page.oldest is None:
        return ""
    here = res.urls.base + _address_of_list(request.scope["path"], request.scope["query_string"])
    links = [f'<{here}min_id={page.newest}>; rel="prev"']
    if page.more:
        links.insert(0, f'<{here}max_id={page.oldest}>; rel="next"')
    return ", ".join(links)


def _address_of_list(path: str, query: bytes) -> str:
    """The address of a list without its place in it, for a parameter to follow. Apps ask for few different ones, which
    are kept; what nobody but an attacker asks for would fill the memory."""
    return (short_address if len(path) + len(query) <= _KEPT_ADDRESS else _make_address)(path, query)


def _make_address(path: str, query: bytes) -> str:
    kept = [(key, value) for key, value in split_query(query) if key not in _NOT_IN_LINKS]
    return f"{quote(path)}?{urlencode(kept)}{'&' if kept else ''}"


short_address = lru_cache(maxsize=1024)(_make_address)


def _check_access(route: Route, owner: TokenOwner | None) -> None:
    if owner is None:
        if route.access not in FOR_ALL:
            raise Unauthorized
        return
    if route.scopes and not any(satisfies(owner.scopes, scope) for scope in route.scopes):
        raise Forbidden("This action is outside the authorized scopes")
    if route.access == "user":
        if owner.viewer is None:
            raise UserNeeded
        check_usable(owner.viewer)
        check_not_frozen(owner.viewer, route.method, route.path, route.scopes)


def _check_limits(
    route: Route, owner: TokenOwner | None, request: Request, res: Resources, headers: dict[str, str]
) -> None:
    """Count the request against the limits of its token, its person and its family; the tightest shows in the headers.
    Raises OverLimit."""
    who = f"t{owner.token_id}" if owner else _address(request)
    limits: list[tuple[str, int, int]] = [(f"api:{who}", *_PER_TOKEN)]
    if owner:
        # Whoever asks for an app's own tokens gets as many as they like: behind those stands their address.
        who = f"u{owner.viewer.account_id}" if owner.viewer else _address(request)
        limits.append((f"api:{'' if owner.viewer else 'app:'}{who}", *_PER_PERSON))
    if route.family is not None:
        limits.append((f"{route.family}:{who}", *FAMILIES[route.family]))
    _say_limit(res.limiter.check_each(limits), headers)


def _address(request: Request) -> str:
    return f"a{address_key(client_address(request))}"


def say_limits(response: Response, request: Request, res: Resources) -> None:
    """Give an answer that no endpoint here has made (a stream's, a path's that leads nowhere) what the others have: the
    limits, of its address, against which it does not count."""
    if any(name == b"x-ratelimit-limit" for name, _ in response.raw_headers):
        return
    headers: dict[str, str] = {}
    try:
        _say_limit(res.limiter.check(f"api:{_address(request)}", *_PER_TOKEN, cost=0), headers)
    except OverLimit as error:
        _say_limit(error.state, headers)
    response.headers.update(headers)


def _say_limit(state: RateState, headers: dict[str, str]) -> None:
    headers["x-ratelimit-limit"] = str(state.limit)
    headers["x-ratelimit-remaining"] = str(state.remaining)
    headers["x-ratelimit-reset"] = _spell_moment(state.reset_at)


@lru_cache(maxsize=16)
def _spell_moment(moment: datetime) -> str:
    """Windows end at few different moments, and many requests name the same one."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def client_address(request: Request) -> str:
    """The address of whoever asks; behind a trusted proxy the server has put the real one there."""
    return request.client.host if request.client else "127.0.0.1"


def error_response(error: RostraError, headers: Mapping[str, str] | None = None) -> Response:
    """An error in Mastodon's shape: `{"error": text}`, with `details` by field for forms."""
    # Of a database that is away the pool has spoken, once.
    if (error.operator_text or error.status >= 500) and not isinstance(error, Unavailable):
        log.warning("request refused", status=error.status, reason=error.operator_text or error.text)
    body: dict[str, Any] = {"error": error.text, **getattr(error, "more", {})}
    if isinstance(error, Invalid | InvalidFields) and error.details:
        body["details"] = {field: _problems(problems) for field, problems in error.details.items()}
    more = {"cache-control": "private, no-store", **(headers or {}), **getattr(error, "headers", {})}
    if isinstance(error, OverLimit):
        _say_limit(error.state, more)
    if isinstance(error, RateLimited | Unavailable):
        more["retry-after"] = str(math.ceil(error.retry_after))
    if isinstance(error, Unauthorized):
        more["www-authenticate"] = 'Bearer realm="Rostra", error="invalid_token"'
    return _Json(_encode(body), error.status, more)


def _problems(problems: Sequence[FieldProblem]) -> list[dict[str, str]]:
    return [{"error": problem.code, "description": problem.description} for problem in problems]


def not_found() -> Response:
    """The answer to a path that no route has."""
    return error_response(NotFound())
