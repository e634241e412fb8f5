"""The one function that writes the record of moderation. Nothing changes a row afterwards: the database refuses, and
the tree, of which each row becomes a leaf within seconds (`rostra/ledger/seal.py`), would show it.

Rows hold ids and what was found, never what people wrote. Nobody is named but in `account_id`, `actor_id` and, where
the subject is an account, `subject_id`: by these somebody is erased (`rostra/ledger/erase.py`). What now holds of a
post or an account (withheld, labels, strikes) is derived from here and kept beside the post for the readers' sake.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, LiteralString

import msgspec

from rostra.kit.db import Tx


def appending(at: LiteralString, values: LiteralString) -> LiteralString:
    """SQL that appends an event at that moment, for `APPEND` and for statements that write it with what it is about.
    `values` are the fields of an `Entry`, in their order."""
    return f"""
insert into moderation_events (id, type, subject_kind, subject_id, revision, account_id, actor_id, policy, detectors,
  clause, details, created_at)
values (make_id({at}), {values}, {at}) returning id
"""


APPEND: Final = appending("$1", "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11")

SubjectKind = Literal[
    "status", "account", "media", "card", "policy", "rule", "model",
    "case", "report", "notice", "appeal", "domain", "lever", "sample", "decision", "panel",
]  # fmt: skip


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `account_id`: whose content it is; `actor_id`: who did it, None for the server.

    What is about a person has the person's `account_id`, or an account as its subject; other people are named in
    `details` by records that refer to them (a report, a case, a decision), never by their own ids. Type, policy,
    detectors, clause and the day are public once the ledger is exported, the rest never.
    """

    type: str
    subject_kind: SubjectKind
    subject_id: int
    revision: int = 0
    account_id: int | None = None
    actor_id: int | None = None
    policy: str = ""
    detectors: str = ""
    clause: str = ""
    details: dict[str, Any] = {}


def columns(at: datetime, entry: Entry) -> tuple[Any, ...]:
    """The parameters of `APPEND`."""
    return (
        at, entry.type, entry.subject_kind, entry.subject_id, entry.revision, entry.account_id, entry.actor_id,
        entry.policy, entry.detectors, entry.clause, entry.details,
    )  # fmt: skip


async def append(tx: Tx, at: datetime, entry: Entry) -> int:
    """Write it, in the transaction that makes it so; its id."""
    return await tx.fetchval(APPEND, *columns(at, entry))
