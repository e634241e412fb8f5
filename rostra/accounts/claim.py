"""The one-time link with which the first visitor becomes the owner of the server."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from rostra.accounts import session_queries, user_queries
from rostra.accounts.create import create_account, find_problems, find_taken
from rostra.accounts.passwords import Passwords, find_password_problem
from rostra.accounts.records import NewAccount
from rostra.accounts.sessions import hash_secret
from rostra.events import Emit, SignedUp
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import InvalidFields
from rostra.text.urls import Urls

LIFETIME: Final = timedelta(days=7)
# The name is the one that the owner most likely wants.
_RESERVED: Final = frozenset[str]()


async def owner_claim_url(db: Database, clock: Clock, urls: Urls) -> str | None:
    """A fresh link for the first visitor, or None where the server has an owner. Earlier links stop working."""
    at, token = clock.now(), secrets.token_urlsafe(24)
    async with db.transaction() as tx:
        await session_queries.delete_email_tokens(tx, None, "claim_ownership")
        if await user_queries.has_owner(tx):
            return None
        await session_queries.insert_email_token(
            tx,
            token_hash=hash_secret(token),
            account_id=None,
            purpose="claim_ownership",
            email=None,
            at=at,
            expires_at=at + LIFETIME,
        )
    return f"{urls.base}/claim?token={token}"


async def is_claim(db: Database, clock: Clock, token: str) -> bool:
    """Whether the link still works."""
    async with db.read() as conn:
        found = await session_queries.find_email_token(conn, hash_secret(token), "claim_ownership", clock.now())
        return found is not None and not await user_queries.has_owner(conn)


async def claim(
    db: Database,
    clock: Clock,
    urls: Urls,
    emit: Emit,
    passwords: Passwords,
    *,
    token: str,
    username: str,
    email: str,
    password: str,
    locale: str = "en",
) -> int | None:
    """Make the owner's account with the link, and return its id. None where the link does not work (any more).

    Raises InvalidFields. Whoever reads the server's output needs no letter to prove an address.
    """
    username, email = username.strip(), email.strip()
    problems = find_problems(username, email, reserved=_RESERVED)
    if problem := find_password_problem(password):
        problems["password"] = [problem]
    async with db.read() as conn:
        problems = {**await find_taken(conn, username, email), **problems}
    if problems:
        raise InvalidFields(problems)
    if not await is_claim(db, clock, token):
        return None
    password_hash = await passwords.hash(password)
    new = NewAccount(
        username=username,
        email=email,
        password_hash=password_hash,
        role="owner",
        locale=locale,
        confirmed=True,
        approved=True,
    )
    at = clock.now()
    async with db.transaction() as tx:
        # Only one of two that come at once finds the row.
        found = await session_queries.take_email_token(tx, hash_secret(token), "claim_ownership", at)
        if found is None or await user_queries.has_owner(tx):
            return None
        account_id = await create_account(tx, urls, new, at)
        await emit(tx, SignedUp(account_id=account_id))
    return account_id
