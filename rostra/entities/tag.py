"""Hashtags."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from rostra.entities.account import IdText


class TagHistory(msgspec.Struct, frozen=True, kw_only=True):
    """One day of a hashtag. All three are numbers as text; `day` is the Unix time of its beginning."""

    day: IdText
    accounts: IdText
    uses: IdText


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Tag/

    `history` is seven days, newest first. The last two are for a signed-in viewer. A hashtag that nobody has used has
    the id 0.
    """

    id: IdText
    name: str
    url: str
    history: list[TagHistory]
    following: bool | UnsetType = UNSET
    featuring: bool | UnsetType = UNSET


class FeaturedTag(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/FeaturedTag/"""

    id: IdText
    name: str
    url: str
    statuses_count: IdText
    last_status_at: str | None
