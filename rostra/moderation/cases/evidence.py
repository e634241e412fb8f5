"""Evidence: a subject as it was when it was reported, sampled or decided, kept though its author edits or deletes it.

Equal states are one row. What a snapshot shows is the author's text, its media by their keys in the object store, and
up to five posts above it; the files stay for as long as a snapshot names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx
from rostra.moderation.cases import evidence_queries as queries

Kind = Literal["status", "account"]

# An author or a reporter has six months for an appeal, counted from the notice.
KEPT: Final = timedelta(days=220)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A subject as it was. `content` has: text, spoiler_text, language, visibility, created_at, edited_at, sensitive,
    poll (options), media ([{id, type, key, preview_key, description, blurhash}], with `removed` where it was out of
    sight), acct, display_name, in_reply_to_id,
    context ([{id, acct, text}], the oldest first); of an account: acct, display_name, note_text, fields, avatar_key,
    header_key, created_at."""

    id: int
    subject_kind: Kind
    subject_id: int
    revision: int
    account_id: int
    content: dict[str, Any]
    taken_at: datetime


async def take_snapshot(tx: Tx, at: datetime, kind: Kind, subject_id: int) -> int | None:
    """Keep the subject as it is now; the snapshot's id, None where the subject is gone."""
    return next(iter((await take_snapshots(tx, at, kind, [subject_id])).values()), None)


async def take_snapshots(tx: Tx, at: datetime, kind: Kind, subject_ids: Sequence[int]) -> dict[int, int]:
    """Keep the subjects as they are now; the snapshots' ids by the subjects'. What is gone is left out."""
    if not subject_ids:
        return {}
    return await queries.insert_snapshots(tx, kind, sorted(set(subject_ids)), at)


async def find_snapshots(conn: Reader, ids: Sequence[int]) -> dict[int, Snapshot]:
    """Snapshots by their ids."""
    return {row["id"]: Snapshot(**dict(row.items())) for row in await queries.list_snapshots(conn, ids)}


async def find_latest(conn: Reader, kind: Kind, subject_id: int) -> Snapshot | None:
    """The newest snapshot of a subject."""
    row = await queries.find_latest(conn, kind, subject_id)
    return None if row is None else Snapshot(**dict(row.items()))


async def drop_kept(conn: Reader, keys: Sequence[str]) -> list[str]:
    """Those of the files that no snapshot needs."""
    if not keys:
        return []
    kept = await queries.find_kept(conn, keys)
    return [key for key in keys if key not in kept]


async def sweep_snapshots(tx: Tx, at: datetime, limit: int = 1000) -> list[str]:
    """Forget snapshots that nothing open refers to and whose time is over; the files that nothing needs any more."""
    return await queries.sweep(tx, at - KEPT, limit)
