"""What is left to those whose account is frozen or suspended, and how everything else is told to them.

One table for all pages: a page that is not named here is closed to them, so that none has to remember it. Suspended
people see what was decided, appeal, take what is theirs along, and sign out; frozen people read everything, and change
what nobody else sees.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from rostra.entities.account import timestamp
from rostra.kit.errors import Forbidden
from rostra.moderation.decisions.tell import find_sanctions
from rostra.web.page import PageRoute
from rostra.web.settings_export import CSV_PATHS
from rostra.web.visit import Visit

_DECISIONS: Final = (
    "/settings/decisions",
    "/settings/decisions/{id}",
    "/settings/decisions/{id}/statement",
    "/settings/decisions/{id}/appeal",
    # A reporter may appeal as well, and anybody may tell of what is unlawful.
    "/settings/reports",
    "/settings/reports/{id}",
    "/settings/reports/{id}/appeal",
    "/legal/notice",
    "/legal/notice/{token}",
    "/legal/notice/{token}/appeal",
)
# What belongs to a person can be taken along whatever was decided about them.
_OWN_DATA: Final = ("/settings/export", "/settings/export/{id}/archive.zip", *CSV_PATHS.values())
_SUSPENDED: Final = frozenset(
    {
        *_DECISIONS, *_OWN_DATA, "/auth/sign_out", "/auth/sign_in", "/auth/totp", "/web/theme", "/web/language",
        "/policy", "/offline", "/manifest.webmanifest", "/auth/password/new", "/auth/password/edit", "/about",
        "/keyboard", "/transparency", "/transparency/log", "/ledger",
    }
)  # fmt: skip
# What frozen people may send: what they keep for themselves, how they sign in, taking away what is theirs.
_FROZEN: Final = frozenset(
    {
        *_SUSPENDED, "/oauth/authorize", "/web/statuses/{id}/delete", "/web/scheduled/{id}/delete", "/web/lists",
        "/web/lists/{list_id}", "/web/lists/{list_id}/delete", "/web/lists/{list_id}/accounts",
        "/web/lists/{list_id}/accounts/remove", "/web/notifications/clear", "/web/notifications/{id}/dismiss",
        "/web/reports", "/settings/preferences", "/settings/account/email", "/settings/account/password",
        "/settings/two_factor", "/settings/two_factor/enable", "/settings/two_factor/disable",
        "/settings/two_factor/recovery_codes", "/settings/sessions/revoke", "/settings/delete", "/settings/filters",
        "/settings/filters/{id}", "/settings/filters/{id}/delete", "/settings/domain_blocks",
        "/settings/domain_blocks/remove",
    }
)  # fmt: skip
_QUIET_ACTS: Final = {
    "/web/statuses/{id}/{act}": frozenset({"bookmark", "unbookmark", "mute", "unmute"}),
    "/web/accounts/{id}/{act}": frozenset({"mute", "unmute", "block", "unblock", "note"}),
}
_HOMES: Final = ("/", "/home")


class Confined(Forbidden):
    """A page or an act that is closed to a frozen or suspended account."""


def check_confined(visit: Visit, route: PageRoute, path_params: dict[str, str]) -> None:
    """Raises Confined where the viewer's account is frozen or suspended and this is closed to them."""
    viewer = visit.viewer
    if viewer is None:
        return
    if viewer.obstacle == "suspended":
        if route.path not in _SUSPENDED:
            raise Confined
    elif viewer.frozen and route.method not in ("GET", "HEAD"):
        quiet = _QUIET_ACTS.get(route.path, frozenset[str]())
        if route.path not in _FROZEN and path_params.get("act") not in quiet:
            raise Confined


async def confined_page(visit: Visit) -> Response:
    """What is said instead: why, until when, and what can be done."""
    me = visit.me
    if me.obstacle == "suspended" and visit.request.method == "GET" and visit.request.url.path in _HOMES:
        return visit.redirect("/settings/decisions")
    sanctions = await find_sanctions(visit.res.desk, me.account_id)
    return await visit.html(
        "confined.html",
        http_status=403,
        state="suspended" if me.obstacle == "suspended" else "frozen",
        ends_at=timestamp(sanctions.ends_at) if sanctions.ends_at else None,
        decision_id=str(sanctions.decision_id) if sanctions.decision_id else None,
    )
