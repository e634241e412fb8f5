"""Apps, tokens and what OpenID Connect calls user information."""

from __future__ import annotations

from typing import Literal

import msgspec

from rostra.entities.account import IdText


class RegisteredApplication(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Application/"""

    id: IdText
    name: str
    website: str | None
    scopes: list[str]
    redirect_uris: list[str]
    # Deprecated: all of them, a line each.
    redirect_uri: str
    # Deprecated: clients read it from the instance.
    vapid_key: str


class CredentialApplication(RegisteredApplication, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Application/#CredentialApplication"""

    client_id: str
    client_secret: str
    client_secret_expires_at: Literal[0] = 0


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Token/"""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    scope: str
    # Unix time in whole seconds.
    created_at: int


class UserInfo(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/oauth/#userinfo; `sub` is the account's URI."""

    iss: str
    sub: str
    name: str
    preferred_username: str
    profile: str
    picture: str


class AuthorizationServer(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of the authorization server (RFC 8414, section 2)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    app_registration_endpoint: str
    service_documentation: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    code_challenge_methods_supported: list[str]
