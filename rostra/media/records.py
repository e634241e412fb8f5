"""The shapes of media: an attachment as it is stored, and the keys of the other stored images."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

MediaType = Literal["image", "gifv", "video", "audio", "unknown"]


class Focus(msgspec.Struct, frozen=True):
    """The point of a picture that a crop should keep: -1 to 1 from left to right and from bottom to top."""

    x: float
    y: float


class MediaAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A row of media_attachments. `meta` is {original, small}; the focus joins it where it is rendered."""

    id: int
    account_id: int
    status_id: int | None
    scheduled_status_id: int | None
    type: MediaType
    description: str | None
    focus_x: float | None
    focus_y: float | None
    blurhash: str | None
    content_type: str
    original_key: str
    preview_key: str
    size_bytes: int
    meta: dict[str, Any]
    created_at: datetime

    @property
    def keys(self) -> tuple[str, str]:
        """The objects that belong to it."""
        return self.original_key, self.preview_key


class NewMedia(msgspec.Struct, frozen=True, kw_only=True):
    """An upload whose objects are stored and whose row is not yet written."""

    account_id: int
    type: MediaType
    description: str | None
    focus: Focus | None
    blurhash: str
    content_type: str
    original_key: str
    preview_key: str
    size_bytes: int
    meta: dict[str, Any]
    pdq: bytes
    pdq_quality: int


class StoredImage(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of an avatar, header or emoji; both are the same unless the image moves. Emojis have no hash."""

    key: str
    static_key: str
    pdq: bytes | None = None
    pdq_quality: int = 0


class StoredCardImage(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of a link preview."""

    key: str
    width: int
    height: int
    blurhash: str
    pdq: bytes
    pdq_quality: int
