"""Opening cases from above screening, with their clocks. The order of work is the database's `case_rank`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from rostra.kit.db import Tx
from rostra.moderation.cases import case_queries
from rostra.screening.cases import CaseKind, CaseSource, NewCase
from rostra.screening.cases import open_case as open_one

Regime = Literal["host", "order", "terrorist", "legal", "store", "own"]


async def open_case(
    tx: Tx,
    at: datetime,
    *,
    kind: CaseKind,
    subject_id: int,
    account_id: int,
    clause: str,
    severity: int,
    policy: str,
    source: CaseSource,
    p: float = 0.5,
    rule: str = "",
    event_id: int | None = None,
    reports: int = 0,
    due_at: datetime | None = None,
    regime: Regime | None = None,
    notice_id: int | None = None,
) -> int:
    """Open a case, or add to the one that is open of the subject; its id. With `regime` a clock runs until `due_at`."""
    case_id = await open_one(
        tx,
        at,
        NewCase(
            kind=kind,
            subject_id=subject_id,
            account_id=account_id,
            source=source,
            clause=clause,
            rule=rule,
            policy=policy,
            severity=severity,
            p=p,
            event_id=event_id,
            due_at=due_at,
            reports=reports,
        ),
    )
    if regime is not None and due_at is not None:
        await case_queries.insert_deadline(tx, case_id, regime, notice_id=notice_id, starts_at=at, due_at=due_at)
    return case_id
