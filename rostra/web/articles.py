"""Statuses as HTML, kept in memory: most readers are shown the same article, but for the token of their forms.

An article is kept by all that it is made of: its status as JSON, and what of the reader shows in it. It is drawn for a
frame that has nothing else, with marks where the form's token and the page's address go; so what is kept cannot hold
what is another reader's. Whether somebody may see a status was decided before it came here, for each reader anew.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

import msgspec
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from rostra.kit.kept import Kept
from rostra.web import formats
from rostra.web.context import Page
from rostra.web.formats import Entity

# In characters; an article has about three thousand.
_MOST: Final = 24 << 20
_MACROS: Final = "macros/status.html"
_PREFERENCES: Final = ("reading:expand:spoilers", "reading:expand:media")


class _Author(msgspec.Struct):
    id: str


class _Glimpse(msgspec.Struct):
    """What has to be known of a status to find its article."""

    created_at: str
    account: _Author
    reblog: _Glimpse | None = None
    # Both tell times or counts that are not among what an article is kept by.
    poll: dict[str, Any] | None = None
    quote: dict[str, Any] | None = None


_glimpse = msgspec.json.Decoder(_Glimpse).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Shown(Mapping[str, Any]):
    """A status as templates take it, read from its JSON when something of it is asked for."""

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._fields: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._fields is None:
            self._fields = _decode(self.raw)
        return self._fields

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class _Frame:
    """What an article shows of its reader, and nothing else; made once for a page."""

    def __init__(self, environment: Environment, page: Page) -> None:
        self._environment = environment
        self._page = page
        self._draw: Callable[..., str] | None = None
        viewer = page.viewer and page.viewer["id"]
        self.key = (page.language, viewer is not None, bool(viewer), page.decides, *page.preferences.items())

    def draw(self, status: Entity, place: tuple[object, ...]) -> str:
        """An article, anew."""
        if self._draw is None:
            macros = self._environment.get_template(_MACROS).make_module({"page": self._page})
            self._draw = cast("Callable[..., str]", vars(macros)["drawn"])
        return str(self._draw(status, *place))


class Articles:
    """The articles that one process knows."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._kept: Kept[tuple[object, ...]] = Kept(_MOST)
        # Stand for what each reader's page has of its own. Nobody can write them into a post: they are new each time.
        self._csrf = secrets.token_hex(16)
        self._path = secrets.token_hex(16)
        # The page that is being rendered, and its frames for the viewer's own statuses and for others'.
        self._page: Page | None = None
        self._frames: dict[bool, _Frame] = {}

    def find(self, page: Page, status: Entity, place: tuple[object, ...]) -> Markup | None:
        """The article of a status at a place (`context`, `uid`, `line`, `pinned`, `above`); None for those that are to
        be drawn for each reader: with a poll or a quote in them, or not at hand as JSON."""
        if not isinstance(status, Shown):
            return None
        seen = _glimpse(status.raw)
        post = seen.reblog or seen
        if post.poll is not None or post.quote is not None:
            return None
        frame = self._frame_of(page, post.account.id)
        age = formats.short_age(formats.as_moment(post.created_at), page.now, page.language)
        key = (hashlib.blake2b(status.raw).digest(), age, *place, *frame.key)
        html = self._kept.find(key)
        if html is None:
            html = frame.draw(status, place)
            self._kept.keep(key, html)
        if page.viewer is not None:
            html = html.replace(self._csrf, str(escape(page.csrf))).replace(self._path, str(escape(page.path)))
        return Markup(html)  # noqa: S704 - made by a template that escapes

    def _frame_of(self, page: Page, author_id: str) -> _Frame:
        is_own = page.viewer is not None and page.viewer["id"] == author_id
        if self._page is not page:
            self._page, self._frames = page, {}
        frame = self._frames.get(is_own)
        if frame is None:
            viewer: Entity | None = None if page.viewer is None else {"id": author_id if is_own else ""}
            frame = self._frames[is_own] = _Frame(self._environment, self._narrow(page, viewer))
        return frame

    def _narrow(self, page: Page, viewer: Entity | None) -> Page:
        return Page(
            site={},
            csrf=self._csrf,
            path=self._path,
            now=page.now,
            language=page.language,
            viewer=viewer,
            preferences={name: page.preferences[name] for name in _PREFERENCES if name in page.preferences},
            decides=page.decides,
        )


def article_finder(environment: Environment) -> Any:
    """`Articles.find` as templates call it."""
    articles = Articles(environment)

    @pass_context
    def kept_article(
        context: Context,
        status: Entity,
        place: str,
        uid: str = "",
        line: str = "",
        pinned: bool = False,
        above: str = "",
    ) -> Markup | None:
        return articles.find(cast("Page", context["page"]), status, (place, uid, line, pinned, above))

    return kept_article
