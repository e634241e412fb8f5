"""Home, public, hashtag and list timelines."""

from __future__ import annotations

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.status import RawStatus
from rostra.kit.paging import Page, PageForm
from rostra.timelines.home import home

routes = Routes("timelines")


@routes.get("/api/v1/timelines/home", scopes="read:statuses", family=None)
async def home_timeline(call: Call, form: PageForm) -> Page[RawStatus]:
    """Statuses of the accounts and hashtags that the viewer follows."""
    return await home(await call.statuses(), form.window())
