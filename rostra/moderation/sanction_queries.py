"""SQL behind what Mastodon's admin tools do: reports with their cases, and which decisions keep an account as it is."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.db import Reader, find_record
from rostra.moderation.records import Category

REPORT_CASE: Final = """
select r.id, r.target_id, r.category, r.case_id, coalesce(c.clause, '') as clause,
  coalesce(c.state <> 'closed', false) as is_open,
  case when c.subject_kind = 'status' then (select s.revision from statuses s where s.id = c.subject_id) end as revision
from reports r left join cases c on c.id = r.case_id where r.id = $1
"""

PRESET: Final = "select text from reply_templates where id = $1"

HOLDING_DECISIONS: Final = """
select distinct decision_id from actions
where subject_kind = 'account' and subject_id = $1 and kind = $2 and ended_at is null order by decision_id
"""


class ReportCase(msgspec.Struct, frozen=True, kw_only=True):
    """A report, and the case that it belongs to. `revision` is that of the post which the case is about."""

    id: int
    target_id: int
    category: Category
    case_id: int | None
    clause: str
    is_open: bool
    revision: int | None


async def find_report_case(db: Reader, report_id: int) -> ReportCase | None:
    """One report with its case."""
    return find_record(ReportCase, await db.fetchrow(REPORT_CASE, report_id))


async def find_preset(db: Reader, preset_id: int) -> dict[str, str] | None:
    """A template's text by language."""
    return await db.fetchval(PRESET, preset_id)


async def list_holding_decisions(db: Reader, account_id: int, kind: str) -> list[int]:
    """The decisions because of which an account is limited, suspended or marked as sensitive."""
    return [row["decision_id"] for row in await db.fetch(HOLDING_DECISIONS, account_id, kind)]
