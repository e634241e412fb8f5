"""Declaring a page: method, path, who may open it, the form that it takes. The contract of everything behind `web`.

A page is a function in the file of its subject, registered on that file's `Pages` and named in `web/pages.py`:

    pages = Pages()

    class NoteForm(msgspec.Struct, frozen=True, kw_only=True):
        id: Id                          # from the path; the body's fields and the query's are decoded with it
        comment: str = ""
        return_to: str = ""

    @pages.get("/web/accounts/{id}/note", access="me")
    async def show_note(visit: Visit, form: NoteForm) -> Response:
        return await visit.html("note.html", comment=..., errors={})

    @pages.post("/web/accounts/{id}/note", access="me")
    async def save_note(visit: Visit, form: NoteForm) -> Response:
        try:
            await write_note(visit.res.db, visit.me, form.id, form.comment)
        except Refused as error:                                         # Invalid or InvalidFields
            return await visit.html("note.html", http_status=422, comment=form.comment, errors=errors_of(error))
        return visit.back(form.return_to, "/home", notice=visit.gettext("Saved."))

What the pipeline (`web/respond.py`) has done before a handler runs:
- found the viewer by the session cookie: `visit.viewer` (None for visitors), `visit.me` where access is not "anyone".
  For pages that need a viewer, a visitor's GET is sent to /auth/sign_in and comes back afterwards; anything else gets
  the error page 401. Permissions
  (`accounts/permissions.py`) are asked of the viewer's role: 403 for others.
- on POST and DELETE, checked the CSRF token in the field `csrf` (or the header X-CSRF-Token): every template gets it
  as `page.csrf`. Pages never opt out; what other sites and apps may post to lives under `api`.
- decoded query, path and body (urlencoded, multipart with `Upload` fields) into the form by `kit.forms`, as the API
  does. A field that does not fit ends in the error page 422; declare it as `str` to show the form again instead.

What a handler may rely on afterwards:
- `await visit.html(template, http_status=200, **values)` renders with the frame (`render.Page`: site, viewer, language,
  theme, csrf, notice, unread) and sets the content security policy; `form_action=` widens it for redirects of a form.
- `visit.redirect(path, notice=...)` answers 303; only our own paths: anything else raises ValueError. What comes from
  outside goes through `visit.back(return_to, default)`, which falls back to `default`. `notice` is one translated
  sentence (`visit.gettext`), shown once on the next page.
- `visit.wants_fragment` is true for htmx requests: answer with the fragment instead of a redirect.
- Any RostraError that a handler does not catch becomes the error page of its status; so does every bug (500).
- Cookies go through `visit.cookies`, never through a response.

Handlers return a Starlette Response. They call slices, never SQL, and nothing of `api`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import Permission

if TYPE_CHECKING:
    from rostra.web.visit import Visit

Access = Literal["anyone", "me"] | Permission
Handler = Callable[..., Awaitable[Response]]
H = TypeVar("H", bound=Handler)


class NoForm(msgspec.Struct, frozen=True):
    """The form of a page that takes no parameters."""


class PageRoute(msgspec.Struct, frozen=True, kw_only=True):
    """One page, as declared. `handler` takes the visit and, unless `form` is NoForm, the form."""

    method: str
    path: str
    handler: Handler
    access: Access
    form: type
    # How many files of the largest size its form may send.
    uploads: int = 1
    # Whether they come as StoredUpload, from a folder of the data directory: too large for the memory.
    stores: bool = False

    async def call(self, visit: Visit, form: Any) -> Response:
        """Run the handler."""
        return await (self.handler(visit) if self.form is NoForm else self.handler(visit, form))


class Pages:
    """The pages of one subject, collected by decorators in the file where they stand."""

    def __init__(self) -> None:
        self.routes: list[PageRoute] = []

    def get(self, path: str, *, access: Access = "anyone") -> Callable[[H], H]:
        """A page to look at. It must not change anything."""
        return self._add("GET", path, access)

    def post(self, path: str, *, access: Access = "anyone", uploads: int = 1, stores: bool = False) -> Callable[[H], H]:
        """What a form does."""
        return self._add("POST", path, access, uploads, stores)

    def delete(self, path: str, *, access: Access = "anyone") -> Callable[[H], H]:
        """The same for clients that send DELETE."""
        return self._add("DELETE", path, access)

    def _add(self, method: str, path: str, access: Access, uploads: int = 1, stores: bool = False) -> Callable[[H], H]:
        def register(handler: H) -> H:
            parameters = list(inspect.signature(handler).parameters)
            form: type = NoForm
            if len(parameters) > 1:
                form = typing.get_type_hints(handler, include_extras=True)[parameters[1]]
            self.routes.append(
                PageRoute(
                    method=method,
                    path=path,
                    handler=handler,
                    access=access,
                    form=form,
                    uploads=uploads,
                    stores=stores,
                )
            )
            return handler

        return register
