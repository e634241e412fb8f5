"""What happened to the viewer."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.responses import Response

from rostra.kit.paging import Id, PageForm
from rostra.notifications import dismiss, show
from rostra.timelines.markers import Reading, find_markers, save_markers
from rostra.web.feeds import decode_list, newest, older
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_ON_A_PAGE = 30


class NotificationsForm(PageForm, frozen=True, kw_only=True):
    filter: Literal["all", "mentions"] = "all"


class DismissForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    return_to: str = ""


@pages.get("/notifications", access="me")
async def notifications_page(visit: Visit, form: NotificationsForm) -> Response:
    """What is new, the newest first; to have looked at the newest is to have read them."""
    res, me = visit.res, visit.me.account_id
    wanted = show.Wanted(types=["mention"] if form.filter == "mentions" else [])
    window = form.window(default=_ON_A_PAGE)
    page = await show.page(res.db, res.urls, await visit.statuses(), me, window, wanted)
    markers = await find_markers(res.db, me, ["notifications"])
    last_read = markers.notifications.last_read_id if markers.notifications else None
    looks_at_newest = newest(visit) is None
    if looks_at_newest and page.newest is not None and page.newest > int(last_read or 0):
        await save_markers(res.db, res.clock, me, {"notifications": Reading(last_read_id=page.newest)})
    live = {"stream": "user:notification", "url": "/notifications"} if looks_at_newest else None
    return await visit.html(
        "notifications.html",
        notifications=decode_list(page.items),
        tab=form.filter,
        older_url=older(visit, page),
        newest_url=newest(visit),
        last_read_id=last_read,
        live=live,
    )


@pages.post("/web/notifications/clear", access="me")
async def clear(visit: Visit) -> Response:
    """Forget all of them."""
    await dismiss.clear(visit.res.db, visit.me.account_id)
    return visit.redirect("/notifications")


@pages.post("/web/notifications/{id}/dismiss", access="me")
async def dismiss_one(visit: Visit, form: DismissForm) -> Response:
    """Forget one."""
    await dismiss.dismiss(visit.res.db, visit.me.account_id, form.id)
    return visit.back(form.return_to, "/notifications")
