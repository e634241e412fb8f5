"""The shapes in which what belongs to a person comes out of the database to be taken along."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from rostra.accounts.records import ProfileField
from rostra.entities.account import Visibility

State = Literal["waiting", "ready", "failed"]


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose archive it is: the profile, and what the person has set."""

    id: int
    username: str
    uri: str
    url: str
    display_name: str
    note_text: str
    note: str
    fields: list[ProfileField]
    avatar_key: str | None
    avatar_description: str
    header_key: str | None
    header_description: str
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool
    created_at: datetime
    # Addresses (URIs) of other accounts of the same person, and the one that this one was moved to.
    also_known_as: list[str]
    moved_to: str | None
    email: str
    locale: str
    theme: str


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a post."""

    id: int
    content_type: str
    original_key: str
    description: str | None
    blurhash: str | None
    focus_x: float | None
    focus_y: float | None
    meta: dict[str, Any]


class Mentioned(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a post names; `domain` is None for people of this server."""

    username: str
    domain: str | None
    uri: str


class Tagged(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag: normalised, and as first written."""

    name: str
    display_name: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A poll with the votes of each option."""

    options: list[str]
    votes: list[int]
    voters_count: int
    multiple: bool
    expires_at: datetime | None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post or a boost with all that is taken along of it; `in_reply_to` and `reblog_of` are addresses."""

    id: int
    uri: str
    url: str
    text: str
    content: str
    spoiler_text: str
    visibility: Visibility
    sensitive: bool
    language: str | None
    created_at: datetime
    edited_at: datetime | None
    withheld: Literal["review", "refused"] | None
    in_reply_to: str | None
    reblog_of: str | None
    pinned: bool
    likes: int
    shares: int
    media: list[Attached]
    mentions: list[Mentioned]
    tags: list[Tagged]
    poll: Asked | None


class ArchiveAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that somebody has asked for: `size_bytes` and `expires_at` where it is ready."""

    id: int
    account_id: int
    state: State
    file_key: str
    size_bytes: int | None
    requested_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
