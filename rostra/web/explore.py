"""Finding something: what trends, who wishes to be found, and search."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.render import hydrate_accounts
from rostra.kit.paging import PageForm
from rostra.relationships.tags import hydrate_tags
from rostra.search.directory import discoverable
from rostra.search.find import SearchPage, search_statuses
from rostra.search.names import find_at, is_address, is_handle, search_accounts, search_hashtags
from rostra.search.trends import trending_links, trending_statuses, trending_tags
from rostra.web.feeds import decode_list, older, page_address, relationships_of, statuses_of
from rostra.web.formats import Entity
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_ON_A_PAGE: Final = 20
# Of people and of hashtags beside posts.
_A_FEW: Final = 5
_LAST_OFFSET: Final = 400
_KINDS: Final = ("accounts", "hashtags", "statuses")


class OffsetForm(msgspec.Struct, frozen=True, kw_only=True):
    offset: int = 0

    @property
    def start(self) -> int:
        """Where the page begins, within reason."""
        return min(max(self.offset, 0), _LAST_OFFSET)


class SearchForm(OffsetForm, frozen=True, kw_only=True):
    q: str = ""
    type: Literal["all", "accounts", "hashtags", "statuses"] = "all"


def _viewer_id(visit: Visit) -> int | None:
    return visit.viewer.account_id if visit.viewer else None


def _further(visit: Visit, start: int, shown: int) -> str | None:
    """The address of the next page by an offset, where there may be one."""
    onward = start + _ON_A_PAGE
    return page_address(visit, offset=onward) if shown >= _ON_A_PAGE and onward <= _LAST_OFFSET else None


async def _explore(visit: Visit, tab: str, older_url: str | None, **shown: Any) -> Response:
    nothing: dict[str, Any] = {"statuses": [], "tags": [], "links": [], "accounts": [], "relationships": {}}
    return await visit.html("explore.html", tab=tab, older_url=older_url, **(nothing | shown))


@pages.get("/explore")
async def explore_posts(visit: Visit, form: OffsetForm) -> Response:
    """Posts that many people like."""
    res, reader = visit.res, await visit.statuses()
    found = await trending_statuses(res.db, res.clock, reader, _viewer_id(visit), limit=_ON_A_PAGE, offset=form.start)
    return await _explore(
        visit, "posts", statuses=statuses_of(found), older_url=_further(visit, form.start, len(found))
    )


@pages.get("/explore/tags")
async def explore_tags(visit: Visit, form: OffsetForm) -> Response:
    """Hashtags that many people use."""
    res = visit.res
    found = await trending_tags(res.db, res.clock, res.urls, _viewer_id(visit), limit=_ON_A_PAGE, offset=form.start)
    return await _explore(visit, "tags", tags=decode_list(found), older_url=_further(visit, form.start, len(found)))


@pages.get("/explore/links")
async def explore_links(visit: Visit, form: OffsetForm) -> Response:
    """Links that many people share."""
    res = visit.res
    found = await trending_links(res.db, res.clock, res.urls, limit=_ON_A_PAGE, offset=form.start)
    return await _explore(visit, "links", links=decode_list(found), older_url=_further(visit, form.start, len(found)))


@pages.get("/explore/people")
async def explore_people(visit: Visit, form: PageForm) -> Response:
    """People who wish to be found."""
    res = visit.res
    page = await discoverable(res.db, res.clock, _viewer_id(visit), form.window(default=_ON_A_PAGE))
    accounts = decode_list(await hydrate_accounts(res.db, page.items, res.urls))
    related = await relationships_of(visit, accounts)
    return await _explore(visit, "people", accounts=accounts, relationships=related, older_url=older(visit, page))


@pages.get("/search")
async def search_page(visit: Visit, form: SearchForm) -> Response:
    """People, hashtags and posts by their words."""
    results = await _search(visit, form) if form.q.strip() else None
    accounts = results["accounts"] if results else []
    shown = len(results[form.type]) if results and form.type in _KINDS else 0
    return await visit.html(
        "search.html",
        q=form.q,
        type=form.type,
        results=results,
        relationships=await relationships_of(visit, accounts),
        older_url=_further(visit, form.start, shown) if visit.viewer else None,
    )


async def _search(visit: Visit, form: SearchForm) -> dict[str, list[Entity]]:
    if is_address(form.q):
        at_address = await _find_at(visit, form.q)
        if any(at_address.values()):
            return at_address
    text = form.q.strip()
    about_person, about_tag = is_handle(text), text.startswith("#")
    return {
        "accounts": [] if about_tag or not _asks(form, "accounts") else await _accounts(visit, form),
        "statuses": [] if about_person or not _asks(form, "statuses") else await _statuses(visit, form),
        "hashtags": [] if about_person or not _asks(form, "hashtags") else await _hashtags(visit, form),
    }


def _asks(form: SearchForm, kind: str) -> bool:
    return form.type in ("all", kind)


def _part(visit: Visit, form: SearchForm, few: int = _A_FEW) -> tuple[int, int]:
    """How many and from where: a few of each kind, or a page of one. Only those who have signed in may page on."""
    if form.type == "all":
        return few, 0
    return _ON_A_PAGE, form.start if visit.viewer else 0


async def _find_at(visit: Visit, address: str) -> dict[str, list[Entity]]:
    res = visit.res
    account_id, status_id = await find_at(res.db, res.urls, address)
    accounts = [] if account_id is None else await hydrate_accounts(res.db, [account_id], res.urls)
    statuses = [] if status_id is None else await (await visit.statuses()).by_ids([status_id])
    return {"accounts": decode_list(accounts), "statuses": statuses_of(statuses), "hashtags": []}


async def _accounts(visit: Visit, form: SearchForm) -> list[Entity]:
    res, (limit, offset) = visit.res, _part(visit, form)
    found = await search_accounts(
        res.db, res.urls, form.q, viewer_id=_viewer_id(visit), at=res.clock.now(), limit=limit, offset=offset
    )
    return decode_list(found)


async def _statuses(visit: Visit, form: SearchForm) -> list[Entity]:
    res, (limit, offset) = visit.res, _part(visit, form, _ON_A_PAGE)
    part, reader = SearchPage(limit=limit, offset=offset), await visit.statuses()
    found = await search_statuses(res.db, reader, form.q, part, viewer_id=_viewer_id(visit), domain=res.urls.domain)
    return decode_list(found)


async def _hashtags(visit: Visit, form: SearchForm) -> list[Entity]:
    res, (limit, offset) = visit.res, _part(visit, form)
    ids = await search_hashtags(res.db, form.q, limit=limit, offset=offset)
    return decode_list(await hydrate_tags(res.db, ids, _viewer_id(visit), res.urls, res.clock.now().date()))
