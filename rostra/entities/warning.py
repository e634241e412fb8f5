"""AccountWarning: what moderation has decided about an account, as its owner's apps show it."""

from __future__ import annotations

from typing import Literal

import msgspec

from rostra.entities.account import IdText, RawAccount, Timestamp

WarningAction = Literal[
    "none", "disable", "mark_statuses_as_sensitive", "delete_statuses", "sensitive", "silence", "suspend"
]
AppealState = Literal["approved", "rejected", "pending"]


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Appeal/"""

    text: str
    state: AppealState


class AccountWarning(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/AccountWarning/"""

    id: IdText
    action: WarningAction
    text: str
    status_ids: list[IdText] | None
    target_account: RawAccount
    appeal: Appeal | None
    created_at: Timestamp
