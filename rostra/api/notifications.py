"""Notifications, ungrouped (v1)."""

from __future__ import annotations

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.empty import Empty
from rostra.entities.notification import Notification, RawNotification, UnreadCount
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.notifications import dismiss, show

routes = Routes("notifications")


class NotificationsForm(PageForm, frozen=True, kw_only=True):
    types: list[str] = []
    exclude_types: list[str] = []
    account_id: Id | None = None


class UnreadForm(msgspec.Struct, frozen=True, kw_only=True):
    limit: int = 100


@routes.get("/api/v1/notifications", scopes="read:notifications", family="paging")
async def list_notifications(call: Call, form: NotificationsForm) -> Page[RawNotification]:
    """What has happened to the viewer, newest first."""
    wanted = show.Wanted(types=form.types, without=form.exclude_types, from_id=form.account_id)
    reader = await call.statuses()
    return await show.page(call.res.db, call.res.urls, reader, call.me.account_id, form.window(default=40), wanted)


@routes.get("/api/v1/notifications/unread_count", scopes="read:notifications")
async def unread_count(call: Call, form: UnreadForm) -> UnreadCount:
    """How many came after the marker, up to a limit of at most 1000."""
    async with call.res.db.read() as conn:
        return UnreadCount(await show.count_unread(conn, call.me.account_id, max(1, min(form.limit, 1000))))


@routes.get("/api/v1/notifications/{id}", scopes="read:notifications")
async def show_notification(call: Call, form: ById) -> Notification:
    """One notification."""
    return await show.get(call.res.db, call.res.urls, await call.statuses(), call.me.account_id, form.id)


@routes.post("/api/v1/notifications/clear", scopes="write:notifications")
async def clear_notifications(call: Call) -> Empty:
    """Remove all notifications."""
    await dismiss.clear(call.res.db, call.me.account_id)
    return Empty()


@routes.post("/api/v1/notifications/{id}/dismiss", scopes="write:notifications")
async def dismiss_notification(call: Call, form: ById) -> Empty:
    """Remove one notification."""
    await dismiss.dismiss(call.res.db, call.me.account_id, form.id)
    return Empty()
