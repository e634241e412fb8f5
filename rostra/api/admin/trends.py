"""What trends or would, and whether it may; hashtags with what is said of them."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from rostra.api.admin.staff import PAGE, staff
from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.api.trends import TrendsForm, answer_trends, page_of_trends
from rostra.entities.admin import AdminTag, AdminTrendingLink, LinkPublisher, RawTrendingStatus
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.search import review
from rostra.search.review import TagChange

routes = Routes("admin")


class ChangedTag(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    display_name: str | UnsetType = UNSET
    trendable: bool | UnsetType = UNSET
    usable: bool | UnsetType = UNSET
    listable: bool | UnsetType = UNSET


@routes.get("/api/v1/admin/trends/tags", scopes="admin:read")
async def list_trending_tags(call: Call, form: TrendsForm) -> list[AdminTag] | Answer:
    """Hashtags that trend, or would if they were let."""
    staff(call, "decide")
    page = page_of_trends(form, 10)
    return answer_trends(call, await review.trending_tags(call.res.db, call.res.clock, call.res.urls, **page), **page)


async def _review_tag(call: Call, tag_id: int, *, allowed: bool) -> AdminTag:
    me, res = staff(call, "decide"), call.res
    await review.change_tag(res.db, res.clock, me.account_id, tag_id, TagChange(trendable=allowed))
    return await review.get_tag(res.db, res.clock, res.urls, tag_id)


@routes.post("/api/v1/admin/trends/tags/{id}/approve", scopes="admin:write")
async def approve_trending_tag(call: Call, form: ById) -> AdminTag:
    """Let a hashtag trend."""
    return await _review_tag(call, form.id, allowed=True)


@routes.post("/api/v1/admin/trends/tags/{id}/reject", scopes="admin:write")
async def reject_trending_tag(call: Call, form: ById) -> AdminTag:
    """Keep a hashtag out of the trends."""
    return await _review_tag(call, form.id, allowed=False)


@routes.get("/api/v1/admin/trends/statuses", scopes="admin:read")
async def list_trending_posts(call: Call, form: TrendsForm) -> list[RawTrendingStatus] | Answer:
    """Posts that trend, or would if they were let."""
    staff(call, "decide")
    page = page_of_trends(form, 20)
    return answer_trends(call, await review.trending_statuses(call.res.db, await call.statuses(), **page), **page)


async def _review_status(call: Call, status_id: int, *, allowed: bool) -> RawTrendingStatus:
    me, res = staff(call, "decide"), call.res
    reader = await call.statuses()
    return await review.review_status(res.db, res.clock, reader, me.account_id, status_id, allowed=allowed)


@routes.post("/api/v1/admin/trends/statuses/{id}/approve", scopes="admin:write")
async def approve_trending_post(call: Call, form: ById) -> RawTrendingStatus:
    """Let a post trend."""
    return await _review_status(call, form.id, allowed=True)


@routes.post("/api/v1/admin/trends/statuses/{id}/reject", scopes="admin:write")
async def reject_trending_post(call: Call, form: ById) -> RawTrendingStatus:
    """Keep a post out of the trends."""
    return await _review_status(call, form.id, allowed=False)


@routes.get("/api/v1/admin/trends/links", scopes="admin:read")
async def list_links_that_trend(call: Call, form: TrendsForm) -> list[AdminTrendingLink] | Answer:
    """Links that trend, or would if they were let."""
    staff(call, "decide")
    page = page_of_trends(form, 10)
    return answer_trends(call, await review.trending_links(call.res.db, call.res.clock, call.res.urls, **page), **page)


async def _review_link(call: Call, card_id: int, *, allowed: bool) -> AdminTrendingLink:
    me, res = staff(call, "decide"), call.res
    return await review.review_link(res.db, res.clock, res.urls, me.account_id, card_id, allowed=allowed)


@routes.post("/api/v1/admin/trends/links/{id}/approve", scopes="admin:write")
async def approve_trending_link(call: Call, form: ById) -> AdminTrendingLink:
    """Let a link trend."""
    return await _review_link(call, form.id, allowed=True)


@routes.post("/api/v1/admin/trends/links/{id}/reject", scopes="admin:write")
async def reject_trending_link(call: Call, form: ById) -> AdminTrendingLink:
    """Keep a link out of the trends."""
    return await _review_link(call, form.id, allowed=False)


@routes.get("/api/v1/admin/trends/links/publishers", scopes="admin:read")
async def list_link_publishers(call: Call, form: PageForm) -> Page[LinkPublisher]:
    """Sites whose pages have trended."""
    staff(call, "decide")
    return await review.list_publishers(call.res.db, form.window(default=PAGE))


async def _review_publisher(call: Call, publisher_id: int, *, allowed: bool) -> LinkPublisher:
    me, res = staff(call, "decide"), call.res
    return await review.review_publisher(res.db, res.clock, me.account_id, publisher_id, allowed=allowed)


@routes.post("/api/v1/admin/trends/links/publishers/{id}/approve", scopes="admin:write")
async def approve_link_publisher(call: Call, form: ById) -> LinkPublisher:
    """Let the pages of a site trend."""
    return await _review_publisher(call, form.id, allowed=True)


@routes.post("/api/v1/admin/trends/links/publishers/{id}/reject", scopes="admin:write")
async def reject_link_publisher(call: Call, form: ById) -> LinkPublisher:
    """Keep the pages of a site out of the trends."""
    return await _review_publisher(call, form.id, allowed=False)


@routes.get("/api/v1/admin/tags", scopes="admin:read")
async def list_admin_tags(call: Call, form: PageForm) -> Page[AdminTag]:
    """All hashtags."""
    staff(call, "decide")
    return await review.list_tags(call.res.db, call.res.clock, call.res.urls, form.window(default=PAGE))


@routes.get("/api/v1/admin/tags/{id}", scopes="admin:read")
async def show_admin_tag(call: Call, form: ById) -> AdminTag:
    """One hashtag."""
    staff(call, "decide")
    return await review.get_tag(call.res.db, call.res.clock, call.res.urls, form.id)


@routes.put("/api/v1/admin/tags/{id}", scopes="admin:write")
async def change_admin_tag(call: Call, form: ChangedTag) -> AdminTag:
    """Say how a hashtag is written, and whether it may be used, found and trend."""
    me, res = staff(call, "decide"), call.res
    change = TagChange(
        display_name=form.display_name, trendable=form.trendable, usable=form.usable, listable=form.listable
    )
    await review.change_tag(res.db, res.clock, me.account_id, form.id, change)
    return await review.get_tag(res.db, res.clock, res.urls, form.id)
