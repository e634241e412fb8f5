"""Statuses that wait for their time. They are made by publishing with a `scheduled_at`."""

from __future__ import annotations

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.api.statuses import read_moment
from rostra.entities.empty import Empty
from rostra.entities.status import ScheduledStatus
from rostra.kit.errors import Invalid
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.posts.schedule import cancel, get_scheduled, list_scheduled, reschedule

routes = Routes("scheduled_statuses")


class RescheduleForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    scheduled_at: str | None = None


@routes.get("/api/v1/scheduled_statuses", scopes="read:statuses")
async def scheduled_statuses(call: Call, form: PageForm) -> Page[ScheduledStatus]:
    """What the viewer has scheduled."""
    return await list_scheduled(call.res.db, call.res.urls, call.me.account_id, form.window())


@routes.get("/api/v1/scheduled_statuses/{id}", scopes="read:statuses")
async def scheduled_status(call: Call, form: ById) -> ScheduledStatus:
    """One of them."""
    return await get_scheduled(call.res.db, call.res.urls, call.me.account_id, form.id)


@routes.put("/api/v1/scheduled_statuses/{id}", scopes="write:statuses")
async def reschedule_status(call: Call, form: RescheduleForm) -> ScheduledStatus:
    """Give one of them another time."""
    moment = read_moment("scheduled_at", form.scheduled_at)
    if moment is None:
        raise Invalid("scheduled_at", "can't be blank", code="ERR_BLANK")
    await reschedule(call.res.db, call.res.clock, call.me.account_id, form.id, moment)
    return await get_scheduled(call.res.db, call.res.urls, call.me.account_id, form.id)


@routes.delete("/api/v1/scheduled_statuses/{id}", scopes="write:statuses")
async def cancel_scheduled_status(call: Call, form: ById) -> Empty:
    """Cancel one of them."""
    await cancel(call.res.db, call.res.clock, call.me.account_id, form.id)
    return Empty()
