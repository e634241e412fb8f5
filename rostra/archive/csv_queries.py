"""SQL of what an overwriting import ends: what is there and not in its file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, LiteralString

from rostra.archive.csv_read import CsvType
from rostra.kit.db import Reader

_KEPT: Final = "(select r.target_id from import_rows r where r.import_id = $2 and r.target_id is not null)"
_NAMED: Final = "(select r.subject from import_rows r where r.import_id = $2 and r.reason is null)"

# What an overwriting import ends: what is there and not in the file, but for what came after it was confirmed ($3).
_OTHERS: Final[Mapping[CsvType, LiteralString]] = {
    "following": f"""
      select x.target_id as id, null as name from follows x
      where x.account_id = $1 and x.created_at <= $3 and x.target_id not in {_KEPT}
      union all
      select x.target_id, null from follow_requests x
      where x.account_id = $1 and x.created_at <= $3 and x.target_id not in {_KEPT}
    """,
    "blocking": f"""
      select x.target_id as id, null as name from blocks x
      where x.account_id = $1 and x.created_at <= $3 and x.target_id not in {_KEPT}
    """,
    "muting": f"""
      select x.target_id as id, null as name from mutes x
      where x.account_id = $1 and x.created_at <= $3 and x.target_id not in {_KEPT}
    """,
    "domain_blocking": f"""
      select x.id, x.domain as name from account_domain_blocks x
      where x.account_id = $1 and x.created_at <= $3 and x.domain not in {_NAMED}
    """,
    "bookmarks": f"""
      select x.status_id as id, null as name from bookmarks x
      where x.account_id = $1 and x.created_at <= $3 and x.status_id not in {_KEPT}
    """,
    "lists": """
      select l.id, l.title as name from lists l where l.account_id = $1 and l.created_at <= $3 and l.title not in (
        select r.options ->> 'title' from import_rows r where r.import_id = $2 and r.target_id is not null)
    """,
}
OTHERS: Final[Mapping[CsvType, LiteralString]] = {
    kind: f"select id, name from ({chosen}) others order by id limit $4" for kind, chosen in _OTHERS.items()
}
COUNT_OTHERS: Final[Mapping[CsvType, LiteralString]] = {
    kind: f"select count(*) from ({chosen}) others" for kind, chosen in _OTHERS.items()
}

LISTED: Final = """
select options ->> 'title' as title, target_id from import_rows
where import_id = $1 and target_id is not null order by place
"""


async def find_others(
    db: Reader, kind: CsvType, account_id: int, import_id: int, until: datetime, limit: int
) -> list[tuple[int, str | None]]:
    """What an overwriting import is to end, as (id, name of a domain or list)."""
    rows = await db.fetch(OTHERS[kind], account_id, import_id, until, limit)
    return [(row["id"], row["name"]) for row in rows]


async def count_others(db: Reader, kind: CsvType, account_id: int, import_id: int, until: datetime) -> int:
    """How much an overwriting import would end."""
    return await db.fetchval(COUNT_OTHERS[kind], account_id, import_id, until)


async def find_listed(db: Reader, import_id: int) -> list[tuple[str, int]]:
    """All members that a file of lists names, as (title, account)."""
    return [(row["title"], row["target_id"]) for row in await db.fetch(LISTED, import_id)]
