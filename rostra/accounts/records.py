"""The shapes in which accounts and their users come out of the database."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Role = Literal["owner", "admin", "moderator", "triage", "juror", "user"]


class ProfileField(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a profile's table: as typed, and as HTML."""

    name: str
    value: str
    html: str
    verified_at: datetime | None = None


class ProfileLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label that moderation has put on an account; its title is by language."""

    id: str
    title: dict[str, str]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The public side of an account, with all that its static JSON is made of."""

    id: int
    username: str
    domain: str | None
    uri: str
    url: str
    display_name: str
    note_text: str
    note: str
    fields: list[ProfileField]
    avatar_key: str | None
    avatar_static_key: str | None
    avatar_description: str
    header_key: str | None
    header_static_key: str | None
    header_description: str
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool
    hide_collections: bool
    silenced_at: datetime | None
    suspended_at: datetime | None
    created_at: datetime
    role: Role | None
    # The account that this one sends its visitors to.
    moved_to_id: int | None = None
    labels: list[ProfileLabel] | None = None

    @property
    def acct(self) -> str:
        """`user` here, `user@domain` elsewhere."""
        return self.username if self.domain is None else f"{self.username}@{self.domain}"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """The private side of a local account. Holds no secret but the password's hash."""

    account_id: int
    username: str
    email: str
    password_hash: str
    role: Role
    locale: str
    theme: str
    default_visibility: str
    default_sensitive: bool
    default_language: str | None
    expand_media: str
    expand_spoilers: bool
    confirmed_at: datetime | None
    approved_at: datetime | None
    disabled_at: datetime | None
    suspended_at: datetime | None
    # Whether it is a decision of moderation that suspends them, which they may read and appeal against.
    is_sanctioned: bool
    sign_up_reason: str
    totp_enabled_at: datetime | None
    app_id: int | None
    created_at: datetime


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a new account starts with. `password_hash` is made by `Passwords`."""

    username: str
    email: str
    password_hash: str
    role: Role = "user"
    locale: str = "en"
    confirmed: bool = False
    approved: bool = False
    reason: str = ""
    display_name: str = ""
    ip: str | None = None
    invite_id: int | None = None
    app_id: int | None = None


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person signed in on the web or through an app, with what every request needs to know of them.

    `token_id` and the app are None for a web session, `session_id` is None for an app.
    """

    account_id: int
    username: str
    role: Role
    locale: str
    theme: str
    default_visibility: str
    default_sensitive: bool
    default_language: str | None
    filters_revision: int
    # Why the login cannot be used, where it cannot: unconfirmed, pending, disabled, suspended, or closed by its owner.
    obstacle: str | None
    # May read, keep things to themselves and appeal, and do nothing that others see.
    frozen: bool = False
    token_id: int | None = None
    app_id: int | None = None
    session_id: int | None = None
    # Whether they follow anybody whose posts are merged into home timelines; True where that was not looked up.
    merges: bool = True


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A web session as its owner sees it."""

    id: int
    ip: str | None
    user_agent: str
    created_at: datetime
    last_seen_at: datetime


class EmailToken(msgspec.Struct, frozen=True, kw_only=True):
    """What the token of a mailed link stands for; `email` is the address that it proves, where one is at stake."""

    account_id: int | None
    purpose: Literal["confirm", "reset_password", "claim_ownership"]
    email: str | None
    expires_at: datetime


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation. `max_uses` and `expires_at` are None where there is no limit."""

    id: int
    code: str
    account_id: int
    max_uses: int | None
    uses: int
    expires_at: datetime | None
    created_at: datetime
