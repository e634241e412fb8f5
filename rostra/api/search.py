"""Searching: everything at once, and accounts alone."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rostra.accounts.render import hydrate_accounts, hydrate_accounts_by_id
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import RawAccount
from rostra.entities.search import Search, Suggestion
from rostra.entities.status import RawStatus
from rostra.entities.tag import Tag
from rostra.kit.errors import BadRequest, Invalid, Unauthorized
from rostra.kit.paging import Id
from rostra.relationships.tags import hydrate_tags
from rostra.search.directory import suggested
from rostra.search.find import SearchPage, search_statuses
from rostra.search.names import find_at, is_address, is_handle, search_accounts, search_hashtags

routes = Routes("search")

MOST_OFFSET: Final = 400


class SearchForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/search/#v2"""

    q: str
    type: Literal["accounts", "hashtags", "statuses"] | None = None
    resolve: bool = False
    limit: int = 20
    offset: int = 0
    account_id: Id | None = None
    following: bool = False
    # No hashtag waits for a review here: one that is not to be listed is never found.
    exclude_unreviewed: bool = False
    min_id: Id | None = None
    max_id: Id | None = None


class AccountsForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/accounts/#search"""

    q: str
    limit: int = 40
    offset: int = 0
    resolve: bool = False
    following: bool = False


def check_offset(offset: int, limit: int) -> None:
    """Raises BadRequest for what is negative, Invalid for an offset that nobody pages to."""
    if offset < 0 or limit < 0:
        raise BadRequest("limit and offset must not be negative")
    if offset > MOST_OFFSET:
        raise Invalid("offset", f"must not be more than {MOST_OFFSET}")


@routes.get("/api/v2/search", access="public", scopes="read:search")
async def search(call: Call, form: SearchForm) -> Search:
    """Posts, accounts and hashtags; only signed-in people may resolve addresses of other servers and page on."""
    check_offset(form.offset, form.limit)
    if call.viewer is None and (form.resolve or form.offset):
        raise Unauthorized("Resolving and paging need somebody who is signed in")
    nothing = Search(accounts=[], statuses=[], hashtags=[])
    if not form.q.strip():
        return nothing
    if is_address(form.q):
        found = await _at_address(call, form)
        if found.accounts or found.statuses:
            return found
    text = form.q.strip()
    about_account, about_tag = is_handle(text), text.startswith("#")
    return Search(
        accounts=[] if about_tag or not _asks(form, "accounts") else await _accounts(call, form),
        statuses=[] if about_account or not _asks(form, "statuses") else await _statuses(call, form),
        hashtags=[] if about_account or not _asks(form, "hashtags") else await _hashtags(call, form),
    )


def _asks(form: SearchForm, kind: str) -> bool:
    return form.type is None or form.type == kind


def _page(form: SearchForm) -> tuple[int, int]:
    """Limit and offset; an offset into three lists at once would mean nothing."""
    return min(form.limit, 40), form.offset if form.type is not None else 0


async def _at_address(call: Call, form: SearchForm) -> Search:
    account_id, status_id = await find_at(call.res.db, call.res.urls, form.q)
    accounts: list[RawAccount] = []
    statuses: list[RawStatus] = []
    if account_id is not None and _asks(form, "accounts") and not form.offset:
        accounts = await hydrate_accounts(call.res.db, [account_id], call.res.urls)
    if status_id is not None and _asks(form, "statuses") and not form.offset:
        statuses = await (await call.statuses()).by_ids([status_id])
    return Search(accounts=accounts, statuses=statuses, hashtags=[])


async def _accounts(call: Call, form: SearchForm) -> list[RawAccount]:
    limit, offset = _page(form)
    return await search_accounts(
        call.res.db,
        call.res.urls,
        form.q,
        viewer_id=call.viewer.account_id if call.viewer else None,
        at=call.res.clock.now(),
        limit=limit,
        offset=offset,
        following=form.following,
    )


async def _statuses(call: Call, form: SearchForm) -> list[RawStatus]:
    limit, offset = _page(form)
    part = SearchPage(limit=limit, offset=offset, below=form.max_id, above=form.min_id, author_id=form.account_id)
    viewer_id = call.viewer.account_id if call.viewer else None
    reader = await call.statuses()
    return await search_statuses(call.res.db, reader, form.q, part, viewer_id=viewer_id, domain=call.res.urls.domain)


async def _hashtags(call: Call, form: SearchForm) -> list[Tag]:
    limit, offset = _page(form)
    ids = await search_hashtags(call.res.db, form.q, limit=limit, offset=offset)
    viewer_id = call.viewer.account_id if call.viewer else None
    return await hydrate_tags(call.res.db, ids, viewer_id, call.res.urls, call.res.clock.now().date())


@routes.get("/api/v1/accounts/search", scopes="read:accounts")
async def search_for_accounts(call: Call, form: AccountsForm) -> list[RawAccount]:
    """Accounts by name or handle, best first."""
    check_offset(form.offset, form.limit)
    return await search_accounts(
        call.res.db,
        call.res.urls,
        form.q,
        viewer_id=call.me.account_id,
        at=call.res.clock.now(),
        limit=min(form.limit, 80),
        offset=form.offset,
        following=form.following,
    )


class SuggestionsForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/suggestions/#v2"""

    limit: int = 40
    offset: int = 0


@routes.get("/api/v2/suggestions", scopes="read:accounts")
async def suggest_people(call: Call, form: SuggestionsForm) -> list[Suggestion]:
    """People who wish to be found and whom the viewer does not follow."""
    check_offset(form.offset, form.limit)
    found = await suggested(call.res.db, call.res.clock, call.me.account_id, min(form.limit, 80), form.offset)
    accounts = await hydrate_accounts_by_id(call.res.db, [account_id for account_id, _ in found], call.res.urls)
    return [
        Suggestion(
            source="past_interactions" if in_common else "global",
            sources=["friends_of_friends" if in_common else "most_followed"],
            account=accounts[account_id],
        )
        for account_id, in_common in found
        if account_id in accounts
    ]
