"""Reading decisions back: with their actions, and the pseudonym of who decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from rostra.kit.db import Reader
from rostra.kit.errors import NotFound
from rostra.kit.ids import MAX_ID
from rostra.moderation.decisions import action_queries
from rostra.moderation.desk import Desk
from rostra.moderation.records import ActionRow, DecisionRow

_COLUMNS: Final = """
d.id, d.case_id, d.subject_kind, d.subject_id, d.revision, d.account_id, d.reviewer_id, d.snapshot_id, d.event_id,
  d.policy, d.clause, d.rule, d.outcome, d.reason, d.facts, d.confidence, d.origin, d.automated_detection,
  d.automated_decision, d.bulk_id, d.created_at, d.reversed_at, d.reversed_by, d.reversed_why, r.pseudonym
"""
_FROM: Final = "decisions d left join reviewers r on r.account_id = d.reviewer_id"

ONE: Final = f"select {_COLUMNS} from {_FROM} where d.id = $1"
LATEST: Final = f"select {_COLUMNS} from {_FROM} where d.id < $1 order by d.id desc limit $2"
OF_ACCOUNT: Final = f"select {_COLUMNS} from {_FROM} where d.id < $1 and d.account_id = $3 order by d.id desc limit $2"
OF_SUBJECT: Final = f"""
select {_COLUMNS} from {_FROM}
where d.id < $1 and d.subject_kind in ('status', 'account') and d.subject_id = $3 order by d.id desc limit $2
"""


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its actions. `reviewer` is a pseudonym; None where nobody decided, or they have none yet."""

    decision: DecisionRow
    actions: list[ActionRow]
    reviewer: str | None


async def get_decision(desk: Desk, decision_id: int) -> DecisionView:
    """One decision. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await _views(conn, await conn.fetch(ONE, decision_id))
    if not found:
        raise NotFound
    return found[0]


async def list_decisions(
    desk: Desk,
    *,
    account_id: int | None = None,
    subject_id: int | None = None,
    before: int | None = None,
    limit: int = 40,
) -> list[DecisionView]:
    """Decisions on one subject, on an account's content, or all; the latest first, with two statements."""
    below = before or MAX_ID
    async with desk.db.read() as conn:
        if subject_id is not None:
            rows = await conn.fetch(OF_SUBJECT, below, limit, subject_id)
        elif account_id is not None:
            rows = await conn.fetch(OF_ACCOUNT, below, limit, account_id)
        else:
            rows = await conn.fetch(LATEST, below, limit)
        return await _views(conn, rows)


async def _views(conn: Reader, rows: Sequence[asyncpg.Record]) -> list[DecisionView]:
    found: list[tuple[DecisionRow, str | None]] = []
    for row in rows:
        values = dict(row.items())
        pseudonym = values.pop("pseudonym")
        found.append((DecisionRow(**values), pseudonym))
    actions = await action_queries.list_actions(conn, [row.id for row, _ in found])
    return [
        DecisionView(
            decision=row,
            actions=[action for action in actions if action.decision_id == row.id],
            reviewer=pseudonym if row.reviewer_id is not None else None,
        )
        for row, pseudonym in found
    ]
