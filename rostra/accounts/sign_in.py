"""Signing in: the password, then the second factor where one is set. Opening the session is `sessions`.

Mistakes are counted by the edges, which know the address that they come from.
"""

from __future__ import annotations

from rostra.accounts import user_queries
from rostra.accounts.passwords import Passwords
from rostra.accounts.records import User
from rostra.kit.db import Database


async def find_by_password(db: Database, passwords: Passwords, login: str, password: str) -> User | None:
    """The user with this name or e-mail address and this password; takes as long where there is none."""
    login = login.strip().removeprefix("@")
    async with db.read() as conn:
        find = user_queries.find_user_by_email if "@" in login else user_queries.find_user_by_username
        user = await find(conn, login)
    if not await passwords.matches(user.password_hash if user else None, password) or user is None:
        return None
    if passwords.is_outdated(user.password_hash):
        stronger = await passwords.hash(password)
        async with db.transaction() as tx:
            await user_queries.update_password(tx, user.account_id, stronger)
    return user


async def has_password(db: Database, passwords: Passwords, account_id: int, password: str) -> bool:
    """Whether this is the password of somebody who is signed in already, and is about to do something grave."""
    async with db.read() as conn:
        user = await user_queries.find_user(conn, account_id)
    return await passwords.matches(user.password_hash if user else None, password)


def obstacle_of(user: User) -> str | None:
    """Why somebody with the right password may not come in, where that is so."""
    if user.suspended_at is not None:
        return "suspended"
    if user.disabled_at is not None:
        return "disabled"
    if user.confirmed_at is None:
        return "unconfirmed"
    return "pending" if user.approved_at is None else None
