"""Making a local account with its user; sign-up, the command line and the demo all end here."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import asyncpg

from rostra.accounts import queries
from rostra.accounts.records import NewAccount
from rostra.kit.db import Reader, Tx
from rostra.kit.errors import FieldProblem, InvalidFields
from rostra.kit.mail import is_address
from rostra.text.urls import Urls

MAX_USERNAME: Final = 30
_MAX_EMAIL: Final = 254
_USERNAME = re.compile(r"[A-Za-z0-9_]+")
RESERVED: Final = frozenset(
    {
        "about", "abuse", "admin", "administrator", "api", "auth", "help", "helpdesk", "hostmaster", "instance", "mod",
        "moderator", "noreply", "oauth", "owner", "postmaster", "root", "rostra", "security", "settings", "staff",
        "support", "system", "webmaster",
    }
)  # fmt: skip

Problems = dict[str, list[FieldProblem]]


def find_problems(username: str, email: str, *, reserved: frozenset[str] = RESERVED) -> Problems:
    """All that is wrong with a name and an address, before the database is asked."""
    problems: Problems = {}
    if not username:
        problems["username"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    elif not _USERNAME.fullmatch(username):
        problems["username"] = [FieldProblem("ERR_INVALID", "must contain only letters, numbers and underscores")]
    elif len(username) > MAX_USERNAME:
        problems["username"] = [FieldProblem("ERR_TOO_LONG", f"is too long (maximum is {MAX_USERNAME} characters)")]
    elif username.lower() in reserved:
        problems["username"] = [FieldProblem("ERR_RESERVED", "is reserved")]
    if not email:
        problems["email"] = [FieldProblem("ERR_BLANK", "can't be blank")]
    elif not is_usable_email(email):
        problems["email"] = [FieldProblem("ERR_INVALID", "is not an e-mail address")]
    return problems


def is_usable_email(email: str) -> bool:
    """Whether an address looks as if it could work; whether it does is what the confirmation letter finds out."""
    host = email.rpartition("@")[2]
    return len(email) <= _MAX_EMAIL and is_address(email) and ("." in host.strip(".") or host == "localhost")


async def find_taken(db: Reader, username: str, email: str) -> Problems:
    """Which of the two somebody else has, or had: names of those who have left are not given away again."""
    taken = await queries.find_taken(db, username, email)
    return {field: [FieldProblem("ERR_TAKEN", "has already been taken")] for field in taken}


async def create_account(tx: Tx, urls: Urls, new: NewAccount, at: datetime) -> int:
    """Write a checked account and return its id. Raises InvalidFields where the name or the address is taken."""
    account_id = await queries.next_id(tx, at)
    try:
        await queries.insert_account(
            tx,
            account_id=account_id,
            username=new.username,
            uri=urls.account_uri(new.username),
            url=urls.account(new.username),
            display_name=new.display_name,
            at=at,
            findable=False,
        )
        await queries.insert_user(tx, account_id, new, at)
    except asyncpg.UniqueViolationError as error:
        field = "email" if error.as_dict().get("constraint_name") == "users_email_key_key" else "username"
        raise InvalidFields({field: [FieldProblem("ERR_TAKEN", "has already been taken")]}) from None
    return account_id
