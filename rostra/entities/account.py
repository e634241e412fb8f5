"""Account and what hangs on it: fields, emojis, roles, relationships."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

Visibility = Literal["public", "unlisted", "private", "direct"]

# An entity that is already JSON; the schema says what is inside.
RawAccount = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Account"})]
RawCredentialAccount = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/CredentialAccount"})]
RawMutedAccount = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/MutedAccount"})]

Timestamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
IdText = Annotated[str, Meta(pattern=r"^\d+$")]


@lru_cache(maxsize=4096)
def timestamp(moment: datetime) -> str:
    """A moment as every client can read it: `2022-05-20T10:11:12.345Z`."""
    # A quarter of the time of strftime, some forty times in an answer.
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def timestamp_or_none(moment: datetime | None) -> str | None:
    """The same of a moment that there may not be."""
    return None if moment is None else timestamp(moment)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    value: str
    verified_at: Timestamp | None = None


class CustomEmoji(msgspec.Struct, frozen=True, kw_only=True):
    shortcode: str
    url: str
    static_url: str
    visible_in_picker: bool
    category: str | None = None


class AccountRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role as shown beside a name."""

    id: IdText
    name: str
    color: str


class AccountLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label that moderation has put on an account, with its title by language."""

    id: str
    title: dict[str, str]


class AccountModeration(msgspec.Struct, frozen=True, kw_only=True):
    """Rostra's own addition to an Account, absent from nearly all: Mastodon's has no place for labels, for a role is
    none. Labels that cover what the account posts are notices of each of its statuses, too."""

    labels: list[AccountLabel]


class AccountStatic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """The stored part of an Account."""

    id: IdText
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool
    group: bool = False
    created_at: Timestamp
    note: str
    url: str
    uri: str
    avatar: str
    avatar_static: str
    avatar_description: str
    header: str
    header_static: str
    header_description: str
    hide_collections: bool
    noindex: bool
    emojis: list[CustomEmoji]
    roles: list[AccountRole]
    fields: list[Field]
    suspended: bool | UnsetType = UNSET
    limited: bool | UnsetType = UNSET
    # An Account, as the stored part of the one that has moved keeps it.
    moved: RawAccount | UnsetType = UNSET
    # Ours; see the class.
    moderation: AccountModeration | UnsetType = UNSET


class Account(AccountStatic, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Account/"""

    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: str | None


class AccountCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The live part of an Account."""

    followers_count: int = 0
    following_count: int = 0
    statuses_count: int = 0
    last_status_at: date | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner typed, and the defaults for new posts."""

    privacy: Visibility
    sensitive: bool
    language: str | None
    note: str
    fields: list[Field]
    follow_requests_count: int
    hide_collections: bool
    discoverable: bool
    indexable: bool
    attribution_domains: list[str] = msgspec.field(default_factory=list[str])


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A role with its permissions, as a decimal bit mask (docs.joinmastodon.org/entities/Role)."""

    id: str
    name: str
    permissions: str
    color: str = ""
    highlighted: bool = False


class CredentialAccount(Account, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Account/#CredentialAccount"""

    source: Source
    role: Role


class MutedAccount(Account, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Account/#MutedAccount"""

    mute_expires_at: Timestamp | None


class Relationship(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Relationship/"""

    id: IdText
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: Timestamp | None
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


class FamiliarFollowers(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/FamiliarFollowers/"""

    id: IdText
    accounts: list[RawAccount]


_encode = msgspec.json.Encoder().encode


def encode_static(account: AccountStatic) -> str:
    """The stored part as the inside of a JSON object, without its braces."""
    return _encode(account)[1:-1].decode()


def join_account(static: str, counts: AccountCounts) -> Raw:
    """An Account as JSON, from its stored part and its counts."""
    return Raw(account_json(static, counts, b"}"))


def account_json(static: str, counts: AccountCounts, end: bytes) -> bytes:
    """Like `join_account`, but closed by `end`, so that more keys can follow the counts."""
    day = f'"{counts.last_status_at.isoformat()}"' if counts.last_status_at else "null"
    return (
        f'{{{static},"followers_count":{counts.followers_count},"following_count":{counts.following_count},'
        f'"statuses_count":{counts.statuses_count},"last_status_at":{day}'
    ).encode() + end


def extend_account(account: Raw, **more: object) -> Raw:
    """An Account with more keys at its end (source and role, mute_expires_at)."""
    return Raw(bytes(account)[:-1] + b"," + _encode(more)[1:])
