"""SQL of filters."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader

ACTIVE_FILTERS: Final = """
select f.id, f.title, f.context, f.action, f.expires_at,
  coalesce((select jsonb_agg(jsonb_build_array(k.id, k.keyword, k.whole_word) order by k.id)
    from filter_keywords k where k.filter_id = f.id), '[]') as keywords,
  coalesce((select jsonb_agg(jsonb_build_array(s.id, s.status_id) order by s.id)
    from filter_statuses s where s.filter_id = f.id), '[]') as statuses
from filters f where f.account_id = $1 order by f.id
"""


class FilterRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A filter with its parts: keywords as (id, keyword, whole_word), statuses as (id, status_id)."""

    id: int
    title: str
    context: list[str]
    action: str
    expires_at: datetime | None
    keywords: list[tuple[int, str, bool]]
    statuses: list[tuple[int, int]]


async def list_filters(db: Reader, account_id: int) -> list[FilterRecord]:
    """All filters of an account, expired ones too, in the order in which they were made."""
    rows = await db.fetch(ACTIVE_FILTERS, account_id)
    return [msgspec.convert(dict(row.items()), FilterRecord) for row in rows]
