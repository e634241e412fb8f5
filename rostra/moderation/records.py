"""The shapes of reports, cases, decisions and actions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

Category = Literal["spam", "legal", "violation", "other"]
SubjectKind = Literal["status", "account"]
# What an action is on: beside what a case may be about, a file of its post.
ActedOn = Literal["status", "account", "media"]
Outcome = Literal["violates", "ok", "unclear", "out_of_scope"]
ActionKind = Literal["label", "sensitive", "interaction-off", "limit", "remove", "warn", "freeze", "suspend"]
Origin = Literal["own", "report", "legal", "trusted", "host", "order"]
# The detail of a removal of what was never published.
UNPUBLISHED: Final = "unpublished"
Reversal = Literal["undo", "review", "appeal", "superseded"]


class ReportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was made. `account_id` is None where somebody without an account sent a legal notice; `reason` is
    a clause of the policy, or empty."""

    id: int
    account_id: int | None
    target_id: int
    status_ids: list[int]
    rule_ids: list[int]
    category: Category
    comment: str
    forward: bool
    created_at: datetime
    reason: str = ""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a decision is to do: to the post, to a file of it, or to the account that wrote it. `lasts` None
    is for good."""

    kind: ActionKind
    on: ActedOn = "status"
    # Of a file: its id. That of another post's file means those that look like it.
    media_id: int | None = None
    # Of a label: its id in the policy.
    label: str = ""
    lasts: timedelta | None = None

    @property
    def is_removal(self) -> bool:
        """Whether it takes the whole post away."""
        return (self.kind, self.on) == ("remove", "status")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A decision before it is made. `revision` is that of the post that the reviewer saw."""

    outcome: Outcome
    clause: str = ""
    wishes: tuple[Wish, ...] = ()
    # What the author reads, by language; empty: the clause's own words.
    reason: dict[str, str] = {}
    # What was found, for the statement of reasons: no names, no addresses.
    facts: str = ""
    confidence: float | None = None
    # For colleagues.
    note: str = ""
    revision: int | None = None
    origin: Origin = "own"
    bulk_id: int | None = None
    # Whether somebody is to look at it all the same: a clock decided, and nobody has.
    look_again: bool = False


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case, as far as deciding it is concerned. `account_id` is whose content it is."""

    id: int
    subject_kind: SubjectKind
    subject_id: int
    account_id: int
    state: Literal["queued", "escalated", "closed"]
    source: str
    policy: str
    clause: str
    rule: str
    severity: int
    assigned_to: int | None
    lease_until: datetime | None
    opened_at: datetime


class ActionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An action of a decision."""

    id: int
    decision_id: int
    kind: ActionKind
    subject_kind: ActedOn
    subject_id: int
    account_id: int
    detail: str
    starts_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    ended_why: str | None

    @property
    def is_refusal(self) -> bool:
        """Whether it took away what nobody but its author had ever seen."""
        return self.detail == UNPUBLISHED


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it was made, and whether it still stands."""

    id: int
    case_id: int | None
    subject_kind: SubjectKind
    subject_id: int
    revision: int
    account_id: int
    reviewer_id: int | None
    snapshot_id: int | None
    event_id: int
    policy: str
    clause: str
    rule: str
    outcome: Outcome
    reason: dict[str, Any]
    facts: str
    confidence: float | None
    origin: Origin
    automated_detection: bool
    automated_decision: bool
    bulk_id: int | None
    created_at: datetime
    reversed_at: datetime | None
    reversed_by: int | None
    reversed_why: Reversal | None
