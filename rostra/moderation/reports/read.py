"""Reading the reports that came in, for the staff."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, LiteralString

import msgspec

from rostra.kit.db import Database, Reader, as_records, find_record
from rostra.kit.errors import NotFound
from rostra.moderation.records import Category

Tab = Literal["open", "decided", "legal", "muted"]

_WHICH: Final[dict[str, LiteralString]] = {
    "open": "r.action_taken_at is null and not r.muted",
    "decided": "r.action_taken_at is not null",
    "legal": "r.source = 'legal'",
    "muted": "r.muted",
}

_REPORT: Final[LiteralString] = """
select r.id, r.account_id, r.target_id, r.status_ids, r.rule_ids, r.category, r.reason, r.comment, r.forward, r.source,
  r.muted, r.outcome, r.created_at, r.action_taken_at, r.told_at, n.urls, n.explanation, n.law,
  n.name as sender, n.email as sender_email, n.resolved_at is not null as resolved,
  coalesce((select array_agg(rc.case_id order by rc.case_id) from report_cases rc where rc.report_id = r.id), '{}')
    as case_ids
from reports r left join legal_notices n on n.report_id = r.id
"""

PAGES: Final[dict[str, LiteralString]] = {
    tab: f"{_REPORT} where {which} and r.id < $1 order by r.id desc limit $2" for tab, which in _WHICH.items()
}

REPORT: Final[LiteralString] = f"{_REPORT} where r.id = $1"


class ReadReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report as moderators read it. Without `account_id` it is a legal notice, or of another server; without
    `target_id` a notice that names nothing which is here."""

    id: int
    account_id: int | None
    target_id: int | None
    status_ids: list[int]
    rule_ids: list[int]
    category: Category
    reason: str
    comment: str
    forward: bool
    source: str
    muted: bool
    outcome: str | None
    created_at: datetime
    action_taken_at: datetime | None
    told_at: datetime | None
    # Of a legal notice, until its sender is forgotten.
    urls: list[str] | None
    explanation: str | None
    law: str | None
    sender: str | None
    sender_email: str | None
    resolved: bool
    case_ids: list[int]


async def list_reports(db: Database, tab: Tab, below: int, limit: int) -> list[ReadReport]:
    """A page of reports, the latest first, below an id."""
    async with db.read() as conn:
        return await _list(conn, tab, below, limit)


async def _list(conn: Reader, tab: Tab, below: int, limit: int) -> list[ReadReport]:
    return as_records(ReadReport, await conn.fetch(PAGES[tab], below, limit))


async def get_report(db: Database, report_id: int) -> ReadReport:
    """One report. Raises NotFound."""
    async with db.read() as conn:
        found = find_record(ReadReport, await conn.fetchrow(REPORT, report_id))
    if found is None:
        raise NotFound
    return found
