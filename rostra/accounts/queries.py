"""SQL of the public side of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.accounts.records import NewAccount, Profile, ProfileField
from rostra.kit.db import Reader, Tx

# What a Profile is made of; every statement that reads one begins with it.
PROFILE_COLUMNS: Final = """
  a.id, a.username, a.domain, a.uri, a.url, a.display_name, a.note_text, a.note, a.fields,
  a.avatar_key, a.avatar_static_key, a.avatar_description, a.header_key, a.header_static_key, a.header_description,
  a.locked, a.bot, a.discoverable, a.indexable, a.hide_collections, a.silenced_at, a.suspended_at, a.created_at, u.role,
  a.moved_to_id, a.labels
"""

PROFILES: Final = f"""
select {PROFILE_COLUMNS} from accounts a left join users u on u.account_id = a.id where a.id = any($1::bigint[])
"""

PROFILE_BY_HANDLE: Final = f"""
select {PROFILE_COLUMNS} from accounts a left join users u on u.account_id = a.id
where lower(a.username) = lower($1) and coalesce(lower(a.domain), '') = coalesce(lower($2), '')
"""

ACCOUNTS_BY_HANDLES: Final = """
select a.id, a.username, a.domain, a.url, a.uri from accounts a
join unnest($1::text[], $2::text[]) as wanted(username, domain)
  on lower(a.username) = lower(wanted.username) and coalesce(lower(a.domain), '') = lower(wanted.domain)
where a.suspended_at is null
"""

RENDERED_ACCOUNTS: Final = """
select a.id, a.rendered, a.rendered_for, st.followers_count, st.following_count, st.statuses_count,
  st.last_status_at::date as last_status_at
from unnest($1::bigint[]) with ordinality as wanted(id, place)
join accounts a on a.id = wanted.id
join account_stats st on st.account_id = a.id
order by wanted.place
"""

INSERT_ACCOUNT: Final = """
insert into accounts (id, username, uri, url, display_name, created_at, updated_at, discoverable, indexable)
values ($1, $2, $3, $4, $5, $6, $6, $7, $7)
"""

INSERT_USER: Final = """
insert into users (account_id, email, email_key, password_hash, role, locale, confirmed_at, approved_at, sign_up_reason,
  sign_up_ip, invite_id, app_id, created_at)
values ($1, $2, lower($2), $3, $4, $5, $6, $7, $8, $9::text::inet, $10, $11, $12)
"""

NEXT_ID: Final = "select make_id($1)"

INSERT_ACCOUNT_STATS: Final = "insert into account_stats (account_id) values ($1)"

LOCK_ACCOUNTS: Final = "select id from accounts where id = any($1::bigint[]) order by id for no key update"

STORE_RENDERED: Final = """
update accounts a set rendered = given.rendered, rendered_for = $3
from unnest($1::bigint[], $2::text[]) as given(id, rendered) where a.id = given.id
"""

UPDATE_PROFILE: Final = """
update accounts set display_name = $2, note_text = $3, note = $4, fields = $5, avatar_key = $6, avatar_static_key = $7,
  avatar_description = $8, header_key = $9, header_static_key = $10, header_description = $11, locked = $12, bot = $13,
  discoverable = $14, indexable = $15, hide_collections = $16, updated_at = $17, rendered_for = 0
where id = $1
"""

UPDATE_FIELDS: Final = "update accounts set fields = $2, rendered_for = 0 where id = $1"

TAKEN: Final = """
select
  exists (select from accounts where lower(username) = lower($1) and domain is null)
    or exists (select from departed_usernames where username_key = lower($1)) as username,
  exists (select from users where email_key = lower($2)) as email
"""

INSERT_DEPARTED: Final = """
insert into departed_usernames (username_key, departed_at) values (lower($1), $2) on conflict do nothing
"""

HAS_DEPARTED: Final = "select exists (select from departed_usernames where username_key = lower($1))"

LOCK_ACCOUNT: Final = "select id from accounts where id = $1 for update"

EMOJIS_BY_SHORTCODES: Final = """
select shortcode, image_key, static_key, category, visible_in_picker from custom_emojis
where shortcode = any($1::text[]) and disabled_at is null
"""

VISIBLE_EMOJIS: Final = """
select shortcode, image_key, static_key, category, visible_in_picker from custom_emojis
where disabled_at is null order by category nulls first, shortcode
"""


class Mentionable(msgspec.Struct, frozen=True, kw_only=True):
    """What a mention needs to know of an account."""

    id: int
    username: str
    domain: str | None
    url: str
    uri: str

    @property
    def acct(self) -> str:
        """`user` here, `user@domain` elsewhere."""
        return self.username if self.domain is None else f"{self.username}@{self.domain}"


class RenderedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account's stored JSON with its counts."""

    id: int
    rendered: str
    rendered_for: int
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: Any


class Emoji(msgspec.Struct, frozen=True, kw_only=True):
    """A custom emoji of this server."""

    shortcode: str
    image_key: str
    static_key: str
    category: str | None
    visible_in_picker: bool


