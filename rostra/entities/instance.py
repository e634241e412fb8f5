"""The instance as clients see it (docs.joinmastodon.org/entities/Instance and V1_Instance), and NodeInfo."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from rostra.entities.account import IdText, RawAccount, Timestamp


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Rule/"""

    id: IdText
    text: str
    hint: str
    translations: dict[str, dict[str, str]] = {}


class ExtendedDescription(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/ExtendedDescription/"""

    updated_at: Timestamp | None
    content: str


class PrivacyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/PrivacyPolicy/"""

    updated_at: Timestamp
    content: str


class DomainBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/DomainBlock/"""

    domain: str
    digest: str
    severity: Literal["silence", "suspend"]
    comment: str | None = None


class WeekOfActivity(msgspec.Struct, frozen=True, kw_only=True):
    """A week; all numbers are strings."""

    week: str
    statuses: str
    logins: str
    registrations: str


class Language(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str


class UserUsage(msgspec.Struct, frozen=True, kw_only=True):
    active_month: int


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    users: UserUsage


class Thumbnail(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    blurhash: str | None
    versions: dict[str, str]
    description: str


class Icon(msgspec.Struct, frozen=True, kw_only=True):
    src: str
    size: str


class InstanceUrls(msgspec.Struct, frozen=True, kw_only=True):
    streaming: str
    status: str | None
    about: str
    privacy_policy: str | None
    terms_of_service: None = None


class Vapid(msgspec.Struct, frozen=True, kw_only=True):
    public_key: str


class AccountLimits(msgspec.Struct, frozen=True, kw_only=True):
    max_display_name_length: int
    max_note_length: int
    max_avatar_description_length: int
    max_header_description_length: int
    max_featured_tags: int
    max_pinned_statuses: int
    max_profile_fields: int
    profile_field_name_limit: int
    profile_field_value_limit: int


class StatusLimits(msgspec.Struct, frozen=True, kw_only=True):
    max_characters: int
    max_media_attachments: int
    characters_reserved_per_url: int


class MediaLimits(msgspec.Struct, frozen=True, kw_only=True):
    description_limit: int
    image_matrix_limit: int
    image_size_limit: int
    supported_mime_types: list[str]
    video_frame_rate_limit: int
    video_matrix_limit: int
    video_size_limit: int


class PollLimits(msgspec.Struct, frozen=True, kw_only=True):
    max_options: int
    max_characters_per_option: int
    min_expiration: int
    max_expiration: int


class TranslationSupport(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool = False


class FeedAccess(msgspec.Struct, frozen=True, kw_only=True):
    local: str = "public"
    remote: str = "public"


class TimelinesAccess(msgspec.Struct, frozen=True, kw_only=True):
    live_feeds: FeedAccess = FeedAccess()
    hashtag_feeds: FeedAccess = FeedAccess()
    trending_link_feeds: FeedAccess = FeedAccess()


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    urls: InstanceUrls
    vapid: Vapid
    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits
    translation: TranslationSupport = TranslationSupport()
    timelines_access: TimelinesAccess = TimelinesAccess()
    limited_federation: bool = False


class Registrations(msgspec.Struct, frozen=True, kw_only=True):
    enabled: bool
    approval_required: bool
    reason_required: bool
    message: str | None
    min_age: None = None
    url: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    account: RawAccount | None


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Instance/"""

    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: Usage
    thumbnail: Thumbnail
    icon: list[Icon]
    languages: list[str]
    configuration: Configuration
    registrations: Registrations
    api_versions: dict[str, int]
    wrapstodon: None = None
    contact: Contact
    rules: list[Rule]


class StreamingUrl(msgspec.Struct, frozen=True, kw_only=True):
    streaming_api: str


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    user_count: int
    status_count: int
    domain_count: int


class OldInstance(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/V1_Instance/"""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: StreamingUrl
    stats: Totals
    thumbnail: str
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: Configuration
    contact_account: RawAccount | None
    rules: list[Rule]


class NodeSoftware(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`repository` and `homepage` are version 2.1's."""

    name: str
    version: str
    repository: str | None = None


class NodeUsers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    total: int
    active_month: int
    active_halfyear: int


class NodeUsage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    users: NodeUsers
    local_posts: int


class NodeServices(msgspec.Struct, frozen=True, kw_only=True):
    inbound: list[str] = []
    outbound: list[str] = []


class NodeInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """https://nodeinfo.diaspora.software/schema.html"""

    version: Literal["2.0", "2.1"]
    software: NodeSoftware
    protocols: list[str]
    services: NodeServices = NodeServices()
    open_registrations: bool
    usage: NodeUsage
    metadata: dict[str, Any]


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link of a JRD (RFC 7033, 4.4.4)."""

    rel: str
    type: str | None = None
    href: str | None = None
    template: str | None = None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is only links."""

    links: list[Link]


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What WebFinger says about an account (RFC 7033, 4.4)."""

    subject: str
    aliases: list[str]
    links: list[Link]
