"""SQL of the private side of accounts: who signs in, with what, and what they prefer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from rostra.accounts.records import Role, User
from rostra.kit.db import Reader, Tx, as_record, as_records, find_record

_COLUMNS: Final = """
  u.account_id, a.username, u.email, u.password_hash, u.role, u.locale, u.theme, u.default_visibility,
  u.default_sensitive, u.default_language, u.expand_media, u.expand_spoilers, u.confirmed_at, u.approved_at,
  u.disabled_at, a.suspended_at, u.sign_up_reason, u.totp_enabled_at, u.app_id, u.created_at,
  a.suspended_at is not null and exists (select from actions x where x.subject_kind = 'account'
    and x.subject_id = a.id and x.kind = 'suspend' and x.ended_at is null) as is_sanctioned
"""

_FROM: Final = "from users u join accounts a on a.id = u.account_id"

USER: Final = f"select {_COLUMNS} {_FROM} where u.account_id = $1"

LOCK_USER: Final = f"select {_COLUMNS} {_FROM} where u.account_id = $1 for update of u"

USER_BY_EMAIL: Final = f"select {_COLUMNS} {_FROM} where u.email_key = lower($1)"

USER_BY_USERNAME: Final = f"select {_COLUMNS} {_FROM} where lower(a.username) = lower($1) and a.domain is null"

USERS: Final = f"""
select {_COLUMNS} {_FROM}
where a.id > $1 and ($2::text is null or u.role = $2) and ($3::boolean is null or (u.approved_at is null) = $3)
order by a.id limit $4
"""

OWN_ACCOUNT: Final = """
select a.note_text, a.fields, a.hide_collections, a.discoverable, a.indexable, u.role, u.default_visibility,
  u.default_sensitive, u.default_language,
  (select count(*) from follow_requests r where r.target_id = a.id)::int as follow_requests_count
from accounts a join users u on u.account_id = a.id where a.id = $1
"""

HAS_OWNER: Final = "select exists (select from users where role = 'owner')"

COUNT_OWNERS: Final = "select count(*) from users where role = 'owner'"

DELETE_PENDING: Final = """
delete from accounts where id in (select account_id from users where account_id = $1 and approved_at is null)
"""

UPDATE_PREFERENCES: Final = """
update users set default_visibility = $2, default_sensitive = $3, default_language = $4, locale = $5, theme = $6,
  expand_media = $7, expand_spoilers = $8
where account_id = $1
"""

UPDATE_PASSWORD: Final = "update users set password_hash = $2 where account_id = $1"

UPDATE_ROLE: Final = "update users set role = $2 where account_id = $1"

UPDATE_DISABLED: Final = "update users set disabled_at = $2 where account_id = $1"

CONFIRM: Final = """
update users set confirmed_at = coalesce(confirmed_at, $2), email = coalesce($3, email),
  email_key = lower(coalesce($3, email))
where account_id = $1
"""

UPDATE_UNCONFIRMED_EMAIL: Final = """
update users set email = $2, email_key = lower($2) where account_id = $1 and confirmed_at is null
"""

APPROVE: Final = "update users set approved_at = coalesce(approved_at, $2) where account_id = $1"

TOTP: Final = "select totp_secret, totp_enabled_at, totp_last_step from users where account_id = $1 for update"

UPDATE_TOTP_SECRET: Final = "update users set totp_secret = $2, totp_last_step = 0 where account_id = $1"

ENABLE_TOTP: Final = """
update users set totp_enabled_at = $2, totp_last_step = $3, recovery_code_hashes = $4 where account_id = $1
"""

DISABLE_TOTP: Final = """
update users set totp_secret = null, totp_enabled_at = null, totp_last_step = 0, recovery_code_hashes = '{}'
where account_id = $1
"""

UPDATE_TOTP_STEP: Final = """
update users set totp_last_step = $2 where account_id = $1 and totp_last_step < $2 returning account_id
"""

UPDATE_RECOVERY_CODES: Final = "update users set recovery_code_hashes = $2 where account_id = $1"

SPEND_RECOVERY_CODE: Final = """
update users set recovery_code_hashes = array_remove(recovery_code_hashes, $2)
where account_id = $1 and $2 = any(recovery_code_hashes)
returning account_id
"""

DELETE_UNCONFIRMED: Final = """
delete from accounts where id in (
  select account_id from users where confirmed_at is null and created_at < $1 order by created_at limit $2)
