"""Filters as old apps know them: one phrase each. Each is a view onto one keyword of a filter, and has its id."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from rostra.entities.account import timestamp
from rostra.entities.personal import FilterAction, V1Filter
from rostra.events import Emit
from rostra.filters import queries
from rostra.filters.edit import FilterDraft, KeywordDraft, changing, create_filter, known, rewrite
from rostra.filters.parts import Keyword
from rostra.filters.queries import FilterRecord
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid


def render_v1(record: FilterRecord, keyword: Keyword) -> V1Filter:
    """A keyword of a filter as an old filter."""
    return V1Filter(
        id=str(keyword[0]),
        phrase=keyword[1],
        context=record.context,
        whole_word=keyword[2],
        expires_at=timestamp(record.expires_at) if record.expires_at else None,
        irreversible=record.action == "hide",
    )


def _view(record: FilterRecord, keyword_id: int) -> V1Filter:
    return render_v1(record, next(keyword for keyword in record.keywords if keyword[0] == keyword_id))


async def list_v1(db: Database, account_id: int) -> list[V1Filter]:
    """Every keyword of every filter."""
    async with db.read() as conn:
        records = await queries.list_filters(conn, account_id)
    return [render_v1(record, keyword) for record in records for keyword in record.keywords]


async def access_v1(db: Database, account_id: int, keyword_id: int) -> V1Filter:
    """One keyword of this account. Raises NotFound for any other."""
    async with db.read() as conn:
        return _view(known(await queries.find_by_keyword(conn, account_id, keyword_id)), keyword_id)


async def create_v1(
    db: Database,
    clock: Clock,
    emit: Emit,
    account_id: int,
    draft: FilterDraft,
    *,
    phrase: str,
    irreversible: bool | None,
    whole_word: bool | None,
) -> V1Filter:
    """Make a filter with one keyword; `draft` holds context and expiry. Raises Invalid."""
    draft = msgspec.structs.replace(
        draft,
        title=phrase[:256],
        action="hide" if irreversible else "warn",
        keywords=[KeywordDraft(keyword=phrase, whole_word=whole_word)],
    )
    record = await create_filter(db, clock, emit, account_id, draft)
    return render_v1(record, record.keywords[0])


async def change_v1(
    db: Database,
    clock: Clock,
    emit: Emit,
    account_id: int,
    keyword_id: int,
    draft: FilterDraft,
    *,
    phrase: str | None,
    irreversible: bool | None,
    whole_word: bool | None,
) -> V1Filter:
    """Change a keyword and, where it is the only one, its filter. Raises NotFound for another's, and Invalid where the
    filter has more keywords, which old apps cannot know of."""
    async with changing(db, clock, emit, account_id) as tx:
        record = known(await queries.find_by_keyword(tx, account_id, keyword_id))
        named_after = any(word == record.title for one, word, _ in record.keywords if one == keyword_id)
        draft = msgspec.structs.replace(
            draft,
            title=phrase[:256] if phrase and named_after else None,
            action=_action(irreversible, record.action),
            keywords=[KeywordDraft(id=keyword_id, keyword=phrase, whole_word=whole_word)],
        )
        if len(record.keywords) > 1 and _concerns_all(draft, record):
            raise Invalid("base", "this filter has more than one keyword; change it in an app that knows filters v2")
        return _view(await rewrite(tx, account_id, record, draft, clock), keyword_id)


def _action(irreversible: bool | None, before: FilterAction) -> FilterAction:
    if irreversible is None:
        return before
    if irreversible:
        return "hide"
    return "warn" if before == "hide" else before


def _concerns_all(draft: FilterDraft, record: FilterRecord) -> bool:
    if draft.context is not None and set(draft.context) != set(record.context):
        return True
    # Most apps send the expiry with every change; "none" where there is none is no change.
    moved = draft.expires_in is not UNSET and not (draft.expires_in is None and record.expires_at is None)
    return draft.action != record.action or moved


async def delete_v1(db: Database, clock: Clock, emit: Emit, account_id: int, keyword_id: int) -> None:
    """Delete a keyword, and its filter where nothing is left in it. Raises NotFound for another's."""
    async with changing(db, clock, emit, account_id) as tx:
        record = known(await queries.find_by_keyword(tx, account_id, keyword_id))
        await queries.delete_keywords(tx, record.id, [keyword_id])
        if len(record.keywords) == 1 and not record.statuses:
            await queries.delete_filter(tx, account_id, record.id)
