"""What every page shows around its content: the site, the viewer, language and theme, what waits to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from starlette.requests import Request

from rostra.accounts.own import own_account
from rostra.accounts.records import Viewer
from rostra.notifications.show import count_unread
from rostra.web.cookies import Cookies
from rostra.web.language import choose_language
from rostra.web.render import Page

if TYPE_CHECKING:
    from rostra.web.visit import Visit

_MOST_UNREAD: Final = 100
_THEMES: Final = ("auto", "light", "dark")
# What the error page needs where the database cannot be asked.
_BARE: Final[dict[str, Any]] = {"registrations": {"enabled": False}, "rules": [], "source_url": ""}


def speak(request: Request, viewer: Viewer | None, cookies: Cookies) -> str:
    """The language of the pages for whoever asks."""
    preferred = [viewer.locale] if viewer else []
    return choose_language([*preferred, cookies.plain("language")], request.headers.get("accept-language", ""))


async def build_frame(visit: Visit) -> Page:
    """The frame for a visit. No statement for visitors while the instance is remembered, three for viewers."""
    res, viewer = visit.res, visit.viewer
    account: dict[str, Any] | None = None
    unread = 0
    if viewer is not None:
        account = msgspec.json.decode(await own_account(res.db, res.urls, viewer.account_id), type=dict[str, Any])
        async with res.db.read() as conn:
            unread = await count_unread(conn, viewer.account_id, _MOST_UNREAD)
    return Page(
        site=await res.instance.site(res.db),
        csrf=visit.cookies.csrf,
        path=visit.path,
        now=res.clock.now(),
        language=visit.language,
        theme=_theme(visit),
        viewer=account,
        unread=unread,
        follow_requests=account["source"]["follow_requests_count"] if account else 0,
        moderator=viewer is not None and viewer.role != "user",
        administrator=viewer is not None and viewer.role in ("owner", "admin"),
        notice=visit.cookies.take_notice(res.clock.now()),
        dev=res.settings.dev,
    )


def bare_frame(visit: Visit) -> Page:
    """A frame that asks no database, for when something is broken."""
    return Page(
        site={**_BARE, "title": visit.res.settings.domain, "domain": visit.res.settings.domain},
        csrf="",
        path=visit.path,
        now=visit.res.clock.now(),
        language=visit.language,
        theme=_theme(visit),
        dev=visit.res.settings.dev,
    )


def _theme(visit: Visit) -> Literal["auto", "light", "dark"]:
    chosen = visit.cookies.plain("theme") or (visit.viewer.theme if visit.viewer else "auto")
    return chosen if chosen in _THEMES else "auto"
