"""SQL of filters, their keywords and their statuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import msgspec

from rostra.entities.personal import FilterAction, FilterContext
from rostra.kit.db import Reader, Tx

_COLUMNS: Final = """
select f.id, f.title, f.context, f.action, f.expires_at,
  coalesce((select jsonb_agg(jsonb_build_array(k.id, k.keyword, k.whole_word) order by k.id)
    from filter_keywords k where k.filter_id = f.id), '[]') as keywords,
  coalesce((select jsonb_agg(jsonb_build_array(s.id, s.status_id) order by s.id)
    from filter_statuses s where s.filter_id = f.id), '[]') as statuses
from filters f where f.account_id = $1
"""

ALL_FILTERS: Final = f"{_COLUMNS} order by f.id"

FILTER_BY_ID: Final = f"{_COLUMNS} and f.id = $2"

FILTER_BY_KEYWORD: Final = f"{_COLUMNS} and f.id = (select k.filter_id from filter_keywords k where k.id = $2)"

FILTER_BY_STATUS_ROW: Final = f"{_COLUMNS} and f.id = (select s.filter_id from filter_statuses s where s.id = $2)"

# Changes to a person's filters happen one after the other, so that the revision always tells of the latest.
LOCK_OWNER: Final = "select account_id from users where account_id = $1 for no key update"

SET_REVISION: Final = """
update users u set filters_revision = case
  when exists (select from filters f where f.account_id = u.account_id) then make_id($2) else 0 end
where u.account_id = $1
"""

COUNT_FILTERS: Final = "select count(*) from filters where account_id = $1"

INSERT_FILTER: Final = """
insert into filters (id, account_id, title, context, action, expires_at, created_at)
values (make_id($6), $1, $2, $3, $4, $5, $6) returning id
"""

UPDATE_FILTER: Final = "update filters set title = $2, context = $3, action = $4, expires_at = $5 where id = $1"

DELETE_FILTER: Final = "delete from filters where account_id = $1 and id = $2 returning id"

INSERT_KEYWORDS: Final = """
insert into filter_keywords (id, filter_id, keyword, whole_word)
select make_id($4), $1, given.keyword, given.whole_word
from unnest($2::text[], $3::boolean[]) with ordinality as given(keyword, whole_word, place) order by given.place
returning id
"""

UPDATE_KEYWORD: Final = """
update filter_keywords set keyword = coalesce($2, keyword), whole_word = coalesce($3, whole_word) where id = $1
"""

DELETE_KEYWORDS: Final = "delete from filter_keywords where filter_id = $1 and id = any($2::bigint[])"

# Touches the row where there is one, so that its id is answered either way.
INSERT_STATUS: Final = """
insert into filter_statuses (id, filter_id, status_id) values (make_id($3), $1, $2)
on conflict (filter_id, status_id) do update set status_id = excluded.status_id returning id
"""

DELETE_STATUS: Final = "delete from filter_statuses where id = $1"


class FilterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A filter with its parts: keywords as (id, keyword, whole_word), statuses as (id, status_id)."""

    id: int
    title: str
    context: list[FilterContext]
    action: FilterAction
    expires_at: datetime | None
    keywords: list[tuple[int, str, bool]]
    statuses: list[tuple[int, int]]


async def list_filters(db: Reader, account_id: int) -> list[FilterRecord]:
    """All filters of an account, expired ones too, in the order in which they were made."""
    rows = await db.fetch(ALL_FILTERS, account_id)
    return [msgspec.convert(dict(row.items()), FilterRecord) for row in rows]


async def _find(db: Reader, statement: LiteralString, account_id: int, wanted_id: int) -> FilterRecord | None:
    row = await db.fetchrow(statement, account_id, wanted_id)
    return None if row is None else msgspec.convert(dict(row.items()), FilterRecord)


async def find_filter(db: Reader, account_id: int, filter_id: int) -> FilterRecord | None:
    """A filter, if it is this account's."""
    return await _find(db, FILTER_BY_ID, account_id, filter_id)


async def find_by_keyword(db: Reader, account_id: int, keyword_id: int) -> FilterRecord | None:
    """The account's filter that has this keyword."""
    return await _find(db, FILTER_BY_KEYWORD, account_id, keyword_id)


async def find_by_status_row(db: Reader, account_id: int, row_id: int) -> FilterRecord | None:
    """The account's filter that has this row for a status."""
    return await _find(db, FILTER_BY_STATUS_ROW, account_id, row_id)


async def lock_owner(tx: Tx, account_id: int) -> None:
    """Until the transaction ends, nobody else changes this account's filters."""
    await tx.fetchval(LOCK_OWNER, account_id)


async def set_revision(tx: Tx, account_id: int, at: datetime) -> None:
    """Mark the account's filters as changed. The owner must be locked."""
    await tx.execute(SET_REVISION, account_id, at)


async def count_filters(db: Reader, account_id: int) -> int:
    """How many filters the account has."""
    return await db.fetchval(COUNT_FILTERS, account_id)


async def insert_filter(
    tx: Tx,
    account_id: int,
    *,
    title: str,
    context: Sequence[FilterContext],
    action: FilterAction,
    expires_at: datetime | None,
    at: datetime,
) -> int:
    """Write a filter without keywords and return its id."""
    return await tx.fetchval(INSERT_FILTER, account_id, title, context, action, expires_at, at)


async def update_filter(
    tx: Tx,
    filter_id: int,
    *,
    title: str,
    context: Sequence[FilterContext],
    action: FilterAction,
    expires_at: datetime | None,
) -> None:
    """Write all of a filter but its keywords and statuses."""
    await tx.execute(UPDATE_FILTER, filter_id, title, context, action, expires_at)


async def delete_filter(tx: Tx, account_id: int, filter_id: int) -> bool:
    """Delete the account's filter with all its parts; whether there was one."""
    return await tx.fetchval(DELETE_FILTER, account_id, filter_id) is not None


async def insert_keywords(tx: Tx, filter_id: int, keywords: Sequence[tuple[str, bool]], at: datetime) -> list[int]:
    """Write keywords (keyword, whole_word) and return their ids, in their order."""
    words, whole = [word for word, _ in keywords], [is_whole for _, is_whole in keywords]
    return [row["id"] for row in await tx.fetch(INSERT_KEYWORDS, filter_id, words, whole, at)]


async def update_keyword(tx: Tx, keyword_id: int, keyword: str | None, whole_word: bool | None) -> None:
    """Change what is given of a keyword; None leaves it."""
    await tx.execute(UPDATE_KEYWORD, keyword_id, keyword, whole_word)


async def delete_keywords(tx: Tx, filter_id: int, keyword_ids: Sequence[int]) -> None:
    """Delete keywords of a filter."""
    await tx.execute(DELETE_KEYWORDS, filter_id, keyword_ids)


async def insert_status(tx: Tx, filter_id: int, status_id: int, at: datetime) -> int:
    """Have a filter match a status; the id of the row."""
    return await tx.fetchval(INSERT_STATUS, filter_id, status_id, at)


async def delete_status(tx: Tx, row_id: int) -> None:
    """Have a filter no longer match a status."""
    await tx.execute(DELETE_STATUS, row_id)
