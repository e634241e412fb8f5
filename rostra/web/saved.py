"""What the viewer has kept: bookmarks and favourites."""

from __future__ import annotations

from starlette.responses import Response

from rostra.kit.paging import PageForm
from rostra.posts import saved
from rostra.web.feeds import feed
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()


@pages.get("/bookmarks", access="me")
async def bookmarks_page(visit: Visit, form: PageForm) -> Response:
    """Posts to come back to."""
    page = await saved.bookmarks(await visit.statuses(), form.window())
    return await visit.html("saved.html", kind="bookmarks", **feed(visit, page))


@pages.get("/favourites", access="me")
async def favourites_page(visit: Visit, form: PageForm) -> Response:
    """Posts that the viewer liked."""
    page = await saved.favourites(await visit.statuses(), form.window())
    return await visit.html("saved.html", kind="favourites", **feed(visit, page))
