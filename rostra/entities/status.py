"""Status and what hangs on it: attachments, mentions, polls, cards, edits, context."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from rostra.entities.account import Account, CustomEmoji, IdText, RawAccount, Timestamp, Visibility

RawStatus = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Status"})]


# What a request to publish makes, now or at its time.
RawPosted = Annotated[
    Raw,
    Meta(
        extra_json_schema={
            "anyOf": [{"$ref": "#/components/schemas/Status"}, {"$ref": "#/components/schemas/ScheduledStatus"}]
        }
    ),
]
RawDeletedStatus = Annotated[
    Raw,
    Meta(
        extra_json_schema={
            "allOf": [
                {"$ref": "#/components/schemas/Status"},
                {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            ]
        }
    ),
]
RawPoll = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Poll"})]


class Application(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    website: str | None = None


class MediaAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/MediaAttachment/

    `covered` is Rostra's own: moderation has covered this file, under that clause, and not the others of its post. Apps
    that do not know it go by the post's `sensitive`.
    """

    id: IdText
    type: Literal["image", "gifv", "video", "audio", "unknown"]
    url: str
    preview_url: str
    remote_url: str | None = None
    preview_remote_url: str | None = None
    text_url: str | None = None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None
    covered: str | UnsetType = UNSET


class StatusMention(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText
    username: str
    url: str
    acct: str


class StatusTag(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    url: str


class PollOption(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    votes_count: int | None


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Poll/"""

    id: IdText
    expires_at: Timestamp | None
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int
    options: list[PollOption]
    emojis: list[CustomEmoji]
    voted: bool = False
    own_votes: list[int] = msgspec.field(default_factory=list[int])


class PreviewCardAuthor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    url: str
    account: None = None


class PreviewCard(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/PreviewCard/"""

    url: str
    title: str
    description: str
    language: str | None
    type: Literal["link", "photo", "video", "rich"]
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    html: str = ""
    width: int
    height: int
    image: str | None
    image_description: str
    embed_url: str = ""
    blurhash: str | None
    published_at: Timestamp | None
    authors: list[PreviewCardAuthor]


class FilterKeyword(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText
    keyword: str
    whole_word: bool


class FilterStatus(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText
    status_id: IdText


class FilterSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A filter as it stands inside a FilterResult: without its keywords and statuses."""

    id: IdText
    title: str
    context: list[Literal["home", "notifications", "public", "thread", "account"]]
    expires_at: Timestamp | None
    filter_action: Literal["warn", "hide", "blur"]


class Filter(FilterSummary, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Filter/"""

    keywords: list[FilterKeyword]
    statuses: list[FilterStatus]


class FilterResult(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/FilterResult/"""

    filter: FilterSummary
    keyword_matches: list[str] | None
    status_matches: list[IdText] | None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What moderation says of a status, as readers see it. Its id is that of the FilterResult which says the same."""

    id: str
    title: str


class Moderation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rostra's own addition to a Status, absent from nearly all. `withheld`: seen by its author only."""

    withheld: Literal["review", "refused"] | None = None
    notices: list[Notice] = []


class StatusStatic(msgspec.Struct, frozen=True, kw_only=True):
    """The stored part of a Status. `reblog` statuses have an empty one of their own."""

    id: IdText
    created_at: Timestamp
    in_reply_to_id: IdText | None
    in_reply_to_account_id: IdText | None
    sensitive: bool
    spoiler_text: str
    visibility: Visibility
    language: str | None
    uri: str
    url: str
    edited_at: Timestamp | None
    content: str
    application: Application | None
    media_attachments: list[MediaAttachment]
    mentions: list[StatusMention]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    card: PreviewCard | None


class Status(StatusStatic, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Status/"""

    account: Account
    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    favourited: bool | UnsetType = UNSET
    reblogged: bool | UnsetType = UNSET
    muted: bool | UnsetType = UNSET
    bookmarked: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    filtered: list[FilterResult] | UnsetType = UNSET
    # Ours; see the class.
    moderation: Moderation | UnsetType = UNSET
    reblog: Status | None
    quote: None
    poll: Poll | None


class StatusEdit(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/StatusEdit/"""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: Timestamp
    account: RawAccount
    media_attachments: list[MediaAttachment]
    emojis: list[CustomEmoji]
    poll: dict[str, Any] | UnsetType = UNSET


class StatusSource(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/StatusSource/"""

    id: IdText
    text: str
    spoiler_text: str


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Context/"""

    ancestors: list[RawStatus]
    descendants: list[RawStatus]


ScheduledProblem = Literal["parent", "closed", "media", "text", "moved", "barred", "lever"]
"""What kept a status from being published: what it answers is gone or takes no replies, a file is gone, something else
about the draft, its author has moved or may not post, or a crisis lever stood against it."""


class ScheduledStatus(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/ScheduledStatus/, and `problem` where its time came and it stayed."""

    id: IdText
    scheduled_at: Timestamp
    params: dict[str, Any]
    media_attachments: list[MediaAttachment]
    problem: ScheduledProblem | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode


def encode_static(status: StatusStatic) -> str:
    """The stored part as the inside of a JSON object, without its braces."""
    return _encode(status)[1:-1].decode()


def add_text(status: Raw, text: str) -> Raw:
    """A Status with its source text, so that it can be drafted anew."""
    return Raw(bytes(status)[:-1] + b',"text":' + _encode(text) + b"}")
