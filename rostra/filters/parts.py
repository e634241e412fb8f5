"""Single keywords and statuses of a filter, by their own ids."""

from __future__ import annotations

from rostra.events import Emit
from rostra.filters import queries
from rostra.filters.edit import MAX_KEYWORDS, changing, check_all, checked_keyword, known
from rostra.filters.queries import FilterRecord
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Invalid

Keyword = tuple[int, str, bool]


async def access_keyword(db: Database, account_id: int, keyword_id: int) -> Keyword:
    """A keyword of this account as (id, keyword, whole_word). Raises NotFound for any other."""
    async with db.read() as conn:
        return (await _find_keyword(conn, account_id, keyword_id))[1]


async def _find_keyword(conn: Reader, account_id: int, keyword_id: int) -> tuple[FilterRecord, Keyword]:
    record = known(await queries.find_by_keyword(conn, account_id, keyword_id))
    return record, next(keyword for keyword in record.keywords if keyword[0] == keyword_id)


async def add_keyword(
    db: Database, clock: Clock, emit: Emit, account_id: int, filter_id: int, keyword: str, *, whole_word: bool
) -> Keyword:
    """Add a keyword to a filter. Raises Invalid, and NotFound for another's filter."""
    keyword = checked_keyword(keyword)
    async with changing(db, clock, emit, account_id) as tx:
        record = known(await queries.find_filter(tx, account_id, filter_id))
        if len(record.keywords) >= MAX_KEYWORDS:
            raise Invalid("keyword", f"a filter has no more than {MAX_KEYWORDS}")
        [keyword_id] = await queries.insert_keywords(tx, filter_id, [(keyword, whole_word)], clock.now())
        await check_all(tx, account_id)
    return keyword_id, keyword, whole_word


async def change_keyword(
    db: Database,
    clock: Clock,
    emit: Emit,
    account_id: int,
    keyword_id: int,
    *,
    keyword: str | None,
    whole_word: bool | None,
) -> Keyword:
    """Change what is given of a keyword. Raises Invalid, and NotFound for another's."""
    keyword = None if keyword is None else checked_keyword(keyword)
    async with changing(db, clock, emit, account_id) as tx:
        await _find_keyword(tx, account_id, keyword_id)
        await queries.update_keyword(tx, keyword_id, keyword, whole_word)
        if keyword is not None:
            await check_all(tx, account_id)
        return (await _find_keyword(tx, account_id, keyword_id))[1]


async def delete_keyword(db: Database, clock: Clock, emit: Emit, account_id: int, keyword_id: int) -> None:
    """Delete a keyword. Raises NotFound for another's."""
    async with changing(db, clock, emit, account_id) as tx:
        record, _ = await _find_keyword(tx, account_id, keyword_id)
        await queries.delete_keywords(tx, record.id, [keyword_id])


async def access_status_row(db: Database, account_id: int, row_id: int) -> tuple[int, int]:
    """A status in one of the account's filters as (row id, status id). Raises NotFound for any other."""
    async with db.read() as conn:
        record = known(await queries.find_by_status_row(conn, account_id, row_id))
    return next(status for status in record.statuses if status[0] == row_id)


async def add_status(
    db: Database, clock: Clock, emit: Emit, account_id: int, filter_id: int, status_id: int
) -> tuple[int, int]:
    """Have a filter match a status that its owner may see (the caller has checked); one that it matches already stays.
    Raises NotFound for another's filter."""
    async with changing(db, clock, emit, account_id) as tx:
        known(await queries.find_filter(tx, account_id, filter_id))
        return await queries.insert_status(tx, filter_id, status_id, clock.now()), status_id


async def delete_status_row(db: Database, clock: Clock, emit: Emit, account_id: int, row_id: int) -> None:
    """Have a filter no longer match a status. Raises NotFound for another's."""
    async with changing(db, clock, emit, account_id) as tx:
        known(await queries.find_by_status_row(tx, account_id, row_id))
        await queries.delete_status(tx, row_id)
