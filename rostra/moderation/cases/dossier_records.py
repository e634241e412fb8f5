"""The shapes of what lies beside a case, as its queries give them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from rostra.accounts.records import Role
from rostra.moderation.records import ActedOn, SubjectKind


class CaseFull(msgspec.Struct, frozen=True, kw_only=True):
    """A case with the names of those who had to do with it, which only staff see."""

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
    p: float
    views: float
    opened_at: datetime
    due_at: datetime | None
    language: str | None
    exposure: int
    reports_count: int
    assigned_to: int | None
    lease_until: datetime | None
    reserved_for: int | None
    reserved_until: datetime | None
    escalated_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    decision_id: int | None
    # The decision over many that it is one of.
    bulk_id: int | None
    holder: str | None
    kept_for: str | None
    escalated_by: str | None
    closed_by: str | None


class StatusNow(msgspec.Struct, frozen=True, kw_only=True):
    """A post as it is now. `media`: [{id, type, key, preview_key, description, removed, covered}]."""

    id: int
    account_id: int
    revision: int
    text: str
    spoiler_text: str
    language: str | None
    visibility: str
    sensitive: bool
    created_at: datetime
    edited_at: datetime | None
    withheld: str | None
    limited: bool
    interaction_off: bool
    covered: bool
    in_reply_to_id: int | None
    options: list[str]
    media: list[dict[str, Any]]
    replies: int
    boosts: int
    favourites: int
    views: int


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Whose content it is. `role` and `locale` are None for people of other servers; `upheld`: decisions against them
    that stand."""

    id: int
    username: str
    domain: str | None
    display_name: str
    note_text: str
    fields: list[dict[str, Any]]
    avatar_key: str | None
    header_key: str | None
    created_at: datetime
    silenced_at: datetime | None
    suspended_at: datetime | None
    frozen_at: datetime | None
    sensitized_at: datetime | None
    labels: list[dict[str, Any]] | None
    followers: int
    following: int
    statuses: int
    role: Role | None
    locale: str | None
    strikes: int
    open_cases: int
    reports: int
    upheld: int

    @property
    def acct(self) -> str:
        return self.username if self.domain is None else f"{self.username}@{self.domain}"


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on something else of the author's. `actions` are kinds."""

    id: int
    case_id: int | None
    subject_kind: SubjectKind
    subject_id: int
    clause: str
    outcome: str
    created_at: datetime
    reversed_at: datetime | None
    reversed_why: str | None
    automated_decision: bool
    actions: list[str]


class OtherCase(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    subject_kind: SubjectKind
    clause: str
    severity: int
    opened_at: datetime
    source: str
    excerpt: str | None


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a case, with how often its reporter was right and wrong before."""

    id: int
    account_id: int | None
    category: str
    reason: str
    comment: str
    source: str
    muted: bool
    created_at: datetime
    outcome: str | None
    snapshot_ids: list[int]
    username: str | None
    domain: str | None
    upheld: int
    rejected: int
    trusted: bool
    law: str | None
    explanation: str | None


class RefusedDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wanted to say and was told not to. Its words are not kept, only what was found in them."""

    created_at: datetime
    clause: str
    details: dict[str, Any]

    @property
    def scores(self) -> list[tuple[str, float]]:
        """What the detectors scored, the highest first."""
        scores: dict[str, float] = self.details.get("scores") or {}
        return sorted(scores.items(), key=lambda each: -each[1])


class VerdictRow(msgspec.Struct, frozen=True, kw_only=True):
    """What screening said last, and the open hold. All None where it was never screened."""

    clause: str | None
    policy: str | None
    detectors: str | None
    details: dict[str, Any] | None
    revision: int | None
    created_at: datetime | None
    spans: list[tuple[str, int, int, str]] | None
    held_revision: int | None
    reason: dict[str, str] | None
    expires_at: datetime | None
    expires_to: str | None


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """A post near the subject: above it, below it, or of the same author."""

    id: int
    account_id: int
    text: str
    spoiler_text: str
    created_at: datetime
    withheld: str | None
    username: str
    domain: str | None
    place: Literal["above", "below", "latest"]
    has_media: bool


class Related(msgspec.Struct, frozen=True, kw_only=True):
    """An account that may be the same person's. `signals`: address, name, text."""

    id: int
    username: str
    domain: str | None
    created_at: datetime
    suspended: bool
    limited: bool
    frozen: bool
    signals: list[str]
    open_cases: int


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    regime: str
    due_at: datetime
    met_at: datetime | None
    missed_at: datetime | None


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that holds of the post or of its author now."""

    kind: str
    subject_kind: ActedOn
    detail: str
    starts_at: datetime
    ends_at: datetime | None
