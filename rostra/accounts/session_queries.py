"""SQL of the ways in: web sessions, the end of tokens, and the links that are sent by mail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import asyncpg

from rostra.accounts.records import EmailToken, Session
from rostra.kit.db import Reader, Tx, as_records, find_record

# The twin of the look-up of an access token in `oauth`.
SESSION_OWNER: Final = """
select s.id as session_id, s.last_seen_at, s.account_id,
  a.username, u.role, u.locale, u.theme, u.default_visibility, u.default_sensitive, u.default_language,
  u.filters_revision, u.last_active_on, a.frozen_at is not null as frozen,
  case
    when a.suspended_at is not null then case when exists (select from actions x where x.subject_kind = 'account'
      and x.subject_id = a.id and x.kind = 'suspend' and x.ended_at is null) then 'suspended' else 'closed' end
    when u.disabled_at is not null then 'disabled' when u.confirmed_at is null then 'unconfirmed'
    when u.approved_at is null then 'pending' end as obstacle
from sessions s
join users u on u.account_id = s.account_id
join accounts a on a.id = s.account_id
where s.token_hash = $1 and s.last_seen_at > $2
"""

INSERT_SESSION: Final = """
insert into sessions (id, token_hash, account_id, ip, user_agent, created_at, last_seen_at)
values (make_id($1), $2, $3, $4::text::inet, $5, $1, $1)
returning id
"""

TOUCH_SESSION: Final = """
with session as (
  update sessions set last_seen_at = $2, ip = coalesce($3::text::inet, ip) where id = $1 returning account_id)
update users u set last_active_on = $4 from session where u.account_id = session.account_id
"""

DELETE_SESSION: Final = "delete from sessions where id = $2 and account_id = $1 returning id"

DELETE_SESSIONS: Final = "delete from sessions where account_id = $1 and id is distinct from $2"

DELETE_TOKENS: Final = "delete from access_tokens where account_id = $1 returning id"

DELETE_CODES: Final = "delete from authorization_codes where account_id = $1"

DELETE_IDLE_SESSIONS: Final = "delete from sessions where last_seen_at < $1"

SESSIONS: Final = """
select id, host(ip) as ip, user_agent, created_at, last_seen_at from sessions where account_id = $1
order by last_seen_at desc, id desc
"""

INSERT_EMAIL_TOKEN: Final = """
insert into email_tokens (token_hash, account_id, purpose, email, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6)
"""

EMAIL_TOKEN: Final = """
select account_id, purpose, email, expires_at from email_tokens
where token_hash = $1 and purpose = $2 and expires_at > $3
"""

PENDING_EMAIL: Final = """
select t.email from email_tokens t join users u on u.account_id = t.account_id
where t.account_id = $1 and t.purpose = 'confirm' and t.expires_at > $2 and lower(t.email) <> u.email_key
order by t.created_at desc limit 1
"""

TAKE_EMAIL_TOKEN: Final = """
delete from email_tokens where token_hash = $1 and purpose = $2 and expires_at > $3
returning account_id, purpose, email, expires_at
"""

DELETE_EMAIL_TOKENS: Final = """
delete from email_tokens where account_id is not distinct from $1 and purpose = $2
"""

DELETE_EXPIRED_EMAIL_TOKENS: Final = "delete from email_tokens where expires_at < $1"


async def find_session_owner(db: Reader, token_hash: bytes, seen_after: datetime) -> asyncpg.Record | None:
    """The session with this SHA-256 hash, if it was used since a moment, and its person, as one row."""
    return await db.fetchrow(SESSION_OWNER, token_hash, seen_after)


async def insert_session(
    tx: Tx, *, token_hash: bytes, account_id: int, ip: str | None, user_agent: str, at: datetime
) -> int:
    """Write a new session and return its id."""
    return await tx.fetchval(INSERT_SESSION, at, token_hash, account_id, ip, user_agent)


async def touch_session(tx: Tx, session_id: int, at: datetime, ip: str | None, day: date) -> None:
    """Note that a session was used, and that its person was active on `day`."""
    await tx.execute(TOUCH_SESSION, session_id, at, ip, day)


async def delete_session(tx: Tx, account_id: int, session_id: int) -> bool:
    """Delete a session of a person; whether there was one."""
    return await tx.fetchval(DELETE_SESSION, account_id, session_id) is not None


async def delete_sessions(tx: Tx, account_id: int, but: int | None) -> None:
    """Delete all sessions of a person but one."""
    await tx.execute(DELETE_SESSIONS, account_id, but)


async def delete_tokens(tx: Tx, account_id: int) -> list[int]:
    """Delete every token and code that an app holds for a person; the tokens' ids."""
    await tx.execute(DELETE_CODES, account_id)
    return [row["id"] for row in await tx.fetch(DELETE_TOKENS, account_id)]


async def delete_idle_sessions(tx: Tx, before: datetime) -> None:
    """Delete the sessions that were last used before a moment."""
    await tx.execute(DELETE_IDLE_SESSIONS, before)


async def list_sessions(db: Reader, account_id: int) -> list[Session]:
    """The sessions of a person, the last used first."""
    return as_records(Session, await db.fetch(SESSIONS, account_id))


async def insert_email_token(
    tx: Tx,
    *,
    token_hash: bytes,
    account_id: int | None,
    purpose: str,
    email: str | None,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Write the hash of a link's token."""
    await tx.execute(INSERT_EMAIL_TOKEN, token_hash, account_id, purpose, email, at, expires_at)


async def find_email_token(db: Reader, token_hash: bytes, purpose: str, at: datetime) -> EmailToken | None:
    """The token with this hash, if it still works."""
    return find_record(EmailToken, await db.fetchrow(EMAIL_TOKEN, token_hash, purpose, at))


async def find_pending_email(db: Reader, account_id: int, at: datetime) -> str | None:
    """The address that somebody wants instead of the one that they have."""
    return await db.fetchval(PENDING_EMAIL, account_id, at)


async def take_email_token(tx: Tx, token_hash: bytes, purpose: str, at: datetime) -> EmailToken | None:
    """Use a token up. None where it does not work (any more)."""
    return find_record(EmailToken, await tx.fetchrow(TAKE_EMAIL_TOKEN, token_hash, purpose, at))


async def delete_email_tokens(tx: Tx, account_id: int | None, purpose: str) -> None:
    """Delete all tokens of a person, or of nobody (None), for a purpose."""
    await tx.execute(DELETE_EMAIL_TOKENS, account_id, purpose)


async def delete_expired_email_tokens(tx: Tx, before: datetime) -> None:
    """Delete the tokens that ran out before a moment."""
    await tx.execute(DELETE_EXPIRED_EMAIL_TOKENS, before)
