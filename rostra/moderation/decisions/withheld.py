"""Why a post of one's own is withheld, for its author."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Database

REASON: Final = """
select h.reason, h.spans, h.created_at, h.expires_at, h.expires_to, h.clause, h.decision
from holds h join statuses s on s.id = h.status_id
where h.status_id = $1 and h.account_id = $2 and s.withheld is not null order by h.id desc limit 1
"""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an author's own post is withheld; `spans` are (field, start, end, name)."""

    reason: dict[str, str]
    spans: list[tuple[str, int, int, str]]
    created_at: datetime
    expires_at: datetime
    expires_to: Literal["release", "refuse"]
    clause: str
    decision: str | None


async def find_reason(db: Database, *, account_id: int, status_id: int) -> Reason | None:
    """Why the account's own status is withheld, None where it is not."""
    async with db.read() as conn:
        row = await conn.fetchrow(REASON, status_id, account_id)
    return None if row is None else msgspec.convert(dict(row.items()), Reason)