"""


class OwnAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sees of their own account beside its public side."""

    note_text: str
    fields: list[dict[str, str | None]]
    hide_collections: bool
    discoverable: bool
    indexable: bool
    role: Role
    default_visibility: str
    default_sensitive: bool
    default_language: str | None
    follow_requests_count: int


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor: the sealed secret, since when it is asked for, and the last time step that was used."""

    totp_secret: str | None
    totp_enabled_at: datetime | None
    totp_last_step: int


async def find_user(db: Reader, account_id: int) -> User | None:
    """The user of a local account."""
    return find_record(User, await db.fetchrow(USER, account_id))


async def lock_user(tx: Tx, account_id: int) -> User | None:
    """The same, held until the transaction ends."""
    return find_record(User, await tx.fetchrow(LOCK_USER, account_id))


async def find_user_by_email(db: Reader, email: str) -> User | None:
    """The user with this address; letter case does not count."""
    return find_record(User, await db.fetchrow(USER_BY_EMAIL, email))


async def find_user_by_username(db: Reader, username: str) -> User | None:
    """The user with this name; letter case does not count."""
    return find_record(User, await db.fetchrow(USER_BY_USERNAME, username))


async def list_users(
    db: Reader, *, after: int = 0, role: str | None = None, pending: bool | None = None, limit: int = 100
) -> list[User]:
    """Users in the order in which they came, from the one after the id `after`."""
    return as_records(User, await db.fetch(USERS, after, role, pending, limit))


async def find_own_account(db: Reader, account_id: int) -> OwnAccount | None:
    """What somebody sees of their own account."""
    row = await db.fetchrow(OWN_ACCOUNT, account_id)
    return None if row is None else as_record(OwnAccount, row)


async def has_owner(db: Reader) -> bool:
    """Whether the server has an owner."""
    return await db.fetchval(HAS_OWNER)


async def count_owners(db: Reader) -> int:
    """How many own the server."""
    return await db.fetchval(COUNT_OWNERS)


async def delete_pending(tx: Tx, account_id: int) -> None:
    """Delete the account of somebody who waits for approval."""
    await tx.execute(DELETE_PENDING, account_id)


async def update_preferences(tx: Tx, user: User) -> None:
    """Write what a person prefers."""
    await tx.execute(
        UPDATE_PREFERENCES, user.account_id, user.default_visibility, user.default_sensitive, user.default_language,
        user.locale, user.theme, user.expand_media, user.expand_spoilers,
    )  # fmt: skip


async def update_password(tx: Tx, account_id: int, password_hash: str) -> None:
    """Write a new password's hash."""
    await tx.execute(UPDATE_PASSWORD, account_id, password_hash)


async def update_role(tx: Tx, account_id: int, role: Role) -> None:
    """Write a role."""
    await tx.execute(UPDATE_ROLE, account_id, role)


async def update_disabled(tx: Tx, account_id: int, disabled_at: datetime | None) -> None:
    """Write since when a login is disabled; None enables it."""
    await tx.execute(UPDATE_DISABLED, account_id, disabled_at)


async def confirm(tx: Tx, account_id: int, at: datetime, email: str | None) -> None:
    """Note that an address is confirmed, and make `email` the address where it is given.

    Raises asyncpg.UniqueViolationError where somebody else has it by now.
    """
    await tx.execute(CONFIRM, account_id, at, email)


async def update_unconfirmed_email(tx: Tx, account_id: int, email: str) -> None:
    """Change the address of somebody who has not confirmed one yet."""
    await tx.execute(UPDATE_UNCONFIRMED_EMAIL, account_id, email)


async def approve(tx: Tx, account_id: int, at: datetime) -> None:
    """Note that somebody may come in."""
    await tx.execute(APPROVE, account_id, at)


async def lock_totp(tx: Tx, account_id: int) -> Totp | None:
    """The second factor of a person, held until the transaction ends."""
    return find_record(Totp, await tx.fetchrow(TOTP, account_id))


async def update_totp_secret(tx: Tx, account_id: int, sealed: str) -> None:
    """Write a sealed secret that is not asked for yet."""
    await tx.execute(UPDATE_TOTP_SECRET, account_id, sealed)


async def enable_totp(tx: Tx, account_id: int, at: datetime, step: int, code_hashes: Sequence[bytes]) -> None:
    """Ask for the second factor from now on; `step` is the one that proved it."""
    await tx.execute(ENABLE_TOTP, account_id, at, step, code_hashes)


async def disable_totp(tx: Tx, account_id: int) -> None:
    """Forget the second factor."""
    await tx.execute(DISABLE_TOTP, account_id)


async def use_totp_step(tx: Tx, account_id: int, step: int) -> bool:
    """Note that the code of a time step was used; False where it, or a later one, was used before."""
    return await tx.fetchval(UPDATE_TOTP_STEP, account_id, step) is not None


async def update_recovery_codes(tx: Tx, account_id: int, code_hashes: Sequence[bytes]) -> None:
    """Replace the recovery codes."""
    await tx.execute(UPDATE_RECOVERY_CODES, account_id, code_hashes)


async def spend_recovery_code(tx: Tx, account_id: int, code_hash: bytes) -> bool:
    """Use up a recovery code; False where it is none, or was used."""
    return await tx.fetchval(SPEND_RECOVERY_CODE, account_id, code_hash) is not None


async def delete_unconfirmed(tx: Tx, before: datetime, limit: int) -> int:
    """Delete accounts that were made before a moment and never confirmed; how many they were."""
    status = await tx.execute(DELETE_UNCONFIRMED, before, limit)
    return int(status.rpartition(" ")[2])


def is_taken(error: asyncpg.UniqueViolationError, constraint: str) -> bool:
    """Whether it is this constraint that was violated."""
    return error.as_dict().get("constraint_name") == constraint