def _profile(row: Any) -> Profile:
    return msgspec.convert(dict(row.items()), Profile)


async def find_profiles(db: Reader, ids: Sequence[int]) -> dict[int, Profile]:
    """The profiles with these ids, by id; unknown ones are left out."""
    return {row["id"]: _profile(row) for row in await db.fetch(PROFILES, ids)}


async def find_profile_by_handle(db: Reader, username: str, domain: str | None) -> Profile | None:
    """The account `username` here (domain None) or elsewhere; letter case does not count."""
    row = await db.fetchrow(PROFILE_BY_HANDLE, username, domain)
    return None if row is None else _profile(row)


async def find_mentionable(db: Reader, handles: Sequence[tuple[str, str | None]]) -> list[Mentionable]:
    """The accounts behind handles (username, domain or None); suspended and unknown ones are left out."""
    if not handles:
        return []
    names = [username for username, _ in handles]
    domains = [domain or "" for _, domain in handles]
    return [Mentionable(**dict(row.items())) for row in await db.fetch(ACCOUNTS_BY_HANDLES, names, domains)]


async def find_rendered(db: Reader, ids: Sequence[int]) -> list[RenderedAccount]:
    """Stored JSON and counts of these accounts, in the order of `ids`."""
    return [RenderedAccount(**dict(row.items())) for row in await db.fetch(RENDERED_ACCOUNTS, ids)]


async def insert_account(
    tx: Tx, *, account_id: int, username: str, uri: str, url: str, display_name: str, at: datetime, findable: bool
) -> None:
    """Write a new local account and its counts."""
    await tx.execute(INSERT_ACCOUNT, account_id, username, uri, url, display_name, at, findable)
    await tx.execute(INSERT_ACCOUNT_STATS, account_id)


async def insert_user(tx: Tx, account_id: int, new: NewAccount, at: datetime) -> None:
    """Write the private side of a new local account."""
    confirmed_at, approved_at = (at if new.confirmed else None), (at if new.approved else None)
    await tx.execute(
        INSERT_USER, account_id, new.email, new.password_hash, new.role, new.locale, confirmed_at, approved_at,
        new.reason, new.ip, new.invite_id, new.app_id, at,
    )  # fmt: skip


async def next_id(db: Reader, at: datetime) -> int:
    """A new snowflake for the moment `at`."""
    return await db.fetchval(NEXT_ID, at)


async def lock_accounts(tx: Tx, ids: Iterable[int]) -> list[int]:
    """Lock accounts against being changed until the transaction ends, always in one order; those that exist."""
    return [row["id"] for row in await tx.fetch(LOCK_ACCOUNTS, list(ids))]


async def store_rendered(tx: Tx, rendered: Sequence[tuple[int, str]], fingerprint: int) -> None:
    """Keep the static JSON of accounts."""
    await tx.execute(STORE_RENDERED, [row[0] for row in rendered], [row[1] for row in rendered], fingerprint)


async def find_taken(db: Reader, username: str, email: str) -> list[str]:
    """Which of `username` and `email` cannot be had any more."""
    row = await db.fetchrow(TAKEN, username, email)
    assert row is not None
    return [field for field in ("username", "email") if row[field]]


async def insert_departed(tx: Tx, username: str, at: datetime) -> None:
    """Note that somebody of this name has left for good."""
    await tx.execute(INSERT_DEPARTED, username, at)


async def has_departed(db: Reader, username: str) -> bool:
    """Whether somebody of this name has left for good."""
    return await db.fetchval(HAS_DEPARTED, username)


async def lock_account(tx: Tx, account_id: int) -> None:
    """Hold an account's row until the transaction ends."""
    await tx.execute(LOCK_ACCOUNT, account_id)


async def update_profile(tx: Tx, profile: Profile, at: datetime) -> None:
    """Write all that an owner may change of a profile; its stored JSON becomes stale."""
    fields = msgspec.to_builtins(profile.fields)
    await tx.execute(
        UPDATE_PROFILE, profile.id, profile.display_name, profile.note_text, profile.note, fields, profile.avatar_key,
        profile.avatar_static_key, profile.avatar_description, profile.header_key, profile.header_static_key,
        profile.header_description, profile.locked, profile.bot, profile.discoverable, profile.indexable,
        profile.hide_collections, at,
    )  # fmt: skip


async def update_fields(tx: Tx, account_id: int, fields: Sequence[ProfileField]) -> None:
    """Write the rows of a profile's table; its stored JSON becomes stale."""
    await tx.execute(UPDATE_FIELDS, account_id, msgspec.to_builtins(fields))


async def find_emojis(db: Reader, shortcodes: Sequence[str]) -> list[Emoji]:
    """The usable custom emojis among these shortcodes."""
    if not shortcodes:
        return []
    return [Emoji(**dict(row.items())) for row in await db.fetch(EMOJIS_BY_SHORTCODES, shortcodes)]


async def list_emojis(db: Reader) -> list[Emoji]:
    """All usable custom emojis of this server."""
    return [Emoji(**dict(row.items())) for row in await db.fetch(VISIBLE_EMOJIS)]
