"""SQL of carrying out the import of an archive, and of taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rostra.kit.db import Reader, Tx

ADVANCE: Final = """
update imports set cursor = $2, imported = imported + $3, failed = failed + $4, skipped = skipped + $5 where id = $1
"""

INSERT_NOTES: Final = """
insert into import_rows (import_id, place, line, outcome, reason)
select $1, given.place, given.line, case when given.failed then 'failed' else 'imported' end, given.reason
from unnest($2::integer[], $3::text[], $4::text[], $5::boolean[]) as given(place, line, reason, failed)
on conflict (import_id, place) do nothing
"""

# Undoing is a matter of days: afterwards others have answered.
START_UNDO: Final = """
update imports set state = 'undoing' where id = $2 and account_id = $1 and type = 'archive' and finished_at > $3
  and state in ('finished', 'stopped') returning id
"""

POSTS_OF: Final = "select status_id from imported_statuses where import_id = $1 order by status_id desc limit $2"


async def advance(tx: Tx, import_id: int, cursor: int, *, imported: int, failed: int, skipped: int) -> None:
    """Write that the items up to `cursor` are done, and what became of the new ones of them."""
    await tx.execute(ADVANCE, import_id, cursor, imported, failed, skipped)


async def insert_notes(tx: Tx, import_id: int, notes: Mapping[int, tuple[str, str, bool]]) -> None:
    """Write what could not be imported, or not wholly, as (address, reason, whether it failed) by place."""
    rows = list(notes.values())
    lines, reasons, failed = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    await tx.execute(INSERT_NOTES, import_id, list(notes), lines, reasons, failed)


async def start_undo(tx: Tx, account_id: int, import_id: int, since: datetime) -> bool:
    """Have an import of an archive taken back, if it ended after `since`; whether there was one."""
    return await tx.fetchval(START_UNDO, account_id, import_id, since) is not None


async def find_posts_of(db: Reader, import_id: int, limit: int) -> list[int]:
    """Some of the statuses that an import has made, the latest first."""
    return [row["status_id"] for row in await db.fetch(POSTS_OF, import_id, limit)]
