"""`rostra account`: make, list and change accounts from the command line, whether or not the server runs.

Each command prints JSON, `list` on request. What it does is done by the same functions as on the web.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from rostra.cli.account_import import import_
from rostra.cli.options import Exit, Refusal, current_database, database_errors, in_words, with_settings
from rostra.kit.clock import Clock
from rostra.kit.errors import RostraError
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from rostra.accounts.records import User
    from rostra.kit.db import Database

T = TypeVar("T")

_ROLES = ("owner", "admin", "moderator", "triage", "juror", "user")
_PAGE = 500
_role_option = click.option(
    "--role", type=click.Choice(_ROLES), default="user", show_default=True, help="What the account may do."
)
# All but `list` print nothing else; the option is there so that it can be given to every command.
_json_option = click.option("--json", is_flag=True, expose_value=False, help="Print JSON, as it does anyway.")


@click.group()
def account() -> None:
    """Create, list and change accounts.

    Works whether or not the server runs. Names are given with or without an @.
    """


account.add_command(import_)


@account.command()
@click.argument("name")
@click.option("--email", required=True, help="E-mail address.")
@click.option("--password", help="Password; one is made up and printed where none is given.")
@_role_option
@click.option("--confirmed", is_flag=True, help="Take the address for confirmed instead of sending a letter.")
@click.option("--locale", default="en", show_default=True, help="Language of letters and pages.")
@_json_option
@with_settings
def create(settings: Settings, name: str, email: str, password: str | None, **more: Any) -> None:
    """Create an account, which needs no approval."""
    from rostra.accounts.own import get_user
    from rostra.accounts.passwords import Passwords
    from rostra.accounts.staff import ByHand, add_account
    from rostra.effects import emit
    from rostra.resources import urls_of

    chosen = password or secrets.token_urlsafe(15)
    wish = ByHand(username=name.removeprefix("@"), email=email, password=chosen, **more)

    async def make(db: Database) -> User:
        account_id = await add_account(db, Clock(), urls_of(settings), emit, Passwords(settings), wish)
        return await get_user(db, account_id)

    made = _run(settings, make)
    _print({**_shown(made, settings), **({} if password else {"password": chosen})})


@account.command()
@click.argument("name")
@click.option("--scopes", default="read write follow push", show_default=True, help="What it may be used for.")
@_json_option
@with_settings
def token(settings: Settings, name: str, scopes: str) -> None:
    """Make an access token for an account. It is printed once and works until it is revoked."""
    from rostra.oauth.exchange import issue_own_token

    async def make(db: Database) -> dict[str, Any]:
        user = await _get(db, name)
        made = await issue_own_token(db, Clock(), user.account_id, scopes)
        return {
            "access_token": made.token,
            "token_type": "Bearer",
            "scope": " ".join(made.scopes),
            "created_at": int(made.created_at.timestamp()),
            "account_id": str(user.account_id),
        }

    _print(_run(settings, make))


@account.command("list")
@click.option("--role", type=click.Choice(_ROLES), help="Only those with this role.")
@click.option("--pending", is_flag=True, help="Only those who wait for approval.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_(settings: Settings, role: str | None, pending: bool, as_json: bool) -> None:
    """List accounts in the order in which they came."""
    from rostra.accounts.staff import list_users

    async def read(db: Database) -> list[User]:
        found: list[User] = []
        more = True
        while more:
            after = found[-1].account_id if found else 0
            page = await list_users(db, after=after, role=role, pending=pending or None, limit=_PAGE)
            found += page
            more = len(page) == _PAGE
        return found

    users = _run(settings, read)
    if as_json:
        _print([_shown(user, settings) for user in users])
        return
    for user in users:
        click.echo(f"{user.username:<32}{user.role:<11}{_state(user):<13}{user.email}")


@account.command()
@click.argument("name")
@_json_option
@with_settings
def show(settings: Settings, name: str) -> None:
    """Show an account."""
    _print(_shown(_run(settings, lambda db: _get(db, name)), settings))


@account.command()
@click.argument("name")
@click.option("--password", help="The new password; one is made up and printed where none is given.")
@_json_option
@with_settings
def password(settings: Settings, name: str, password: str | None) -> None:
    """Set a new password. Every session and every app of the account ends."""
    from rostra.accounts.credentials import set_password
    from rostra.accounts.passwords import Passwords
    from rostra.accounts.staff import note_password
    from rostra.effects import emit
    from rostra.resources import urls_of

    chosen = password or secrets.token_urlsafe(15)

    async def change(db: Database, user: User) -> None:
        await set_password(
            db, emit, urls_of(settings), Passwords(settings), account_id=user.account_id, password=chosen
        )
        await note_password(db, Clock(), user.account_id)

    shown = _change(settings, name, change)
    _print({**shown, **({} if password else {"password": chosen})})


@account.command()
@click.argument("name")
@click.argument("role", type=click.Choice(_ROLES))
@_json_option
@with_settings
def role(settings: Settings, name: str, role: str) -> None:
    """Give an account a ROLE."""
    from rostra.accounts.records import Role
    from rostra.accounts.staff import set_role
    from rostra.effects import emit

    async def change(db: Database, user: User) -> None:
        await set_role(db, Clock(), emit, user.account_id, msgspec.convert(role, Role))

    _print(_change(settings, name, change))


@account.command()
@click.argument("name")
@_json_option
@with_settings
def confirm(settings: Settings, name: str) -> None:
    """Take an account's e-mail address for confirmed, and let it in where it waits for approval."""
    from rostra.accounts.staff import approve, confirm_by_hand
    from rostra.effects import emit
    from rostra.resources import urls_of

    async def change(db: Database, user: User) -> None:
        await confirm_by_hand(db, Clock(), emit, user.account_id)
        await approve(db, Clock(), emit, urls_of(settings), user.account_id)

    _print(_change(settings, name, change))


