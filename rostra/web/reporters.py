"""Those who report, for the staff: how often each was right, whom to warn, leave unheard, or trust.

GET  /admin/reporters                  admin/reporters.html
POST /admin/reporters/{id}/{act}       warn | mute | hear | trust | untrust
POST /admin/reporters/trust            somebody who has not reported yet, by name
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.find import get_account_by_handle
from rostra.accounts.permissions import may
from rostra.kit.errors import NotFound, Refused
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import Id
from rostra.moderation.reports.reporter_queries import ReporterRow
from rostra.moderation.reports.reporters import Tab, list_reporters, mute_reporter, trust_reporter, warn_reporter
from rostra.web.desk_place import reviewer_of
from rostra.web.feeds import page_address
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_PLACE: Final = re.compile(r"(\d{1,9})_(\d{1,19})")


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    tab: Tab = "all"
    before: str = ""


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    act: Literal["warn", "mute", "hear", "trust", "untrust"]
    return_to: str = ""


class TrustForm(msgspec.Struct, frozen=True, kw_only=True):
    acct: str = ""


@pages.get("/admin/reporters", access="sanction")
async def reporters(visit: Visit, form: ListForm) -> Response:
    """Who reports, whoever was answered most often first."""
    return await _list(visit, form)


async def _list(visit: Visit, form: ListForm, **values: Any) -> Response:
    place = _PLACE.fullmatch(form.before)
    before = (int(place[1]), min(int(place[2]), MAX_ID)) if place else None
    found, more = await list_reporters(visit.res.desk, reviewer_of(visit), form.tab, before)
    shown: dict[str, Any] = {
        "reporters": [_row(one) for one in found],
        "tab": form.tab,
        "older_url": page_address(visit, before=f"{more[0]}_{more[1]}") if more else None,
        "may_trust": may(visit.me.role, "settings"),
        "values": {},
        "errors": {},
    }
    return await visit.html("admin/reporters.html", **(shown | values))


def _row(one: ReporterRow) -> dict[str, Any]:
    decided = one.upheld + one.rejected
    return {
        "id": str(one.account_id),
        "acct": f"{one.username}@{one.domain}" if one.domain else one.username,
        "sent": one.sent,
        "decided": decided,
        "upheld": one.upheld,
        "accuracy": round(100 * one.upheld / decided) if decided else None,
        "warned_at": one.warned_at.isoformat() if one.warned_at else None,
        "muted_at": one.muted_at.isoformat() if one.muted_at else None,
        "trusted": one.trusted_at is not None,
        "proposed": one.proposed,
        "is_local": one.is_local,
    }


@pages.post("/admin/reporters/trust", access="settings")
async def trust_by_name(visit: Visit, form: TrustForm) -> Response:
    """Take somebody for a trusted flagger who has not reported anything yet."""
    try:
        account_id = await get_account_by_handle(visit.res.db, form.acct, domain=visit.res.urls.domain)
    except NotFound:
        problem = visit.gettext("There is nobody of that name.")
        typed = {"acct": form.acct}
        return await _list(visit, ListForm(tab="trusted"), http_status=422, values=typed, errors={"acct": problem})
    await trust_reporter(visit.res.desk, reviewer_of(visit), account_id, trusted=True)
    return visit.redirect("/admin/reporters?tab=trusted", notice=visit.gettext("Their reports come first from now on."))


@pages.post("/admin/reporters/{id}/{act}", access="sanction")
async def act(visit: Visit, form: ActForm) -> Response:
    """Warn, leave unheard, hear again, trust, or trust no more. Raises Forbidden where the role does not reach."""
    desk, who = visit.res.desk, reviewer_of(visit)
    try:
        match form.act:
            case "warn":
                await warn_reporter(desk, who, form.id)
            case "mute" | "hear":
                await mute_reporter(desk, who, form.id, muted=form.act == "mute")
            case "trust" | "untrust":
                await trust_reporter(desk, who, form.id, trusted=form.act == "trust")
    except Refused:
        problem = visit.gettext("That cannot be done: a warning by letter comes first, and only once.")
        return visit.back(form.return_to, "/admin/reporters", notice=problem)
    return visit.back(form.return_to, "/admin/reporters", notice=visit.gettext("Saved."))
