"""What a search answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from rostra.entities.account import RawAccount
from rostra.entities.status import RawStatus
from rostra.entities.tag import Tag


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Search/"""

    accounts: list[RawAccount]
    statuses: list[RawStatus]
    hashtags: list[Tag]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Suggestion/"""

    source: Literal["past_interactions", "global"]
    sources: list[Literal["friends_of_friends", "most_followed"]]
    account: RawAccount
