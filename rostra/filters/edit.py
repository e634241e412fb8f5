"""Making, changing and deleting filters, their keywords and their statuses.

Every change gives its owner a new `filters_revision`, by which compiled filters are kept, and says FiltersChanged.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from rostra.entities.personal import FilterAction, FilterContext
from rostra.events import Emit, FiltersChanged
from rostra.filters import queries
from rostra.filters.queries import FilterRecord
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound

MAX_FILTERS: Final = 200
MAX_KEYWORDS: Final = 500
# Of all filters of a person together: each text that they read is held against all of it.
MAX_ALL_KEYWORDS: Final = 1_000
MAX_ALL_TEXT: Final = 20_000
MAX_TITLE: Final = 256
MAX_KEYWORD: Final = 512
_MAX_LIFE: Final = 100 * 365 * 86_400


class KeywordDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A keyword to add, to change (`id` is given) or to delete (`destroy`, too). None leaves what is there."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    destroy: bool = False


class FilterDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a filter shall be; None, and `expires_in` not set, leave what is there. `expires_in` is in seconds from now,
    None for no end."""

    title: str | None = None
    context: list[FilterContext] | None = None
    action: FilterAction | None = None
    expires_in: int | UnsetType | None = UNSET
    keywords: list[KeywordDraft] = []


@asynccontextmanager
async def changing(db: Database, clock: Clock, emit: Emit, account_id: int) -> AsyncGenerator[Tx]:
    """A transaction that changes filters of this account, one at a time."""
    async with db.transaction() as tx:
        await queries.lock_owner(tx, account_id)
        yield tx
        await queries.set_revision(tx, account_id, clock.now())
        await emit(tx, FiltersChanged(account_id=account_id))


async def find_filters(db: Database, account_id: int) -> list[FilterRecord]:
    """All filters of an account, expired ones too, in the order in which they were made."""
    async with db.read() as conn:
        return await queries.list_filters(conn, account_id)


async def access_filter(db: Database, account_id: int, filter_id: int) -> FilterRecord:
    """A filter of this account. Raises NotFound for any other."""
    async with db.read() as conn:
        return known(await queries.find_filter(conn, account_id, filter_id))


def known(found: FilterRecord | None) -> FilterRecord:
    """The filter that was found. Raises NotFound where none was."""
    if found is None:
        raise NotFound
    return found


async def create_filter(db: Database, clock: Clock, emit: Emit, account_id: int, draft: FilterDraft) -> FilterRecord:
    """Make a filter. Raises Invalid for what is missing or cannot be, NotFound for the id of a keyword."""
    at = clock.now()
    async with changing(db, clock, emit, account_id) as tx:
        if await queries.count_filters(tx, account_id) >= MAX_FILTERS:
            raise Invalid("base", f"you can have no more than {MAX_FILTERS} filters")
        filter_id = await queries.insert_filter(
            tx,
            account_id,
            title=_checked_title(draft.title),
            context=_checked_context(draft.context),
            action=draft.action or "warn",
            expires_at=_end(draft.expires_in, None, at),
            at=at,
        )
        await _write_keywords(tx, account_id, filter_id, [], draft.keywords, at)
        return known(await queries.find_filter(tx, account_id, filter_id))


async def change_filter(
    db: Database, clock: Clock, emit: Emit, account_id: int, filter_id: int, draft: FilterDraft
) -> FilterRecord:
    """Change what is given of a filter. Raises Invalid, and NotFound for another's filter or keyword."""
    async with changing(db, clock, emit, account_id) as tx:
        return await rewrite(tx, account_id, known(await queries.find_filter(tx, account_id, filter_id)), draft, clock)


