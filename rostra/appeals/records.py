"""The shapes of appeals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.moderation.records import Wish

Side = Literal["author", "reporter"]
State = Literal["filed", "panel", "upheld", "overturned", "modified"]
Finding = Literal["upheld", "overturned", "modified"]

LONGEST: Final = 4000
# How soon those concerned should have an answer: our own aim; the law asks for "a timely manner".
ANSWER_WITHIN: Final = timedelta(days=7)


class AppealRow(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal. `account_id` None: sent without an account, or the account is gone."""

    id: int
    decision_id: int
    side: Side
    account_id: int | None
    report_id: int | None
    text: str
    evidence: str
    language: str
    state: State
    filed_at: datetime
    due_at: datetime
    assigned_to: int | None
    lease_until: datetime | None
    decided_by: int | None
    decided_at: datetime | None
    answer: dict[str, str]
    new_decision_id: int | None
    notified_at: datetime | None


class AppealShown(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list: the appeal with what it is about."""

    id: int
    decision_id: int
    side: Side
    state: State
    text: str
    language: str
    filed_at: datetime
    due_at: datetime
    assigned_to: int | None
    lease_until: datetime | None
    decided_at: datetime | None
    subject_kind: Literal["status", "account"]
    clause: str
    outcome: str
    automated_decision: bool
    # Whether the viewer had a part in it before, so that it is not for them.
    took_part: bool


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer finds. `answer` is read by those concerned. Of 'modified', and of a reporter's appeal that is
    granted: what is to be done instead, under which clause, to which revision."""

    finding: Finding
    answer: str = ""
    clause: str = ""
    wishes: tuple[Wish, ...] = ()
    revision: int | None = None
    facts: str = ""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How appeals against one kind of decision ended."""

    key: str
    decided: int
    overturned: int
    modified: int
