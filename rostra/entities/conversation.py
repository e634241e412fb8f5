"""Conversation: what a few people say to each other in posts that only they see."""

from __future__ import annotations

import msgspec

from rostra.entities.account import IdText, RawAccount
from rostra.entities.status import RawStatus


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Conversation/"""

    id: IdText
    unread: bool
    accounts: list[RawAccount]
    last_status: RawStatus