@account.command()
@click.argument("name")
@_json_option
@with_settings
def disable(settings: Settings, name: str) -> None:
    """Keep an account out: every session and app ends. What it posted stays."""
    from rostra.accounts.staff import disable_login
    from rostra.effects import emit

    _print(_change(settings, name, lambda db, user: disable_login(db, Clock(), emit, user.account_id)))


@account.command()
@click.argument("name")
@_json_option
@with_settings
def enable(settings: Settings, name: str) -> None:
    """Let a disabled account in again."""
    from rostra.accounts.staff import enable_login

    _print(_change(settings, name, lambda db, user: enable_login(db, Clock(), user.account_id)))


def _change(settings: Settings, name: str, change: Callable[[Database, User], Awaitable[None]]) -> dict[str, Any]:
    """Change an account and return what it is like afterwards."""

    async def run(db: Database) -> User:
        await change(db, await _get(db, name))
        return await _get(db, name)

    return _shown(_run(settings, run), settings)


def _run(settings: Settings, act: Callable[[Database], Awaitable[T]]) -> T:
    from rostra.kit.db import open_database

    async def run() -> T:
        async with current_database(settings) as dsn, open_database(dsn, max_size=1) as db:
            return await act(db)

    with database_errors():
        try:
            return asyncio.run(run())
        except RostraError as error:
            raise Refusal(Exit.FAILED, getattr(error, "description", in_words(error))) from None


async def _get(db: Database, name: str) -> User:
    from rostra.accounts.staff import find_user_by_name

    user = await find_user_by_name(db, name)
    if user is None:
        raise Refusal(Exit.FAILED, f"there is no account called {name}; `rostra account list` shows them all")
    return user


def _shown(user: User, settings: Settings) -> dict[str, Any]:
    return {
        "id": str(user.account_id),
        "username": user.username,
        "url": f"{settings.base_url}/@{user.username}",
        "email": user.email,
        "role": user.role,
        "locale": user.locale,
        "confirmed": user.confirmed_at is not None,
        "approved": user.approved_at is not None,
        "disabled": user.disabled_at is not None,
        "suspended": user.suspended_at is not None,
        "two_factor": user.totp_enabled_at is not None,
        "created_at": f"{user.created_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _state(user: User) -> str:
    from rostra.accounts.sign_in import obstacle_of

    return obstacle_of(user) or "active"


def _print(value: object) -> None:
    click.echo(msgspec.json.encode(value))
