"""Making a local account with its user; sign-up, the command line and the demo all end here."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import asyncpg

from rostra.accounts import queries
from rostra.accounts.records import NewAccount
from rostra.kit.db import Tx
from rostra.kit.errors import FieldProblem, InvalidFields
from rostra.text.urls import Urls

MAX_USERNAME: Final = 30
_USERNAME = re.compile(r"[A-Za-z0-9_]+([A-Za-z0-9_.-]*[A-Za-z0-9_]+)?")
# Loose on purpose: whether an address works is what the confirmation letter finds out.
_EMAIL = re.compile(r"[^@\s<>,;:\"\\]{1,64}@(localhost|[^@\s<>,;:\"\\]+\.[^@\s.<>,;:\"\\]{2,})")
RESERVED: Final = frozenset(
    {
        "about", "abuse", "admin", "administrator", "api", "auth", "help", "helpdesk", "hostmaster", "instance", "mod",
        "moderator", "noreply", "oauth", "owner", "postmaster", "root", "rostra", "security", "settings", "staff",
        "support", "system", "webmaster",
    }
)  # fmt: skip


def check_handle(username: str, email: str, *, reserved: frozenset[str] = RESERVED) -> None:
    """Raises InvalidFields with all that is wrong with a name and an address, before the database is asked."""
    problems: dict[str, list[FieldProblem]] = {}
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
    elif len(email) > 254 or not _EMAIL.fullmatch(email):
        problems["email"] = [FieldProblem("ERR_INVALID", "is not an e-mail address")]
    if problems:
        raise InvalidFields(problems)


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
