"""The shapes of what the instance is set to."""

from __future__ import annotations

from typing import Literal

import msgspec

RegistrationsMode = Literal["open", "approval", "invite", "closed"]


class InstanceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What administrators may change while the server runs, with what holds until they do.

    Stored as a row for each name that was ever set; names are only added.
    """

    title: str = "Rostra"
    # A sentence or two, plain text.
    short_description: str = ""
    # As long as need be, plain text with paragraphs and links.
    extended_description: str = ""
    privacy_policy: str = ""
    contact_email: str = ""
    # The user name of a local account.
    contact_username: str = ""
    registrations_mode: RegistrationsMode = "approval"
    # Shown where nobody, or not everybody, can sign up.
    registrations_message: str = ""
    # Whether who asks for approval has to say why.
    reason_required: bool = True
    members_may_invite: bool = True
    # Whether there is exchange with listed servers only.
    limited_federation: bool = False
    # Main languages of the community, as ISO 639 codes.
    languages: list[str] = msgspec.field(default_factory=lambda: ["en"])
    thumbnail_key: str | None = None
    thumbnail_blurhash: str | None = None
    thumbnail_description: str = ""
    # Where the operators say how the server is doing.
    status_url: str = ""
    # Where the source of this very server can be had, as the AGPL asks of those who change it.
    source_url: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the house."""

    id: int
    text: str
    hint: str
    position: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """How many people and posts there are, and how many of the people were here lately."""

    users: int = 0
    statuses: int = 0
    domains: int = 1
    active_month: int = 0
    active_half_year: int = 0


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in the week that begins at `begins_at` (Unix time)."""

    begins_at: int
    statuses: int
    logins: int
    registrations: int
