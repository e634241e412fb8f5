"""SQL of the audit log: who changed what about the server and its people. Rows are only ever appended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rostra.kit.db import Tx

INSERT_AUDIT_EVENT: Final = """
insert into audit_events (id, actor_id, action, subject, details, created_at) values (make_id($1), $2, $3, $4, $5, $1)
"""


async def insert_audit_event(
    tx: Tx, *, actor_id: int | None, action: str, subject: str, details: dict[str, Any], at: datetime
) -> None:
    """Note who changed what; `actor_id` None is the command line."""
    await tx.execute(INSERT_AUDIT_EVENT, at, actor_id, action, subject, details)
