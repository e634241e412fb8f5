"""Signing up: who may come in, and on which terms. The edges say what the instance is set to."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.accounts import invite_queries, user_queries
from rostra.accounts.blocks import find_obstacles, has_to_wait, is_kept_out, note_attempt, problem_with_email
from rostra.accounts.blocks_queries import Obstacles
from rostra.accounts.confirm import order_confirmation
from rostra.accounts.create import Problems, create_account, find_problems, find_taken
from rostra.accounts.letters import LOCALES
from rostra.accounts.passwords import Passwords, find_password_problem
from rostra.accounts.records import NewAccount
from rostra.detect.names import words_of
from rostra.events import Emit, SignedUp
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import FieldProblem, Forbidden, InvalidFields
from rostra.screening.judgement import Rejected
from rostra.screening.screen import Screen
from rostra.screening.subject import Subject, parts_of
from rostra.text.urls import Urls

MAX_REASON: Final = 2_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On which terms people come in at present. `confirm_at_once` spares the letter, on servers for development."""

    mode: Literal["open", "approval", "invite", "closed"]
    reason_required: bool = False
    confirm_at_once: bool = False
    # The crisis lever that makes them so, which counts whom it keeps out or waiting.
    lever_id: int | None = None


class SignUp(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody gives who wants to come in."""

    username: str
    email: str
    password: str
    agreement: bool
    locale: str = "en"
    reason: str = ""
    invite_code: str = ""
    ip: str | None = None
    app_id: int | None = None


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who has come in, and what still stands before the door."""

    account_id: int
    confirmed: bool
    approved: bool


async def check_wish(db: Database, clock: Clock, screen: Screen, wish: SignUp, terms: Terms) -> SignUp:
    """The wish as it will be written. Costs little, unlike what follows: a password hash and a letter.

    Raises InvalidFields with all that has to change, Forbidden where nobody, or nobody from there, can sign up.
    """
    return (await _look_at(db, clock, screen, wish, terms))[0]


async def _look_at(db: Database, clock: Clock, screen: Screen, wish: SignUp, terms: Terms) -> tuple[SignUp, Obstacles]:
    if terms.mode == "closed":
        raise Forbidden
    wish = msgspec.structs.replace(wish, username=wish.username.strip(), email=wish.email.strip())
    problems = _find_problems(wish, terms)
    if terms.lever_id is not None and terms.mode == "invite" and not wish.invite_code:
        screen.levers.count(terms.lever_id, "refused")
    async with db.read() as conn:
        taken = await find_taken(conn, wish.username, wish.email)
        if wish.invite_code and not await invite_queries.find_usable_invite(conn, wish.invite_code, clock.now()):
            problems["invite_code"] = _NO_INVITE
        obstacles = await find_obstacles(conn, clock, wish.email, wish.ip)
    if is_kept_out(obstacles):
        raise Forbidden
    if refused := problem_with_email(obstacles):
        taken.setdefault("email", [refused])
    problems = {**taken, **problems}
    if problems:
        await note_attempt(db, clock, obstacles, wish.ip)
        raise InvalidFields(problems)
    parts = parts_of(("username", words_of(wish.username)))
    try:
        await screen.admit(db, Subject(kind="name", parts=parts, locale=wish.locale))
    except Rejected as error:
        raise InvalidFields({"username": [FieldProblem("ERR_REJECTED", error.text)]}) from None
    return wish, obstacles


async def sign_up(
    db: Database,
    clock: Clock,
    urls: Urls,
    emit: Emit,
    screen: Screen,
    passwords: Passwords,
    *,
    wish: SignUp,
    terms: Terms,
) -> Newcomer:
    """Make an account for somebody, and order the letter that confirms the address. Raises what `check_wish` does."""
    wish, obstacles = await _look_at(db, clock, screen, wish, terms)
    password_hash = await passwords.hash(wish.password)
    new = NewAccount(
        username=wish.username,
        email=wish.email,
        password_hash=password_hash,
        locale=wish.locale if wish.locale in LOCALES else LOCALES[0],
        confirmed=terms.confirm_at_once,
        approved=(bool(wish.invite_code) or terms.mode == "open") and not has_to_wait(obstacles),
        reason=wish.reason.strip(),
        ip=wish.ip,
        app_id=wish.app_id,
    )
    async with db.transaction() as tx:
        account_id = await _write(tx, urls, emit, new, wish.invite_code, clock.now())
    if terms.lever_id is not None and not new.approved:
        screen.levers.count(terms.lever_id, "held")
    await note_attempt(db, clock, obstacles, wish.ip)
    return Newcomer(account_id=account_id, confirmed=new.confirmed, approved=new.approved)


async def _write(tx: Tx, urls: Urls, emit: Emit, new: NewAccount, invite_code: str, at: datetime) -> int:
    if invite_code:
        invite = await invite_queries.redeem_invite(tx, invite_code, at)
        if invite is None:
            raise InvalidFields({"invite_code": _NO_INVITE})
        new = msgspec.structs.replace(new, invite_id=invite.id)
    account_id = await create_account(tx, urls, new, at)
    if new.confirmed:
        await emit(tx, SignedUp(account_id=account_id))
        return account_id
    user = await user_queries.find_user(tx, account_id)
    assert user is not None
    await order_confirmation(tx, emit, urls, user, new.email, at)
    return account_id


_NO_INVITE: Final = [FieldProblem("ERR_INVALID", "does not work any more")]


def _find_problems(wish: SignUp, terms: Terms) -> Problems:
    problems = find_problems(wish.username, wish.email)
    if problem := find_password_problem(wish.password):
        problems["password"] = [problem]
    if not wish.agreement:
        problems["agreement"] = [FieldProblem("ERR_ACCEPTED", "must be accepted")]
    if terms.mode == "approval" and terms.reason_required and not wish.invite_code and not wish.reason.strip():
        problems["reason"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    elif len(wish.reason) > MAX_REASON:
        problems["reason"] = [FieldProblem("ERR_TOO_LONG", f"is too long (maximum is {MAX_REASON} characters)")]
    if terms.mode == "invite" and not wish.invite_code:
        problems["invite_code"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    return problems
