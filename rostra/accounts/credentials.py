"""Changing what somebody signs in with: the password, the e-mail address; and the way back in by mail."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from rostra.accounts import session_queries, user_queries
from rostra.accounts.blocks import check_email
from rostra.accounts.confirm import order_confirmation
from rostra.accounts.create import find_taken, is_usable_email
from rostra.accounts.letters import write_letter
from rostra.accounts.passwords import Passwords, check_password
from rostra.accounts.records import User
from rostra.accounts.sessions import end_all_access, hash_secret
from rostra.events import Emit, LinkRequested, SignedUp
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, InvalidFields, NotFound
from rostra.text.urls import Urls

RESET_LIFETIME: Final = timedelta(hours=1)


async def set_password(
    db: Database,
    emit: Emit,
    urls: Urls,
    passwords: Passwords,
    *,
    account_id: int,
    password: str,
    keep_session_id: int | None = None,
) -> None:
    """Give somebody a new password, end every way in but one session, and tell them. Raises Invalid and NotFound."""
    check_password(password)
    password_hash = await passwords.hash(password)
    async with db.transaction() as tx:
        user = await user_queries.lock_user(tx, account_id)
        if user is None:
            raise NotFound
        await _write_password(tx, emit, urls, user, password_hash, keep_session_id)


async def _write_password(
    tx: Tx, emit: Emit, urls: Urls, user: User, password_hash: str, keep_session_id: int | None
) -> None:
    await user_queries.update_password(tx, user.account_id, password_hash)
    await session_queries.delete_email_tokens(tx, user.account_id, "reset_password")
    if user.confirmed_at is not None:
        # Whoever had the old password may have asked for another address: it would be a way back in.
        await session_queries.delete_email_tokens(tx, user.account_id, "confirm")
    await end_all_access(tx, emit, user.account_id, keep_session_id)
    link = f"{urls.base}/auth/password/new"
    name, site = user.username, urls.domain
    await emit(tx, write_letter("password_changed", user.locale, to=user.email, name=name, site=site, link=link))


async def request_reset(db: Database, emit: Emit, email: str) -> None:
    """Ask for the link that sets a new password; whether anybody has this address does not show."""
    async with db.transaction() as tx:
        await emit(tx, LinkRequested(purpose="reset_password", email=email))


async def send_reset_link(db: Database, clock: Clock, emit: Emit, urls: Urls, email: str) -> None:
    """Order the letter for whoever has this address; an earlier link stops working."""
    at = clock.now()
    async with db.transaction() as tx:
        user = await user_queries.find_user_by_email(tx, email)
        if user is None or (user.suspended_at is not None and not user.is_sanctioned):
            return
        token = secrets.token_urlsafe(32)
        await session_queries.delete_email_tokens(tx, user.account_id, "reset_password")
        await session_queries.insert_email_token(
            tx,
            token_hash=hash_secret(token),
            account_id=user.account_id,
            purpose="reset_password",
            email=user.email,
            at=at,
            expires_at=at + RESET_LIFETIME,
        )
        link = f"{urls.base}/auth/password/edit?token={token}"
        name, site = user.username, urls.domain
        await emit(tx, write_letter("reset_password", user.locale, to=user.email, name=name, site=site, link=link))


async def is_reset_token(db: Database, clock: Clock, token: str) -> bool:
    """Whether the link of a letter still works."""
    async with db.read() as conn:
        found = await session_queries.find_email_token(conn, hash_secret(token), "reset_password", clock.now())
    return found is not None


async def reset_password(
    db: Database, clock: Clock, emit: Emit, urls: Urls, passwords: Passwords, *, token: str, password: str
) -> bool:
    """Set a new password with the link of a letter, which also proves the address. False where it does not work.

    Raises Invalid("password").
    """
    check_password(password)
    if not await is_reset_token(db, clock, token):
        return False
    password_hash = await passwords.hash(password)
    at = clock.now()
    async with db.transaction() as tx:
        found = await session_queries.take_email_token(tx, hash_secret(token), "reset_password", at)
        user = await user_queries.lock_user(tx, found.account_id) if found and found.account_id else None
        if found is None or user is None or user.email != found.email:
            return False
        await user_queries.confirm(tx, user.account_id, at, None)
        if user.confirmed_at is None:
            await emit(tx, SignedUp(account_id=user.account_id))
        await _write_password(tx, emit, urls, user, password_hash, None)
    return True


async def change_email(db: Database, clock: Clock, emit: Emit, urls: Urls, *, account_id: int, email: str) -> None:
    """Start changing somebody's address: it changes once the new one is confirmed, and the old one is told.

    Raises Invalid and InvalidFields for `email`.
    """
    email = email.strip()
    if not is_usable_email(email):
        raise Invalid("email", "is not an e-mail address", code="ERR_EMAIL")
    async with db.transaction() as tx:
        user = await user_queries.lock_user(tx, account_id)
        if user is None:
            raise NotFound
        if email.lower() == user.email.lower():
            raise Invalid("email", "is the address already")
        if taken := await find_taken(tx, "", email):
            raise InvalidFields(taken)
        await check_email(tx, clock, email)
        await order_confirmation(tx, emit, urls, user, email, clock.now())
        link = f"{urls.base}/auth/password/new"
        letter = write_letter(
            "email_changed", user.locale, to=user.email, name=user.username, site=urls.domain, link=link, new=email
        )
        await emit(tx, letter)


async def find_unconfirmed_email(db: Database, account_id: int, at: datetime) -> str | None:
    """The address that waits to be confirmed, where somebody is changing theirs."""
    async with db.read() as conn:
        return await session_queries.find_pending_email(conn, account_id, at)
