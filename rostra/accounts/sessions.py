"""Web sessions: opening one, recognising it, listing and ending them; and ending every way in at once.

The browser holds a random token in a cookie, the database its hash. A token is never reused for a second sign-in, so
one that was planted in a browser is worth nothing (session fixation).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final

from rostra.accounts import session_queries as queries
from rostra.accounts.records import Session, Viewer
from rostra.events import Emit, TokensRevoked
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx, commit_lightly

IDLE_LIFETIME: Final = timedelta(days=90)
_TOUCHED_EVERY: Final = timedelta(hours=1)
_MAX_USER_AGENT: Final = 300


def hash_secret(token: str) -> bytes:
    """What is kept of a random token. They are long, so a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


async def open_session(db: Database, clock: Clock, account_id: int, *, ip: str | None, user_agent: str) -> str:
    """Open a session for somebody who has proved who they are, and return its token for the cookie."""
    token = secrets.token_urlsafe(32)
    async with db.transaction() as tx:
        session_id = await queries.insert_session(
            tx,
            token_hash=hash_secret(token),
            account_id=account_id,
            ip=ip,
            user_agent=user_agent[:_MAX_USER_AGENT],
            at=clock.now(),
        )
        await queries.touch_session(tx, session_id, clock.now(), ip, clock.now().date())
    return token


async def find_viewer(db: Database, clock: Clock, token: str, ip: str | None = None) -> Viewer | None:
    """Whoever the session with this token belongs to. Notes its use, at most once an hour."""
    now = clock.now()
    async with db.read() as conn:
        row = await queries.find_session_owner(conn, hash_secret(token), now - IDLE_LIFETIME)
    if row is None:
        return None
    if row["last_seen_at"] < now - _TOUCHED_EVERY or row["last_active_on"] != now.date():
        async with db.transaction() as tx:
            await commit_lightly(tx)
            await queries.touch_session(tx, row["session_id"], now, ip, now.date())
    return _viewer(row)


def _viewer(row: Any) -> Viewer:
    return Viewer(
        account_id=row["account_id"],
        username=row["username"],
        role=row["role"],
        locale=row["locale"],
        theme=row["theme"],
        default_visibility=row["default_visibility"],
        default_sensitive=row["default_sensitive"],
        default_language=row["default_language"],
        filters_revision=row["filters_revision"],
        obstacle=row["obstacle"],
        frozen=row["frozen"],
        session_id=row["session_id"],
    )


async def list_sessions(db: Database, account_id: int) -> list[Session]:
    """The sessions of a person, the last used first."""
    async with db.read() as conn:
        return await queries.list_sessions(conn, account_id)


async def end_session(db: Database, emit: Emit, account_id: int, session_id: int) -> None:
    """End a session of a person; nothing happens where there is none."""
    async with db.transaction() as tx:
        if await queries.delete_session(tx, account_id, session_id):
            # All streams of the person: those that still may come back at once.
            await emit(tx, TokensRevoked(account_id=account_id))


async def end_other_sessions(db: Database, emit: Emit, account_id: int, keep: int | None) -> None:
    """End all sessions of a person but the one with the id `keep`."""
    async with db.transaction() as tx:
        await queries.delete_sessions(tx, account_id, keep)
        await emit(tx, TokensRevoked(account_id=account_id))


async def end_all_access(tx: Tx, emit: Emit, account_id: int, keep: int | None = None) -> None:
    """End every way in: web sessions, but for the one with the id `keep`, and what apps hold. For a new password, a
    login that is disabled, an account that is suspended or goes."""
    await queries.delete_sessions(tx, account_id, keep)
    await queries.delete_tokens(tx, account_id)
    await emit(tx, TokensRevoked(account_id=account_id))
