"""The shapes of apps, of what they ask for and of what they get."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

OUT_OF_BAND: Final = "urn:ietf:wg:oauth:2.0:oob"


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A registered app. Its secret is kept as a hash only."""

    id: int
    name: str
    website: str | None
    redirect_uris: list[str]
    scopes: list[str]
    client_id: str
    client_secret_hash: bytes
    created_at: datetime

    def __repr__(self) -> str:
        return f"App({self.id}, {self.name!r})"


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request of an app for a person's consent (RFC 6749, 4.1.1)."""

    app: App
    redirect_uri: str
    scopes: list[str]
    state: str | None
    code_challenge: str | None


class NewToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token at the only moment at which it is known in plain text."""

    id: int
    token: str
    scopes: list[str]
    created_at: datetime


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization code as it is kept. `token_id` is what it was exchanged for."""

    app_id: int
    account_id: int
    redirect_uri: str
    scopes: list[str]
    code_challenge: str | None
    expires_at: datetime
    used_at: datetime | None
    token_id: int | None
    # Whether the person can sign in at present.
    usable: bool


class ConnectedApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that may act for a person, with all that its tokens add up to."""

    app_id: int
    name: str
    website: str | None
    scopes: list[str]
    created_at: datetime
    last_used_on: date | None
