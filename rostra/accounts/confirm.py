"""Proving that an e-mail address works: ordering the letter, opening its link, asking for it again."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from rostra.accounts import session_queries, user_queries
from rostra.accounts.blocks import check_email
from rostra.accounts.create import is_usable_email
from rostra.accounts.letters import write_letter
from rostra.accounts.records import User
from rostra.accounts.sessions import hash_secret
from rostra.accounts.user_queries import is_taken
from rostra.events import Emit, LinkRequested, SignedUp
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.text.urls import Urls

LINK_LIFETIME: Final = timedelta(days=2)


class Confirmed(msgspec.Struct, frozen=True):
    """Whose address it is, and whether somebody has to approve the account before it opens."""

    account_id: int
    pending: bool


async def order_confirmation(tx: Tx, emit: Emit, urls: Urls, user: User, email: str, at: datetime) -> None:
    """Have the link sent that confirms `email`; earlier links stop working."""
    token = secrets.token_urlsafe(32)
    await session_queries.delete_email_tokens(tx, user.account_id, "confirm")
    await session_queries.insert_email_token(
        tx,
        token_hash=hash_secret(token),
        account_id=user.account_id,
        purpose="confirm",
        email=email,
        at=at,
        expires_at=at + LINK_LIFETIME,
    )
    link = f"{urls.base}/auth/confirmation?token={token}"
    kind = "confirm" if user.confirmed_at is None else "confirm_new_email"
    await emit(tx, write_letter(kind, user.locale, to=email, name=user.username, site=urls.domain, link=link))


async def confirm_email(db: Database, clock: Clock, emit: Emit, token: str) -> Confirmed | None:
    """Open the link of a letter. None where it does not work (any more)."""
    at = clock.now()
    try:
        async with db.transaction() as tx:
            found = await session_queries.take_email_token(tx, hash_secret(token), "confirm", at)
            user = await user_queries.lock_user(tx, found.account_id) if found and found.account_id else None
            if found is None or user is None:
                return None
            await user_queries.confirm(tx, user.account_id, at, found.email)
            if user.confirmed_at is None:
                await emit(tx, SignedUp(account_id=user.account_id))
    except asyncpg.UniqueViolationError as error:
        # Somebody else has confirmed the same address since.
        if is_taken(error, "users_email_key_key"):
            return None
        raise
    return Confirmed(user.account_id, user.approved_at is None)


async def request_confirmation(db: Database, emit: Emit, email: str) -> None:
    """Ask for the letter again, for whoever has this address; whether anybody has it does not show."""
    async with db.transaction() as tx:
        await emit(tx, LinkRequested(purpose="confirm", email=email))


async def send_confirmation_again(db: Database, clock: Clock, emit: Emit, urls: Urls, email: str) -> None:
    """Order the letter for whoever has this address and has not confirmed it."""
    async with db.transaction() as tx:
        user = await user_queries.find_user_by_email(tx, email)
        if user is not None and user.confirmed_at is None:
            await order_confirmation(tx, emit, urls, user, user.email, clock.now())


async def correct_email(
    db: Database, clock: Clock, emit: Emit, urls: Urls, *, account_id: int, email: str | None
) -> None:
    """Order the letter again for somebody who has not confirmed yet, to another address if one is given.

    Raises Invalid("email").
    """
    email = (email or "").strip() or None
    if email is not None and not is_usable_email(email):
        raise Invalid("email", "is not an e-mail address", code="ERR_EMAIL")
    try:
        async with db.transaction() as tx:
            user = await user_queries.lock_user(tx, account_id)
            if user is None or user.confirmed_at is not None:
                raise NotFound
            if email is not None:
                await check_email(tx, clock, email)
                await user_queries.update_unconfirmed_email(tx, account_id, email)
            await order_confirmation(tx, emit, urls, user, email or user.email, clock.now())
    except asyncpg.UniqueViolationError as error:
        if is_taken(error, "users_email_key_key"):
            raise Invalid("email", "has already been taken", code="ERR_TAKEN") from None
        raise
