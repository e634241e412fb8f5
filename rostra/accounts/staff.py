"""What those who run the server do with logins: roles, approval, disabling. The command line works through the same."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.accounts import user_queries
from rostra.accounts.audit_queries import insert_audit_event
from rostra.accounts.confirm import order_confirmation
from rostra.accounts.create import create_account, find_problems, find_taken
from rostra.accounts.letters import write_letter
from rostra.accounts.passwords import Passwords, find_password_problem
from rostra.accounts.records import NewAccount, Role, User
from rostra.accounts.sessions import end_all_access
from rostra.events import Emit, ProfileChanged, SignedUp
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, InvalidFields, NotFound
from rostra.text.urls import Urls

# Whoever has the command line may take any name.
_RESERVED: Final = frozenset[str]()


class ByHand(msgspec.Struct, frozen=True, kw_only=True):
    """An account that the operator makes for somebody."""

    username: str
    email: str
    password: str
    role: Role = "user"
    confirmed: bool = False
    locale: str = "en"


async def add_account(db: Database, clock: Clock, urls: Urls, emit: Emit, passwords: Passwords, wish: ByHand) -> int:
    """Make an account for somebody, approved, and confirmed or with a letter on its way; its id.

    Raises InvalidFields with all that has to change.
    """
    problems = find_problems(wish.username, wish.email, reserved=_RESERVED)
    if problem := find_password_problem(wish.password):
        problems["password"] = [problem]
    async with db.read() as conn:
        problems = {**await find_taken(conn, wish.username, wish.email), **problems}
    if problems:
        raise InvalidFields(problems)
    at = clock.now()
    new = NewAccount(
        username=wish.username,
        email=wish.email,
        password_hash=await passwords.hash(wish.password),
        role=wish.role,
        locale=wish.locale,
        confirmed=wish.confirmed,
        approved=True,
    )
    async with db.transaction() as tx:
        account_id = await create_account(tx, urls, new, at)
        await _note(tx, None, "account.created", account_id, at, role=wish.role)
        if wish.confirmed:
            await emit(tx, SignedUp(account_id=account_id))
        else:
            await order_confirmation(tx, emit, urls, await _lock(tx, account_id), wish.email, at)
    return account_id


async def find_user_by_name(db: Database, username: str) -> User | None:
    """The user with this name, with or without an @."""
    async with db.read() as conn:
        return await user_queries.find_user_by_username(conn, username.removeprefix("@"))


async def list_users(
    db: Database, *, after: int = 0, role: str | None = None, pending: bool | None = None, limit: int = 100
) -> list[User]:
    """Users in the order in which they came, from the one after the id `after`."""
    async with db.read() as conn:
        return await user_queries.list_users(conn, after=after, role=role, pending=pending, limit=limit)


async def note_password(db: Database, clock: Clock, account_id: int, *, actor_id: int | None = None) -> None:
    """Note that somebody was given a new password by those who run the server."""
    async with db.transaction() as tx:
        await _note(tx, actor_id, "account.password", account_id, clock.now())


async def note_import(db: Database, clock: Clock, account_id: int, *, actor_id: int | None = None) -> None:
    """Note that something was brought into somebody's account by those who run the server."""
    async with db.transaction() as tx:
        await _note(tx, actor_id, "account.import", account_id, clock.now())


async def set_role(
    db: Database, clock: Clock, emit: Emit, account_id: int, role: Role, *, actor_id: int | None = None
) -> None:
    """Give somebody a role; it shows on the profile. Raises NotFound, and Invalid where nobody would own the server.

    Who does this and what follows stands in the audit log; `actor_id` None is the command line.
    """
    async with db.transaction() as tx:
        user = await _lock(tx, account_id)
        if user.role == "owner" and role != "owner" and await user_queries.count_owners(tx) < 2:
            raise Invalid("role", "cannot change: the server must have an owner")
        await user_queries.update_role(tx, account_id, role)
        if user.role != role:
            await _note(tx, actor_id, "account.role", account_id, clock.now(), old=user.role, new=role)
        await emit(tx, ProfileChanged(account_id=account_id))


async def disable_login(
    db: Database, clock: Clock, emit: Emit, account_id: int, *, actor_id: int | None = None
) -> None:
    """Keep somebody out, at once and everywhere; what they wrote stays. Raises NotFound and Invalid."""
    async with db.transaction() as tx:
        user = await _lock(tx, account_id)
        if user.role == "owner" and await user_queries.count_owners(tx) < 2:
            raise Invalid("role", "is the last owner's: the server would be without one")
        await user_queries.update_disabled(tx, account_id, user.disabled_at or clock.now())
        await end_all_access(tx, emit, account_id)
        if user.disabled_at is None:
            await _note(tx, actor_id, "account.disabled", account_id, clock.now())


async def enable_login(db: Database, clock: Clock, account_id: int, *, actor_id: int | None = None) -> None:
    """Let somebody in again. Raises NotFound."""
    async with db.transaction() as tx:
        user = await _lock(tx, account_id)
        await user_queries.update_disabled(tx, account_id, None)
        if user.disabled_at is not None:
            await _note(tx, actor_id, "account.enabled", account_id, clock.now())


async def confirm_by_hand(
    db: Database, clock: Clock, emit: Emit, account_id: int, *, actor_id: int | None = None
) -> None:
    """Take somebody's address for confirmed. Raises NotFound."""
    async with db.transaction() as tx:
        user = await _lock(tx, account_id)
        await user_queries.confirm(tx, account_id, clock.now(), None)
        if user.confirmed_at is None:
            await emit(tx, SignedUp(account_id=account_id))
            await _note(tx, actor_id, "account.confirmed", account_id, clock.now())


async def approve(
    db: Database, clock: Clock, emit: Emit, urls: Urls, account_id: int, *, actor_id: int | None = None
) -> None:
    """Let somebody in who waits, and write to them. Nothing happens where they are in. Raises NotFound."""
    async with db.transaction() as tx:
        user = await _lock(tx, account_id)
        if user.approved_at is not None:
            return
        await user_queries.approve(tx, account_id, clock.now())
        await _note(tx, actor_id, "account.approved", account_id, clock.now())
        link = f"{urls.base}/auth/sign_in"
        name, site = user.username, urls.domain
        await emit(tx, write_letter("approved", user.locale, to=user.email, name=name, site=site, link=link))


async def reject(db: Database, clock: Clock, account_id: int, *, actor_id: int | None = None) -> None:
    """Turn somebody away who waits: nothing of them stays. Raises NotFound, also where they are in already."""
    async with db.transaction() as tx:
        user = await _lock(tx, account_id)
        if user.approved_at is not None:
            raise NotFound
        await user_queries.delete_pending(tx, account_id)
        await _note(tx, actor_id, "account.rejected", account_id, clock.now())


async def _note(tx: Tx, actor_id: int | None, action: str, account_id: int, at: datetime, **details: str) -> None:
    subject = str(account_id)
    await insert_audit_event(tx, actor_id=actor_id, action=action, subject=subject, details=details, at=at)


async def _lock(tx: Tx, account_id: int) -> User:
    user = await user_queries.lock_user(tx, account_id)
    if user is None:
        raise NotFound
    return user
