"""What every page shows around its content: the site, the viewer, language and theme, what waits to be read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from starlette.requests import Request

from rostra.accounts.own import get_user, own_account, render_preferences
from rostra.accounts.permissions import may, permissions_of
from rostra.accounts.records import Viewer
from rostra.archive.archive_jobs import has_archive
from rostra.continuity.situation import read_health
from rostra.moderation.cases.overview_queries import count_waiting
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
    """The frame for a visit: constant statements, few of them for visitors while the instance is remembered."""
    res, viewer = visit.res, visit.viewer
    account: dict[str, Any] | None = None
    preferences: dict[str, Any] = {}
    unread = waiting = 0
    if viewer is not None and viewer.obstacle == "suspended":
        # Little of the frame is for them.
        account = msgspec.json.decode(await own_account(res.db, res.urls, viewer.account_id), type=dict[str, Any])
    elif viewer is not None:
        user = await get_user(res.db, viewer.account_id)
        preferences = msgspec.to_builtins(render_preferences(user))
        account = msgspec.json.decode(await own_account(res.db, res.urls, viewer.account_id), type=dict[str, Any])
        async with res.db.read() as conn:
            unread = await count_unread(conn, viewer.account_id, _MOST_UNREAD)
            if may(viewer.role, "queue") and visit.path.startswith("/admin"):
                waiting = await count_waiting(conn)
    return Page(
        site=await res.instance.site(res.db),
        csrf=visit.cookies.csrf,
        path=visit.place,
        now=res.clock.now(),
        language=visit.language,
        theme=_theme(visit),
        viewer=account,
        preferences=preferences,
        juror=viewer is not None and viewer.role == "juror",
        confined=_confinement(viewer),
        shortcuts=visit.cookies.plain("shortcuts") != "off",
        # Fragments have no side.
        trends=[] if visit.wants_fragment else await res.trends.get(res.db),
        unread=unread,
        follow_requests=account["source"]["follow_requests_count"] if account else 0,
        moderator=viewer is not None and may(viewer.role, "queue"),
        decides=viewer is not None and may(viewer.role, "decide"),
        waiting=waiting,
        clauses=known.clauses if (known := res.screen.policies.known) else {},
        levers=await _count_levers(visit),
        copies=await _judge_copies(visit),
        archive_ready=await _has_archive(visit),
        administrator=viewer is not None and may(viewer.role, "settings"),
        powers=permissions_of(viewer.role) if viewer is not None else frozenset(),
        # A fragment has no place for it: the next page has.
        notice=None if visit.wants_fragment else visit.cookies.take_notice(res.clock.now()),
        dev=res.settings.dev,
        look=res.look.until if res.look else None,
    )


async def _has_archive(visit: Visit) -> bool:
    """Whether an archive waits to be downloaded, for the list of settings."""
    if visit.viewer is None or not visit.path.startswith("/settings"):
        return False
    return await has_archive(visit.res.db, visit.res.clock, visit.viewer.account_id)


async def _count_levers(visit: Visit) -> int:
    """How many crisis levers are pulled, for the pages of the administration; from memory."""
    if visit.viewer is None or visit.viewer.role == "user" or not visit.path.startswith("/admin"):
        return 0
    return len((await visit.res.screen.levers.current(visit.res.db)).pulls)


async def _judge_copies(visit: Visit) -> Literal["", "warn", "bad"]:
    """Whether something is amiss with the copies that are made, for administrators; from files."""
    if visit.viewer is None or not may(visit.viewer.role, "settings") or not visit.path.startswith("/admin"):
        return ""
    health = await asyncio.to_thread(read_health, visit.res.settings, visit.res.clock.now())
    return health.level if health.level in ("warn", "bad") else ""


def bare_frame(visit: Visit) -> Page:
    """A frame that asks no database, for when something is broken."""
    return Page(
        site={**_BARE, "title": visit.res.settings.domain, "domain": visit.res.settings.domain},
        csrf="",
        path=visit.place,
        now=visit.res.clock.now(),
        language=visit.language,
        theme=_theme(visit),
        dev=visit.res.settings.dev,
        look=visit.res.look.until if visit.res.look else None,
    )


def _confinement(viewer: Viewer | None) -> Literal["", "frozen", "suspended"]:
    if viewer is None:
        return ""
    return "suspended" if viewer.obstacle == "suspended" else "frozen" if viewer.frozen else ""


def _theme(visit: Visit) -> Literal["auto", "light", "dark"]:
    chosen = visit.cookies.plain("theme") or (visit.viewer.theme if visit.viewer else "auto")
    return chosen if chosen in _THEMES else "auto"
