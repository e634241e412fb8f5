"""Declaring an endpoint: method, path, who may call it, the form that it takes and what it answers.

The declaration is the single source: requests are decoded by the form's type, answers are described by the return
annotation, and the OpenAPI description is made from both.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec
from starlette.responses import Response

from rostra.api.call import Access
from rostra.kit.paging import Page

H = TypeVar("H", bound=Callable[..., Awaitable[Any]])

# Rate-limit families: requests, seconds. Per token where there is one, else per address (trap 27 of the reference).
FAMILIES: Final[dict[str, tuple[int, int]]] = {
    "media": (30, 30 * 60),
    "deletes": (30, 30 * 60),
    "paging": (300, 15 * 60),
    "apps": (5, 10 * 60),
    "posts": (300, 3 * 3600),
    "follows": (400, 24 * 3600),
    "reports": (400, 24 * 3600),
    "sign_up": (5, 30 * 60),
}


class NoForm(msgspec.Struct, frozen=True):
    """The form of an endpoint that takes no parameters."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint, as declared."""

    method: str
    path: str
    handler: Callable[..., Awaitable[Any]]
    access: Access
    # Any one of these is enough; empty: none needed.
    scopes: tuple[str, ...]
    form: type
    # The type of the body; None where it is no JSON of ours.
    returns_kind: Any
    family: str | None
    summary: str
    # Unix time since when the endpoint is deprecated (RFC 9745).
    deprecated: int | None


class Routes:
    """The endpoints of one noun, collected by decorators in the file where they stand."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.routes: list[Route] = []

    def get(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._add(("GET",), path, **options)

    def post(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._add(("POST",), path, **options)

    def put(self, path: str, **options: Any) -> Callable[[H], H]:
        """PUT and PATCH are one: clients use either."""
        return self._add(("PUT", "PATCH"), path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._add(("DELETE",), path, **options)

    def _add(
        self,
        methods: tuple[str, ...],
        path: str,
        *,
        access: Access = "user",
        scopes: str | tuple[str, ...] = (),
        family: str | None = None,
        deprecated: int | None = None,
    ) -> Callable[[H], H]:
        def register(handler: H) -> H:
            hints = typing.get_type_hints(handler, include_extras=True)
            parameters = list(inspect.signature(handler).parameters)
            form: type = hints[parameters[1]] if len(parameters) > 1 else NoForm
            for method in methods:
                self.routes.append(
                    Route(
                        method=method,
                        path=path,
                        handler=handler,
                        access=access,
                        scopes=(scopes,) if isinstance(scopes, str) else scopes,
                        form=form,
                        returns_kind=response_kind(hints["return"]),
                        family=family,
                        summary=inspect.cleandoc(handler.__doc__ or "").partition("\n")[0],
                        deprecated=deprecated,
                    )
                )
            return handler

        return register


def response_kind(returns: Any) -> Any:
    """The type of the body behind a handler's return annotation; None where it is no JSON of ours."""
    origin = get_origin(returns)
    if origin in (types.UnionType, typing.Union):
        kinds = [kind for kind in (response_kind(part) for part in get_args(returns)) if kind is not None]
        return kinds[0] if kinds else None
    if origin is Page or returns is Page:
        return list[get_args(returns)[0]]
    if returns in (Answer, Response):
        return None
    return returns


class Answer(msgspec.Struct, frozen=True):
    """An answer with a status or headers of its own; handlers that say 200 just return the entity."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
