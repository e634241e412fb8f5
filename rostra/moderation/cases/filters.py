"""Saved filters: a choice of cases under a name, one reviewer's own or everybody's."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.accounts.permissions import check_may, may
from rostra.kit.errors import Forbidden, Invalid, NotFound
from rostra.moderation.cases import reviewer_queries
from rostra.moderation.cases.queue import Query
from rostra.moderation.cases.reviewer_queries import SavedFilter
from rostra.moderation.desk import Desk, Reviewer

LONGEST_NAME: Final = 60
MOST: Final = 50


async def save_filter(desk: Desk, reviewer: Reviewer, name: str, query: Query, *, shared: bool) -> int:
    """Keep a filter; its id. What everybody sees is for those who may act on accounts. Raises Invalid, Forbidden."""
    check_may(reviewer.role, "sanction" if shared else "queue")
    if not name.strip():
        raise Invalid("name", "can't be blank", code="ERR_BLANK")
    kept = {key: value for key, value in msgspec.to_builtins(query).items() if key != "state"}
    async with desk.db.transaction() as tx:
        if len(await reviewer_queries.list_filters(tx, reviewer.account_id)) >= MOST:
            raise Invalid("name", "is one too many: delete a filter first", code="ERR_TOO_MANY")
        owner = None if shared else reviewer.account_id
        return await reviewer_queries.insert_filter(tx, owner, name.strip()[:LONGEST_NAME], kept, desk.clock.now())


async def delete_filter(desk: Desk, reviewer: Reviewer, filter_id: int) -> None:
    """Drop a filter of one's own, or one of everybody's where one may keep these. Raises NotFound, Forbidden."""
    async with desk.db.transaction() as tx:
        found = await reviewer_queries.find_filter(tx, filter_id)
        if found is None or found.account_id not in (None, reviewer.account_id):
            raise NotFound
        if found.account_id is None and not may(reviewer.role, "sanction"):
            raise Forbidden
        await reviewer_queries.delete_filter(tx, filter_id)


def query_of(saved: SavedFilter) -> Query:
    """What a saved filter asks for; whatever does not fit any more is left out."""
    known = {
        field: saved.query[field] for field in ("clause", "language", "exposure", "source") if field in saved.query
    }
    try:
        return msgspec.convert(known, Query)
    except msgspec.ValidationError:
        return Query()
