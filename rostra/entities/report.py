"""Report."""

from __future__ import annotations

from typing import Literal

import msgspec

from rostra.entities.account import IdText, RawAccount, Timestamp


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Report/"""

    id: IdText
    action_taken: bool
    action_taken_at: Timestamp | None
    category: Literal["spam", "legal", "violation", "other"]
    comment: str
    forwarded: bool
    created_at: Timestamp
    status_ids: list[IdText]
    rule_ids: list[IdText]
    collection_ids: list[IdText] = []
    target_account: RawAccount
