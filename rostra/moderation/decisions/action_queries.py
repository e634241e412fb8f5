"""SQL of actions. What holds of a post or an account is the fold of its actions that have not ended: every column that
readers look at is set from them, so that ending one never lifts what another still asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.moderation.records import ActedOn, ActionKind, ActionRow
from rostra.screening.record_queries import cover_media

_COLUMNS: Final = """
id, decision_id, kind, subject_kind, subject_id, account_id, detail, starts_at, ends_at, ended_at, ended_why
"""

INSERT: Final = """
insert into actions (id, decision_id, kind, subject_kind, subject_id, account_id, detail, starts_at, ends_at)
values (make_id($7), $1, $2, $3, $4, $5, $6, $7, $8)
"""

OF_DECISION: Final = f"select {_COLUMNS} from actions where decision_id = any($1::bigint[]) order by id"

HOLDING: Final = f"""
select {_COLUMNS} from actions where subject_kind = $1 and subject_id = $2 and ended_at is null order by id
"""

END: Final = "update actions set ended_at = $2, ended_why = $3 where id = $1 and ended_at is null returning id"


def _holds(kind: LiteralString, on: LiteralString, row: LiteralString) -> LiteralString:
    return f"""exists (select from actions x where x.subject_kind = '{on}' and x.subject_id = {row}.id
      and x.kind = '{kind}' and x.ended_at is null)"""


LIMIT_STATUS: Final = f"update statuses s set limited = {_holds('limit', 'status', 's')} where s.id = $1"

CLOSE_STATUS: Final = f"""
update statuses s set interaction_off = {_holds("interaction-off", "status", "s")}, rendered_for = 0 where s.id = $1
"""


def _since(column: LiteralString, kind: LiteralString) -> LiteralString:
    """Since when the account is so: the earliest of the actions that ask for it."""
    return f"""
update accounts a set {column} = (
  select min(x.starts_at) from actions x where x.subject_kind = 'account' and x.subject_id = a.id
    and x.kind = '{kind}' and x.ended_at is null), rendered_for = 0
where a.id = $1
"""


LIMIT_ACCOUNT: Final = _since("silenced_at", "limit")
FREEZE_ACCOUNT: Final = _since("frozen_at", "freeze")
SUSPEND_ACCOUNT: Final = _since("suspended_at", "suspend")
SENSITIZE_ACCOUNT: Final = _since("sensitized_at", "sensitive")

REMOVE_FILE: Final = """
update media_attachments m set removed_at = (
  select min(x.starts_at) from actions x where x.subject_kind = 'media' and x.subject_id = m.id
    and x.kind = 'remove' and x.ended_at is null)
where m.id = $1
"""

COVER_FILE: Final = f"update media_attachments m set covered = {_holds('sensitive', 'media', 'm')} where m.id = $1"

FILES: Final = """
select id, type, coalesce(description, '') as description, removed_at, covered from media_attachments
where status_id = $1 order by position, id
"""

STATUS_OF_FILE: Final = "select status_id from media_attachments where id = $1"

# The files of a post that are meant: the one that is named, or those that look like it where it is another post's.
MEANT: Final = """
select m.id from media_attachments m join media_attachments named on named.id = $2
where m.status_id = $1 and (m.id = named.id
  or named.status_id is distinct from $1 and m.pdq_quality >= 50 and named.pdq_quality >= 50
    and pdq_distance(m.pdq, named.pdq) <= 31)
order by m.position, m.id
"""

_PROJECTIONS: Final[dict[tuple[ActedOn, ActionKind], LiteralString]] = {
    ("media", "remove"): REMOVE_FILE,
    ("media", "sensitive"): COVER_FILE,
    ("status", "limit"): LIMIT_STATUS,
    ("status", "interaction-off"): CLOSE_STATUS,
    ("account", "limit"): LIMIT_ACCOUNT,
    ("account", "freeze"): FREEZE_ACCOUNT,
    ("account", "suspend"): SUSPEND_ACCOUNT,
    ("account", "sensitive"): SENSITIZE_ACCOUNT,
}


async def insert_action(
    tx: Tx,
    decision_id: int,
    kind: ActionKind,
    subject_kind: ActedOn,
    subject_id: int,
    account_id: int,
    *,
    detail: str,
    starts_at: datetime,
    ends_at: datetime | None,
) -> None:
    await tx.execute(INSERT, decision_id, kind, subject_kind, subject_id, account_id, detail, starts_at, ends_at)


async def list_actions(conn: Reader, decision_ids: Sequence[int]) -> list[ActionRow]:
    """The actions of decisions, in their order."""
    return as_records(ActionRow, await conn.fetch(OF_DECISION, decision_ids))


async def list_holding(conn: Reader, kind: ActedOn, subject_id: int) -> list[ActionRow]:
    """What holds of a subject now."""
    return as_records(ActionRow, await conn.fetch(HOLDING, kind, subject_id))


async def end_action(tx: Tx, action_id: int, at: datetime, why: str) -> bool:
    """End it; False where it had ended."""
    return await tx.fetchval(END, action_id, at, why) is not None


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a post, and what holds of it."""

    id: int
    type: str
    description: str
    removed_at: datetime | None
    covered: bool


async def list_files(conn: Reader, status_id: int) -> list[FileRow]:
    """The files of a post, in their order; those that are removed too."""
    return as_records(FileRow, await conn.fetch(FILES, status_id))


async def find_status_of(conn: Reader, media_id: int) -> int | None:
    """The post that a file belongs to."""
    return await conn.fetchval(STATUS_OF_FILE, media_id)


async def list_meant(conn: Reader, status_id: int, media_id: int) -> list[int]:
    """The file of a post that is named, or where it is another post's, those of this one that look the same."""
    return [row["id"] for row in await conn.fetch(MEANT, status_id, media_id)]


async def project(tx: Tx, kind: ActionKind, on: ActedOn, subject_id: int) -> None:
    """Set what readers look at from the actions that hold."""
    statement = _PROJECTIONS.get((on, kind))
    if statement is not None:
        await tx.execute(statement, subject_id)
    if (on, kind) == ("account", "sensitive"):
        await cover_media(tx, subject_id)
