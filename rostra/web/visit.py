"""One request for a page on its way to its handler: who visits, and the ways to answer. See `web/page.py`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from rostra.accounts.records import Viewer
from rostra.kit.errors import Invalid, InvalidFields, OutOfRange, Unauthorized
from rostra.posts.hydrate import StatusReader
from rostra.resources import Resources
from rostra.screening.judgement import Rejected
from rostra.web.cookies import Cookies
from rostra.web.frame import build_frame, speak
from rostra.web.render import Page, Views, content_security_policy, load_views, render, translate

# Codes that say nothing to a reader, or that come with words for one.
_WORDS = ("ERR_INVALID", "ERR_REJECTED")

# What handlers catch to show a form again.
Refused = (Invalid, InvalidFields, Rejected)
FormError = Invalid | InvalidFields | Rejected

# A path of ours: one slash, then anything but what would make it another host's or split a header.
_LOCAL: Final = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")

# The way from an app through the browser and back. An app in another tab may have opened a window for it, and sees in
# that window when it ends: a page that cuts the two apart looks to the app as if the window had been closed.
_FOR_APPS: Final = ("/oauth/", "/auth/")


class Visit:
    """What a page's handler is given beside its form."""

    __slots__ = ("_frame", "cookies", "language", "request", "res", "viewer")

    def __init__(self, request: Request, res: Resources, viewer: Viewer | None, cookies: Cookies) -> None:
        self.request = request
        self.res = res
        self.viewer = viewer
        self.cookies = cookies
        self.language = speak(request, viewer, cookies)
        self._frame: Page | None = None

    @property
    def me(self) -> Viewer:
        """The viewer of a page that is for those who have signed in."""
        if self.viewer is None:
            raise Unauthorized
        return self.viewer

    @property
    def path(self) -> str:
        """The path of the request with its query."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    @property
    def place(self) -> str:
        """The path that leads back here: of a form that was sent, that of the page on which it stood."""
        if self.request.method in ("GET", "HEAD"):
            return self.path
        base = self.res.urls.base
        page = self.request.headers.get("referer", "").removeprefix(base)
        if is_local(page):
            return page
        return "/home" if self.path.startswith("/web/") else self.path

    @property
    def address(self) -> str | None:
        """The visitor's IP address, where it is one."""
        host = self.request.client.host if self.request.client else ""
        try:
            return str(ipaddress.ip_address(host.partition("%")[0]))
        except ValueError:
            return None

    @property
    def wants_fragment(self) -> bool:
        """Whether htmx asks, for a piece of a page."""
        return self.request.headers.get("hx-request") == "true"

    async def statuses(self) -> StatusReader:
        """A reader of statuses for this viewer, with the viewer's filters."""
        filters = await self.res.filters.of(self.res.db, self.viewer)
        viewer_id = self.viewer.account_id if self.viewer else None
        views = self.res.views if self.request.method == "GET" else None
        at = self.res.clock.now()
        return StatusReader(self.res.db, self.res.urls, viewer_id, at, filters, self.language, self.res.texts, views)

    def gettext(self, text: str, **values: object) -> str:
        """A sentence in the reader's language, `%(name)s` filled in."""
        return translate(views(), self.language, text, **values)

    async def html(
        self, template: str, /, *, http_status: int = 200, form_action: Sequence[str] = ("'self'",), **values: object
    ) -> Response:
        """A page or fragment made of a template. `form_action` are the sources that its forms may lead to."""
        frame = self._frame = self._frame or await build_frame(self)
        return self.respond(render(views(), frame, template, **values), http_status, form_action)

    def respond(self, html: str, status: int = 200, form_action: Sequence[str] = ("'self'",)) -> Response:
        """HTML with the headers of a page."""
        media = [self.res.settings.media_url] if self.res.settings.media_url else []
        headers = {
            "content-security-policy": content_security_policy(media=media, form_action=form_action),
            "cache-control": "private, no-store" if self.viewer else "private, no-cache",
            "vary": "Cookie, Accept-Language, HX-Request",
            "cross-origin-opener-policy": "unsafe-none" if self.path.startswith(_FOR_APPS) else "same-origin",
        }
        return HTMLResponse(html, status, headers)

    def redirect(self, path: str, *, notice: str | None = None) -> Response:
        """Send the browser to a path of ours. Raises ValueError for any other address."""
        if not is_local(path):
            raise ValueError(f"{path!r} is not a path of ours")
        if notice:
            self.cookies.set_notice(notice, self.res.clock.now())
        return Response(status_code=303, headers={"location": path, "cache-control": "private, no-store"})

    def back(self, return_to: str, default: str, *, notice: str | None = None) -> Response:
        """Send the browser to where a form says that it came from, or else to `default`."""
        return self.redirect(return_to if is_local(return_to) else default, notice=notice)


@cache
def views() -> Views:
    """The templates and translations of this process."""
    return load_views()


def is_local(path: str) -> bool:
    """Whether an address is a path of ours, which no browser takes for another host's (CWE-601)."""
    return path.isascii() and _LOCAL.fullmatch(path) is not None


# Mastodon's code says less of these than we know.
_OF_ACCOUNTS: Final = {("username", "ERR_INVALID"): "ERR_CHARACTERS", ("email", "ERR_INVALID"): "ERR_EMAIL"}


def errors_of(error: FormError) -> Mapping[str, str]:
    """The first problem of each field, for a form that is shown again: its code, with the ends of a range behind it, or
    the words where the code says nothing."""
    if isinstance(error, OutOfRange):
        return {error.field: " ".join(("ERR_RANGE", *error.range))}
    found: dict[str, str] = {}
    for field, problems in error.details.items():
        first = problems[0]
        known = _OF_ACCOUNTS.get((field, first.code)) if isinstance(error, InvalidFields) else None
        found[field] = known or (first.description if first.code in _WORDS else first.code)
    return found
