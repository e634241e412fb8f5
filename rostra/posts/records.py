"""The shapes of posts: the draft that comes in, and what the static JSON of a status is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import asyncpg
import msgspec
from msgspec import UnsetType

from rostra.entities.account import Visibility


class Author(Protocol):
    """Whoever writes: a Viewer, or the owner of a scheduled status."""

    @property
    def account_id(self) -> int: ...
    @property
    def username(self) -> str: ...


class PollDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A poll to be attached; `expires_in` in seconds."""

    options: list[str]
    expires_in: int
    multiple: bool = False
    hide_totals: bool = False


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A status as its author wants it, before anything was checked. Also kept for a scheduled status."""

    text: str = ""
    spoiler_text: str = ""
    visibility: Visibility = "public"
    sensitive: bool = False
    language: str | None = None
    in_reply_to_id: int | None = None
    media_ids: list[int] = []
    poll: PollDraft | None = None
    app_id: int | None = None
    allowed_mentions: list[int] | None = None


class MediaEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit changes of one attachment: a description, a focus ("x,y"); None leaves it as it is."""

    id: int
    description: str | None = None
    focus: str | None = None


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a status is to become. Text, warning, media and poll replace what was; None keeps the other two. A poll that
    is UNSET stays as it is, its votes, its end and all."""

    text: str = ""
    spoiler_text: str = ""
    sensitive: bool | None = None
    language: str | None = None
    media_ids: list[int] = []
    media_edits: list[MediaEdit] = []
    poll: PollDraft | UnsetType | None = None


class Made(msgspec.Struct, frozen=True):
    """What a request made: a status, or one that waits for its time."""

    status_id: int | None = None
    scheduled_id: int | None = None


class Written(msgspec.Struct, frozen=True):
    """A status as it was just written: its row as `page` reads it, and its stored JSON. `stays` where nothing was
    written that changes how its author sees it."""

    status_id: int
    row: asyncpg.Record
    rendered: str
    stays: bool


class Published(msgspec.Struct, frozen=True):
    """What a request published. `written` is None where an earlier request did."""

    status_id: int
    written: Written | None


class MediaPart(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as the static JSON shows it."""

    id: int
    type: str
    description: str | None
    focus_x: float | None
    focus_y: float | None
    blurhash: str | None
    original_key: str
    preview_key: str
    meta: dict[str, Any]
    # The clause under which this file alone is covered; None where it is not, or the whole post is.
    covered: str | None = None
    # For the banks of known pictures; read only where something is to be screened.
    pdq: bytes | None = None
    pdq_quality: int | None = None


class MentionPart(msgspec.Struct, frozen=True, kw_only=True):
    """A mentioned account."""

    id: int
    username: str
    domain: str | None
    url: str


class TagPart(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag: normalised, and as first written."""

    name: str
    display_name: str


class CardPart(msgspec.Struct, frozen=True, kw_only=True):
    """The preview of a linked page."""

    url: str
    title: str
    description: str
    language: str | None
    type: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    image_key: str | None
    image_description: str
    width: int
    height: int
    blurhash: str | None
    published_at: datetime | None


class StatusParts(msgspec.Struct, frozen=True, kw_only=True):
    """All that the static JSON of a status is made of."""

    id: int
    uri: str
    url: str
    content: str
    spoiler_text: str
    visibility: Visibility
    sensitive: bool
    language: str | None
    in_reply_to_id: int | None
    in_reply_to_account_id: int | None
    created_at: datetime
    edited_at: datetime | None = None
    app_name: str | None = None
    app_website: str | None = None
    # By a label, whatever the author says.
    covered: bool = False
    text: str = ""
    media: list[MediaPart] = []
    mentions: list[MentionPart] = []
    tags: list[TagPart] = []
    card: CardPart | None = None
    poll_options: list[str] = []