async def rewrite(tx: Tx, account_id: int, before: FilterRecord, draft: FilterDraft, clock: Clock) -> FilterRecord:
    """Write a changed filter and return it, within `changing`. Raises Invalid and NotFound."""
    at = clock.now()
    await queries.update_filter(
        tx,
        before.id,
        title=before.title if draft.title is None else _checked_title(draft.title),
        context=before.context if draft.context is None else _checked_context(draft.context),
        action=draft.action or before.action,
        expires_at=_end(draft.expires_in, before.expires_at, at),
    )
    await _write_keywords(tx, account_id, before.id, before.keywords, draft.keywords, at)
    return known(await queries.find_filter(tx, account_id, before.id))


async def delete_filter(db: Database, clock: Clock, emit: Emit, account_id: int, filter_id: int) -> None:
    """Delete a filter with all its parts. Raises NotFound for another's filter."""
    async with changing(db, clock, emit, account_id) as tx:
        if not await queries.delete_filter(tx, account_id, filter_id):
            raise NotFound


async def _write_keywords(
    tx: Tx,
    account_id: int,
    filter_id: int,
    before: Sequence[tuple[int, str, bool]],
    drafts: Sequence[KeywordDraft],
    at: datetime,
) -> None:
    there = {keyword_id for keyword_id, _, _ in before}
    if any(draft.id is not None and draft.id not in there for draft in drafts):
        raise NotFound
    gone = [draft.id for draft in drafts if draft.id is not None and draft.destroy]
    await queries.delete_keywords(tx, filter_id, gone)
    added = [draft for draft in drafts if draft.id is None and not draft.destroy]
    if len(there) - len(set(gone)) + len(added) > MAX_KEYWORDS:
        raise Invalid("keywords", f"must not be more than {MAX_KEYWORDS}")
    for draft in drafts:
        if draft.id is not None and not draft.destroy:
            changed = None if draft.keyword is None else checked_keyword(draft.keyword)
            await queries.update_keyword(tx, draft.id, changed, draft.whole_word)
    fresh = [(checked_keyword(draft.keyword or ""), draft.whole_word is not False) for draft in added]
    await queries.insert_keywords(tx, filter_id, fresh, at)
    if any(not draft.destroy and draft.keyword is not None for draft in drafts):
        await check_all(tx, account_id)


async def check_all(tx: Tx, account_id: int) -> None:
    """Raises Invalid where the keywords of a person's filters, as they are now, are too many or too long together."""
    words = [word for record in await queries.list_filters(tx, account_id) for _, word, _ in record.keywords]
    if len(words) > MAX_ALL_KEYWORDS:
        raise Invalid("keywords", f"of all filters together must not be more than {MAX_ALL_KEYWORDS}")
    if sum(map(len, words)) > MAX_ALL_TEXT:
        raise Invalid("keywords", f"of all filters together are too long (maximum is {MAX_ALL_TEXT} characters)")


def checked_keyword(keyword: str) -> str:
    """The keyword as it is. Raises Invalid for one that is blank or too long."""
    if not keyword.strip():
        raise Invalid("keyword", "can't be blank", code="ERR_BLANK")
    if len(keyword) > MAX_KEYWORD:
        raise Invalid("keyword", f"is too long (maximum is {MAX_KEYWORD} characters)", code="ERR_TOO_LONG")
    return keyword


def _checked_title(title: str | None) -> str:
    title = (title or "").strip()
    if not title:
        raise Invalid("title", "can't be blank", code="ERR_BLANK")
    if len(title) > MAX_TITLE:
        raise Invalid("title", f"is too long (maximum is {MAX_TITLE} characters)", code="ERR_TOO_LONG")
    return title


def _checked_context(context: Sequence[FilterContext] | None) -> list[FilterContext]:
    if not context:
        raise Invalid("context", "must name at least one place", code="ERR_BLANK")
    return list(dict.fromkeys(context))


def _end(expires_in: int | UnsetType | None, before: datetime | None, at: datetime) -> datetime | None:
    if isinstance(expires_in, UnsetType):
        return before
    if expires_in is None:
        return None
    if not 0 <= expires_in <= _MAX_LIFE:
        raise Invalid("expires_in", "must be a number of seconds")
    return at + timedelta(seconds=expires_in)
