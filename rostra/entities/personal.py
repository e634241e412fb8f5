"""What only its owner sees: lists, markers, and the previews and old forms of what else they set up."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from rostra.entities.account import IdText, Timestamp

RepliesPolicy = Literal["followed", "list", "none"]
FilterContext = Literal["home", "notifications", "public", "thread", "account"]
FilterAction = Literal["warn", "hide", "blur"]


class List(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/List/"""

    id: IdText
    title: str
    replies_policy: RepliesPolicy
    exclusive: bool


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Marker/"""

    last_read_id: IdText
    version: int
    updated_at: Timestamp


class Markers(msgspec.Struct, frozen=True, kw_only=True):
    """Markers by timeline; those that were not asked for are left out."""

    home: Marker | UnsetType = UNSET
    notifications: Marker | UnsetType = UNSET


class V1Filter(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/V1_Filter/ (one keyword of a filter, as old apps know it)"""

    id: IdText
    phrase: str
    context: list[FilterContext]
    whole_word: bool
    expires_at: Timestamp | None
    irreversible: bool


class DomainBlockPreview(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the viewer's follows and followers the block of a domain would end."""

    following_count: int
    followers_count: int
