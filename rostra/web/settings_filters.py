"""Settings of what somebody does not want to see: filters, muted and blocked people, blocked domains."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from rostra.accounts.render import hydrate_accounts
from rostra.entities.account import extend_account, timestamp
from rostra.filters.edit import (
    FilterAction,
    FilterContext,
    FilterDraft,
    KeywordDraft,
    access_filter,
    change_filter,
    create_filter,
    delete_filter,
    find_filters,
)
from rostra.filters.render import render_filter
from rostra.kit.paging import Id, Page, PageForm
from rostra.relationships import block as blocks
from rostra.relationships import people
from rostra.web.feeds import decode, decode_list, older
from rostra.web.formats import Entity
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_PEOPLE = 40
_DOMAINS = 100


class FilterId(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class WordForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None
    keyword: str = ""
    whole_word: bool = False


class FilterForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None
    title: str = ""
    context: list[FilterContext] = []
    filter_action: FilterAction = "warn"
    expires_in: int | None = None
    keywords_attributes: list[WordForm] = []

    def draft(self) -> FilterDraft:
        """As the slice takes it: an emptied line is a word to delete, a new empty one is nothing."""
        return FilterDraft(
            title=self.title,
            context=self.context,
            action=self.filter_action,
            expires_in=self.expires_in if self.expires_in or self.id is None else UNSET,
            keywords=[
                KeywordDraft(
                    id=word.id,
                    keyword=word.keyword or None,
                    whole_word=word.whole_word,
                    destroy=not word.keyword.strip(),
                )
                for word in self.keywords_attributes
                if word.id is not None or word.keyword.strip()
            ],
        )


class DomainForm(msgspec.Struct, frozen=True, kw_only=True):
    domain: str = ""


@pages.get("/settings/filters", access="me")
async def filters_page(visit: Visit) -> Response:
    """The viewer's filters."""
    found = await find_filters(visit.res.db, visit.me.account_id)
    return await visit.html("settings/filters.html", filters=decode_list([render_filter(record) for record in found]))


@pages.get("/settings/filters/new", access="me")
async def new_filter(visit: Visit) -> Response:
    """An empty one."""
    values = {"title": "", "context": ["home"], "filter_action": "warn", "expires_in": "", "keywords": []}
    return await visit.html("settings/filter_edit.html", filter=None, values=values, errors={})


@pages.get("/settings/filters/{id}", access="me")
async def one_filter(visit: Visit, form: FilterId) -> Response:
    """One of them, to change."""
    shown = decode(render_filter(await access_filter(visit.res.db, visit.me.account_id, form.id)))
    values = {name: shown[name] for name in ("title", "context", "filter_action", "keywords")} | {"expires_in": ""}
    return await visit.html("settings/filter_edit.html", filter=shown, values=values, errors={})


@pages.post("/settings/filters", access="me")
async def add_filter(visit: Visit, form: FilterForm) -> Response:
    """Make a new one."""
    res = visit.res
    try:
        await create_filter(res.db, res.clock, res.emit, visit.me.account_id, form.draft())
    except Refused as error:
        return await _again(visit, form, None, errors_of(error))
    return visit.redirect("/settings/filters", notice=visit.gettext("Saved."))


@pages.post("/settings/filters/{id}", access="me")
async def save_filter(visit: Visit, form: FilterForm) -> Response:
    """Change one."""
    res, me = visit.res, visit.me.account_id
    shown = decode(render_filter(await access_filter(res.db, me, form.id or 0)))
    try:
        await change_filter(res.db, res.clock, res.emit, me, form.id or 0, form.draft())
    except Refused as error:
        return await _again(visit, form, shown, errors_of(error))
    return visit.redirect("/settings/filters", notice=visit.gettext("Saved."))


async def _again(visit: Visit, form: FilterForm, shown: Entity | None, errors: Any) -> Response:
    values = msgspec.to_builtins(form)
    values["keywords"] = values.pop("keywords_attributes")
    return await visit.html("settings/filter_edit.html", http_status=422, filter=shown, values=values, errors=errors)


@pages.post("/settings/filters/{id}/delete", access="me")
async def remove_filter(visit: Visit, form: FilterId) -> Response:
    """Do without one."""
    res = visit.res
    await delete_filter(res.db, res.clock, res.emit, visit.me.account_id, form.id)
    return visit.redirect("/settings/filters")


@pages.get("/settings/mutes", access="me")
async def mutes_page(visit: Visit, form: PageForm) -> Response:
    """Whom the viewer has muted, and until when."""
    res = visit.res
    window = form.window(default=_PEOPLE)
    page, ends = await people.muted(res.db, visit.me.account_id, window, res.clock.now())
    rows = zip(page.items, await hydrate_accounts(res.db, page.items, res.urls), strict=True)
    accounts = [
        extend_account(account, mute_expires_at=timestamp(ends[row_id]) if row_id in ends else None)
        for row_id, account in rows
    ]
    return await _relations(visit, "mutes", accounts=decode_list(accounts), older_url=older(visit, page))


@pages.get("/settings/blocks", access="me")
async def blocks_page(visit: Visit, form: PageForm) -> Response:
    """Whom the viewer has blocked."""
    res = visit.res
    page = await people.blocked(res.db, visit.me.account_id, form.window(default=_PEOPLE))
    accounts = decode_list(await hydrate_accounts(res.db, page.items, res.urls))
    return await _relations(visit, "blocks", accounts=accounts, older_url=older(visit, page))


@pages.get("/settings/domain_blocks", access="me")
async def domains_page(visit: Visit, form: PageForm) -> Response:
    """Which servers the viewer has blocked."""
    page = await _domains(visit, form)
    return await _relations(visit, "domains", domains=page.items, older_url=older(visit, page))


async def _domains(visit: Visit, form: PageForm) -> Page[str]:
    return await people.blocked_domains(visit.res.db, visit.me.account_id, form.window(default=_DOMAINS, most=_DOMAINS))


async def _relations(visit: Visit, tab: str, **values: Any) -> Response:
    empty: dict[str, Any] = {"accounts": [], "domains": [], "older_url": None, "values": {}, "errors": {}}
    return await visit.html("settings/relations.html", tab=tab, **(empty | values))


@pages.post("/settings/domain_blocks", access="me")
async def block_domain(visit: Visit, form: DomainForm) -> Response:
    """Block a server."""
    res = visit.res
    try:
        await blocks.block_domain(
            res.db, res.clock, res.emit, visit.me.account_id, form.domain, own_domain=res.urls.domain
        )
    except Refused as error:
        page = await _domains(visit, PageForm())
        refused = {"http_status": 422, "values": {"domain": form.domain}, "errors": errors_of(error)}
        return await _relations(visit, "domains", domains=page.items, **refused)
    return visit.redirect("/settings/domain_blocks")


@pages.post("/settings/domain_blocks/remove", access="me")
async def unblock_domain(visit: Visit, form: DomainForm) -> Response:
    """Let a server in again."""
    await blocks.unblock_domain(visit.res.db, visit.me.account_id, form.domain, own_domain=visit.res.urls.domain)
    return visit.redirect("/settings/domain_blocks")


@pages.get("/mutes", access="me")
async def to_mutes(visit: Visit) -> Response:
    """The address that apps know."""
    return visit.redirect("/settings/mutes")


@pages.get("/blocks", access="me")
async def to_blocks(visit: Visit) -> Response:
    """The address that apps know."""
    return visit.redirect("/settings/blocks")


@pages.get("/domain_blocks", access="me")
async def to_domain_blocks(visit: Visit) -> Response:
    """The address that apps know."""
    return visit.redirect("/settings/domain_blocks")
