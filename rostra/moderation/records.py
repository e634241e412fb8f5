"""The shapes of reports."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Category = Literal["spam", "legal", "violation", "other"]


class ReportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was made."""

    id: int
    account_id: int
    target_id: int
    status_ids: list[int]
    rule_ids: list[int]
    category: Category
    comment: str
    forward: bool
    created_at: datetime


class FiledReport(ReportRecord, frozen=True, kw_only=True):
    """A report as moderators read it."""

    action_taken_at: datetime | None
