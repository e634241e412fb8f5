"""Somebody's own account: the entity that verify_credentials answers, and the preferences of the person behind it."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.accounts import user_queries
from rostra.accounts.records import Role, User
from rostra.accounts.render import hydrate_accounts
from rostra.accounts.user_queries import OwnAccount
from rostra.entities.account import Field, RawCredentialAccount, Source, Visibility, extend_account
from rostra.entities.account import Role as RoleEntity
from rostra.entities.preferences import Preferences
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.text.urls import Urls

# Mastodon's bits (docs.joinmastodon.org/entities/Role): what its default roles of the same names may do.
_MEMBER: Final = 0x10000
_MODERATOR: Final = 0x51C | _MEMBER
# Dashboard, reports and the audit log.
_TRIAGE: Final = 0x01C | _MEMBER
_ADMIN: Final = 0xFFFFC
_OWNER: Final = 0xFFFFF
_ROLES: Final[dict[Role, RoleEntity]] = {
    "owner": RoleEntity(id="3", name="Owner", permissions=str(_OWNER), highlighted=True),
    "admin": RoleEntity(id="2", name="Admin", permissions=str(_ADMIN), highlighted=True),
    "moderator": RoleEntity(id="1", name="Moderator", permissions=str(_MODERATOR), highlighted=True),
    "triage": RoleEntity(id="4", name="Triage", permissions=str(_TRIAGE), highlighted=True),
    "juror": RoleEntity(id="5", name="", permissions=str(_MEMBER)),
    "user": RoleEntity(id="-99", name="", permissions=str(_MEMBER)),
}


def render_role(role: Role) -> RoleEntity:
    """A role as an entity."""
    return _ROLES[role]


def role_of_id(role_id: str) -> Role | None:
    """The role that the API knows by this id."""
    return next((role for role, entity in _ROLES.items() if entity.id == role_id), None)


async def own_account(db: Database, urls: Urls, account_id: int) -> RawCredentialAccount:
    """The account with what only its owner sees. Two statements. Raises NotFound."""
    async with db.read() as conn:
        own = await user_queries.find_own_account(conn, account_id)
    found = await hydrate_accounts(db, [account_id], urls)
    if own is None or not found:
        raise NotFound
    return extend_account(found[0], source=_render_source(own), role=_ROLES[own.role])


def _render_source(own: OwnAccount) -> Source:
    return Source(
        privacy=msgspec.convert(own.default_visibility, Visibility),
        sensitive=own.default_sensitive,
        language=own.default_language,
        note=own.note_text,
        fields=[Field(name=field["name"] or "", value=field["value"] or "") for field in own.fields],
        follow_requests_count=own.follow_requests_count,
        hide_collections=own.hide_collections,
        discoverable=own.discoverable,
        indexable=own.indexable,
    )


async def get_user(db: Database, account_id: int) -> User:
    """The user of a local account. Raises NotFound."""
    async with db.read() as conn:
        user = await user_queries.find_user(conn, account_id)
    if user is None:
        raise NotFound
    return user


def render_preferences(user: User) -> Preferences:
    """What a person prefers, in the form of the API."""
    return Preferences(
        default_visibility=msgspec.convert(user.default_visibility, Visibility),
        default_sensitive=user.default_sensitive,
        default_language=user.default_language,
        expand_media=user.expand_media,  # pyright: ignore[reportArgumentType] - the column has the same choices
        expand_spoilers=user.expand_spoilers,
    )
