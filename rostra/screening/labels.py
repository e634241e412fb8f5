"""Labels on posts and accounts: put on by rules and people, with a source and, where it has one, an end."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.ledger.append import Entry, append
from rostra.screening import record_queries
from rostra.screening.judgement import LabelTerms

_TOGETHER: Final = 500


async def put_label(
    tx: Tx,
    at: datetime,
    kind: Literal["status", "account"],
    subject_id: int,
    label: LabelTerms,
    *,
    account_id: int,
    actor_id: int,
    policy: str,
    expires_at: datetime | None = None,
) -> int:
    """Have a person put a label on a status or an account, until `expires_at`; the event's id."""
    details = {"label": label.id, "expires_at": None if expires_at is None else expires_at.isoformat()}
    entry = Entry(
        type="label_added",
        subject_kind=kind,
        subject_id=subject_id,
        account_id=account_id,
        actor_id=actor_id,
        policy=policy,
        details=details,
    )
    event_id = await append(tx, at, entry)
    await record_queries.put_label(
        tx, kind, subject_id, label=label.id, title=label.title, covers=label.covers,
        source=f"person:{actor_id}", event_id=event_id, at=at, expires_at=expires_at,
    )  # fmt: skip
    await record_queries.show_labels(tx, kind, subject_id)
    return event_id


async def expire_labels(db: Database, clock: Clock) -> int:
    """Take off what has come to its end; how many labels that were."""
    at, taken = clock.now(), 0
    while True:
        async with db.transaction() as tx:
            expired = await record_queries.take_expired_labels(tx, at, _TOGETHER)
            for kind, subject_id, label in expired:
                await _say_removed(tx, at, kind, subject_id, label, None)
        taken += len(expired)
        if len(expired) < _TOGETHER:
            return taken


async def _say_removed(tx: Tx, at: datetime, kind: str, subject_id: int, label: str, actor_id: int | None) -> None:
    entry = Entry(
        type="label_removed",
        subject_kind="status" if kind == "status" else "account",
        subject_id=subject_id,
        account_id=await record_queries.find_owner(tx, kind, subject_id),
        actor_id=actor_id,
        details={"label": label},
    )
    await append(tx, at, entry)
    await record_queries.show_labels(tx, kind, subject_id)
