"""Filters: v2 with its keywords and statuses, and v1, which old apps still ask for."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.empty import Empty
from rostra.entities.personal import FilterAction, FilterContext, V1Filter
from rostra.entities.status import Filter, FilterKeyword, FilterStatus
from rostra.filters import edit, parts, v1
from rostra.filters.edit import FilterDraft, KeywordDraft
from rostra.filters.render import render_filter, render_keyword, render_status
from rostra.kit.paging import ById, Id

routes = Routes("filters")

# When v2 came, with Mastodon 4.0.
_V1_SINCE: Final = 1_668_384_000

# Seconds; apps say "never" as null or as the empty text.
ExpiresIn = Annotated[str, Meta(pattern=r"^[0-9]{0,10}$")] | None | UnsetType


class KeywordAttributes(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    destroy: bool = msgspec.field(name="_destroy", default=False)


class NewFilter(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/filters/#create"""

    title: str
    context: list[FilterContext]
    filter_action: FilterAction = "warn"
    expires_in: ExpiresIn = UNSET
    keywords_attributes: list[KeywordAttributes] = []


class ChangedFilter(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/filters/#update"""

    id: Id
    title: str | None = None
    context: list[FilterContext] | None = None
    filter_action: FilterAction | None = None
    expires_in: ExpiresIn = UNSET
    keywords_attributes: list[KeywordAttributes] = []


class NewKeyword(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    keyword: str
    whole_word: bool = True


class ChangedKeyword(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    keyword: str | None = None
    whole_word: bool | None = None


class NewFilterStatus(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    status_id: Id


class NewV1Filter(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/filters/#create-v1"""

    phrase: str
    context: list[FilterContext]
    irreversible: bool | None = None
    whole_word: bool | None = None
    expires_in: ExpiresIn = UNSET


class ChangedV1Filter(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/filters/#update-v1"""

    id: Id
    phrase: str | None = None
    context: list[FilterContext] | None = None
    irreversible: bool | None = None
    whole_word: bool | None = None
    expires_in: ExpiresIn = UNSET


def _seconds(expires_in: ExpiresIn) -> int | UnsetType | None:
    if isinstance(expires_in, UnsetType):
        return UNSET
    return int(expires_in) if expires_in else None


def _keywords(given: list[KeywordAttributes]) -> list[KeywordDraft]:
    return [
        KeywordDraft(id=one.id, keyword=one.keyword, whole_word=one.whole_word, destroy=one.destroy) for one in given
    ]


@routes.get("/api/v2/filters", scopes="read:filters")
async def list_filters(call: Call) -> list[Filter]:
    """All filters of the viewer, expired ones too."""
    return [render_filter(one) for one in await edit.find_filters(call.res.db, call.me.account_id)]


@routes.post("/api/v2/filters", scopes="write:filters")
async def create_filter(call: Call, form: NewFilter) -> Filter:
    """Make a filter."""
    draft = FilterDraft(
        title=form.title,
        context=form.context,
        action=form.filter_action,
        expires_in=_seconds(form.expires_in),
        keywords=_keywords(form.keywords_attributes),
    )
    made = await edit.create_filter(call.res.db, call.res.clock, call.res.emit, call.me.account_id, draft)
    return render_filter(made)


@routes.get("/api/v2/filters/{id}", scopes="read:filters")
async def show_filter(call: Call, form: ById) -> Filter:
    """One filter."""
    return render_filter(await edit.access_filter(call.res.db, call.me.account_id, form.id))


@routes.put("/api/v2/filters/{id}", scopes="write:filters")
async def change_filter(call: Call, form: ChangedFilter) -> Filter:
    """Change a filter and its keywords."""
    draft = FilterDraft(
        title=form.title,
        context=form.context,
        action=form.filter_action,
        expires_in=_seconds(form.expires_in),
        keywords=_keywords(form.keywords_attributes),
    )
    changed = await edit.change_filter(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id, draft)
    return render_filter(changed)


@routes.delete("/api/v2/filters/{id}", scopes="write:filters")
async def delete_filter(call: Call, form: ById) -> Empty:
    """Delete a filter."""
    await edit.delete_filter(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id)
    return Empty()


@routes.get("/api/v2/filters/{id}/keywords", scopes="read:filters")
async def list_keywords(call: Call, form: ById) -> list[FilterKeyword]:
    """The keywords of a filter."""
    record = await edit.access_filter(call.res.db, call.me.account_id, form.id)
    return [render_keyword(keyword) for keyword in record.keywords]


@routes.post("/api/v2/filters/{id}/keywords", scopes="write:filters")
async def add_keyword(call: Call, form: NewKeyword) -> FilterKeyword:
    """Add a keyword to a filter."""
    added = await parts.add_keyword(
        call.res.db,
        call.res.clock,
        call.res.emit,
        call.me.account_id,
        form.id,
        form.keyword,
        whole_word=form.whole_word,
    )
    return render_keyword(added)


@routes.get("/api/v2/filters/{id}/statuses", scopes="read:filters")
async def list_filter_statuses(call: Call, form: ById) -> list[FilterStatus]:
    """The single statuses that a filter matches."""
    record = await edit.access_filter(call.res.db, call.me.account_id, form.id)
    return [render_status(status) for status in record.statuses]


@routes.post("/api/v2/filters/{id}/statuses", scopes="write:filters")
async def add_filter_status(call: Call, form: NewFilterStatus) -> FilterStatus:
    """Have a filter match a single status."""
    await (await call.statuses()).get(form.status_id)
    added = await parts.add_status(
        call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id, form.status_id
    )
    return render_status(added)


@routes.get("/api/v2/filters/keywords/{id}", scopes="read:filters")
async def show_keyword(call: Call, form: ById) -> FilterKeyword:
    """One keyword."""
    return render_keyword(await parts.access_keyword(call.res.db, call.me.account_id, form.id))


@routes.put("/api/v2/filters/keywords/{id}", scopes="write:filters")
async def change_keyword(call: Call, form: ChangedKeyword) -> FilterKeyword:
    """Change a keyword."""
    changed = await parts.change_keyword(
        call.res.db,
        call.res.clock,
        call.res.emit,
        call.me.account_id,
        form.id,
        keyword=form.keyword,
        whole_word=form.whole_word,
    )
    return render_keyword(changed)


@routes.delete("/api/v2/filters/keywords/{id}", scopes="write:filters")
async def delete_keyword(call: Call, form: ById) -> Empty:
    """Delete a keyword."""
    await parts.delete_keyword(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id)
    return Empty()


@routes.get("/api/v2/filters/statuses/{id}", scopes="read:filters")
async def show_filter_status(call: Call, form: ById) -> FilterStatus:
    """One status in a filter."""
    return render_status(await parts.access_status_row(call.res.db, call.me.account_id, form.id))


@routes.delete("/api/v2/filters/statuses/{id}", scopes="write:filters")
async def delete_filter_status(call: Call, form: ById) -> Empty:
    """Have a filter no longer match a single status."""
    await parts.delete_status_row(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id)
    return Empty()


@routes.get("/api/v1/filters", scopes="read:filters", deprecated=_V1_SINCE)
async def list_v1_filters(call: Call) -> list[V1Filter]:
    """Every keyword of every filter, as old apps know them."""
    return await v1.list_v1(call.res.db, call.me.account_id)


@routes.post("/api/v1/filters", scopes="write:filters", deprecated=_V1_SINCE)
async def create_v1_filter(call: Call, form: NewV1Filter) -> V1Filter:
    """Make a filter of one phrase."""
    return await v1.create_v1(
        call.res.db,
        call.res.clock,
        call.res.emit,
        call.me.account_id,
        FilterDraft(context=form.context, expires_in=_seconds(form.expires_in)),
        phrase=form.phrase,
        irreversible=form.irreversible,
        whole_word=form.whole_word,
    )


@routes.get("/api/v1/filters/{id}", scopes="read:filters", deprecated=_V1_SINCE)
async def show_v1_filter(call: Call, form: ById) -> V1Filter:
    """One keyword, as old apps know it."""
    return await v1.access_v1(call.res.db, call.me.account_id, form.id)


@routes.put("/api/v1/filters/{id}", scopes="write:filters", deprecated=_V1_SINCE)
async def change_v1_filter(call: Call, form: ChangedV1Filter) -> V1Filter:
    """Change a filter of one phrase."""
    return await v1.change_v1(
        call.res.db,
        call.res.clock,
        call.res.emit,
        call.me.account_id,
        form.id,
        FilterDraft(context=form.context, expires_in=_seconds(form.expires_in)),
        phrase=form.phrase,
        irreversible=form.irreversible,
        whole_word=form.whole_word,
    )


@routes.delete("/api/v1/filters/{id}", scopes="write:filters", deprecated=_V1_SINCE)
async def delete_v1_filter(call: Call, form: ById) -> Empty:
    """Delete a filter of one phrase."""
    await v1.delete_v1(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id)
    return Empty()
