"""What trends: hashtags, posts, links. These lists are paged by an offset."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.api.search import check_offset
from rostra.entities.status import RawStatus
from rostra.entities.tag import Tag
from rostra.entities.trends import TrendingLink
from rostra.search import trends

routes = Routes("trends")


class TrendsForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/trends/"""

    limit: int | None = None
    offset: int = 0


def page_of_trends(form: TrendsForm, default: int) -> dict[str, int]:
    """The limit and the offset, the limit at most twice the default."""
    limit = default if form.limit is None else form.limit
    check_offset(form.offset, limit)
    return {"limit": min(limit, default * 2), "offset": form.offset}


def answer_trends(call: Call, items: list[Any], limit: int, offset: int) -> Answer:
    """The list with a Link header, unless it is empty: onward where the page is full, and back."""
    here = f"{call.res.urls.base}{call.request.url.path}"
    places: dict[str, int] = {}
    if items and len(items) == limit:
        places["next"] = offset + limit
    if items and offset:
        places["prev"] = max(offset - limit, 0)
    links = [f'<{here}?{urlencode({"limit": limit, "offset": at})}>; rel="{rel}"' for rel, at in places.items()]
    return Answer(items, headers=(("link", ", ".join(links)),) if links else ())


async def _tags(call: Call, form: TrendsForm) -> Answer:
    page = page_of_trends(form, 10)
    viewer_id = call.viewer.account_id if call.viewer else None
    found = await trends.trending_tags(call.res.db, call.res.clock, call.res.urls, viewer_id, **page)
    return answer_trends(call, found, **page)


@routes.get("/api/v1/trends", access="public", deprecated=1648598400)
async def trending(call: Call, form: TrendsForm) -> list[Tag] | Answer:
    """Hashtags that many people use; the old name of the list."""
    return await _tags(call, form)


@routes.get("/api/v1/trends/tags", access="public")
async def trending_tags(call: Call, form: TrendsForm) -> list[Tag] | Answer:
    """Hashtags that many people use."""
    return await _tags(call, form)


@routes.get("/api/v1/trends/statuses", access="public")
async def trending_statuses(call: Call, form: TrendsForm) -> list[RawStatus] | Answer:
    """Posts that many people like, boost or answer."""
    page = page_of_trends(form, 20)
    viewer_id = call.viewer.account_id if call.viewer else None
    reader = await call.statuses()
    found = await trends.trending_statuses(call.res.db, call.res.clock, reader, viewer_id, **page)
    return answer_trends(call, found, **page)


@routes.get("/api/v1/trends/links", access="public")
async def trending_links(call: Call, form: TrendsForm) -> list[TrendingLink] | Answer:
    """Links that many people share."""
    page = page_of_trends(form, 10)
    return answer_trends(call, await trends.trending_links(call.res.db, call.res.clock, call.res.urls, **page), **page)
