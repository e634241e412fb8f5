"""SQL of accounts as staff sees them: with logins and addresses, by all that one may look for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, Literal, LiteralString

import msgspec

from rostra.accounts.records import Role
from rostra.kit.db import Reader, find_record
from rostra.kit.paging import Window

Status = Literal["active", "pending", "disabled", "sensitized", "silenced", "frozen", "suspended"]

# The addresses that somebody came from last, each with when.
_IPS: Final = """
  (select jsonb_agg(jsonb_build_array(host(x.ip), x.at) order by x.at desc) from (
    select y.ip, max(y.at) as at from (
      select s.ip, s.last_seen_at as at from sessions s where s.account_id = a.id and s.ip is not null
      union all select u.sign_up_ip, u.created_at where u.sign_up_ip is not null) y
    group by y.ip order by max(y.at) desc limit 20) x) as ips"""

_ACCOUNT: Final = f"""
select a.id, a.username, a.domain, a.created_at, a.suspended_at, a.silenced_at, a.sensitized_at, a.frozen_at,
  u.account_id is not null as is_local, u.email, u.role, u.locale, u.confirmed_at, u.approved_at, u.disabled_at,
  u.sign_up_reason, u.app_id, i.account_id as invited_by, {_IPS}
from accounts a left join users u on u.account_id = a.id left join invites i on i.id = u.invite_id
"""

ACCOUNTS: Final = f"{_ACCOUNT} where a.id = any($1::bigint[])"

ROLE: Final = """
select u.role, u.account_id is not null and u.approved_at is null as is_pending, u.locale,
  u.account_id is not null as is_local, a.suspended_at
from accounts a left join users u on u.account_id = a.id where a.id = $1
"""

_OF_STATUS: Final[dict[Status, LiteralString]] = {
    "active": """a.suspended_at is null and u.disabled_at is null
      and (u.account_id is null or u.approved_at is not null)""",
    "pending": "u.account_id is not null and u.approved_at is null",
    "disabled": "u.disabled_at is not null",
    "sensitized": "a.sensitized_at is not null",
    "silenced": "a.silenced_at is not null",
    "frozen": "a.frozen_at is not null",
    "suspended": "a.suspended_at is not null",
}
# By the index of names, which knows both names of an account as one text; shorter texts are no help to it.
_NAMED: Final[LiteralString] = """a.id = any(array(select b.id from accounts b
  where plain_text(lower(b.username || ' ' || b.display_name)) like plain_text(?)))"""
_TRIGRAM: Final = 3
# By the index of the beginnings of user names.
_BEGINS: Final[LiteralString] = "lower(a.username) like ?"
_PLACES: Final[tuple[LiteralString, ...]] = ("$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13")


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; what is None or empty does not count. Texts are found anywhere in what they are looked for in,
    letter case aside."""

    origin: Literal["local", "remote"] | None = None
    statuses: tuple[Status, ...] = ()
    roles: Sequence[Role] | None = None
    invited_by: int | None = None
    # Either name, or where this is shorter than three letters the beginning of the user name.
    name: str = ""
    username: str = ""
    display_name: str = ""
    domain: str = ""
    email: str = ""
    network: IPv4Network | IPv6Network | None = None


class AdminRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account with its login, where it has one here. `ips`: address and ISO time, the latest first."""

    id: int
    username: str
    domain: str | None
    created_at: datetime
    suspended_at: datetime | None
    silenced_at: datetime | None
    sensitized_at: datetime | None
    frozen_at: datetime | None
    is_local: bool
    email: str | None
    role: Role | None
    locale: str | None
    confirmed_at: datetime | None
    approved_at: datetime | None
    disabled_at: datetime | None
    sign_up_reason: str | None
    app_id: int | None
    invited_by: int | None
    ips: list[tuple[str, datetime]] | None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Whom somebody wants to act on. The role and what follows it are None and False for those of other servers."""

    role: Role | None
    is_pending: bool
    locale: str | None
    is_local: bool
    suspended_at: datetime | None


def _pattern(text: str) -> str:
    escaped = text.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _conditions(wanted: AccountFilter) -> list[tuple[LiteralString, Any]]:
    """Conditions, each with the value of its `?` (None: it has none)."""
    found: list[tuple[LiteralString, Any]] = []
    if wanted.origin is not None:
        found.append(("a.domain is null" if wanted.origin == "local" else "a.domain is not null", None))
    for status in wanted.statuses:
        found.append((_OF_STATUS[status], None))
    if wanted.roles is not None:
        found.append(("u.role = any(?::text[])", list(wanted.roles)))
        if "user" not in wanted.roles:
            found.append(("u.role <> 'user'", None))
    if wanted.invited_by is not None:
        found.append(("i.account_id = ?", wanted.invited_by))
    found += _named(wanted)
    if wanted.domain:
        found.append(("a.domain = ?", wanted.domain))
    if wanted.email:
        # As an array, so that the logins are read once and not by each account.
        with_email: LiteralString = "a.id = any(array(select v.account_id from users v where v.email_key like ?))"
        found.append((with_email, _pattern(wanted.email)))
    if wanted.network is not None:
        came: LiteralString = """a.id in (
          select s.account_id from sessions s where s.ip <<= ?::cidr
          union select v.account_id from users v where v.sign_up_ip <<= ?::cidr)"""
        found.append((came, wanted.network))
    return found


def _named(wanted: AccountFilter) -> list[tuple[LiteralString, Any]]:
    found: list[tuple[LiteralString, Any]] = []
    if wanted.name and len(wanted.name.strip()) < _TRIGRAM:
        found.append((_BEGINS, _pattern(wanted.name).removeprefix("%")))
    for name in (wanted.name, wanted.username, wanted.display_name):
        if len(name.strip()) >= _TRIGRAM:
            found.append((_NAMED, _pattern(name.strip().removeprefix("@"))))
    if wanted.username:
        found.append(("lower(a.username) like ?", _pattern(wanted.username.strip().removeprefix("@"))))
    if wanted.display_name:
        found.append(("lower(a.display_name) like ?", _pattern(wanted.display_name)))
    return found


def page_statement(wanted: AccountFilter, *, oldest_first: bool) -> tuple[LiteralString, list[Any]]:
    """The statement that reads a page of those who are wanted ($1, $2, $3: the window), and its further values. Only
    the conditions that count stand in it, so that each is planned for what it asks."""
    conditions: list[LiteralString] = ["a.id < $1", "a.id > $2"]
    values: list[Any] = []
    for condition, value in _conditions(wanted):
        if value is None:
            conditions.append(condition)
            continue
        conditions.append(condition.replace("?", _PLACES[len(values)]))
        values.append(value)
    order: LiteralString = "order by a.id limit $3" if oldest_first else "order by a.id desc limit $3"
    return f"{_ACCOUNT} where {' and '.join(conditions)} {order}", values


def _as_rows(rows: Sequence[Any]) -> list[AdminRow]:
    return [msgspec.convert(dict(row.items()), AdminRow) for row in rows]


async def list_accounts(db: Reader, wanted: AccountFilter, window: Window) -> list[AdminRow]:
    """A page of accounts, from the window's end."""
    statement, values = page_statement(wanted, oldest_first=window.oldest_first)
    return _as_rows(await db.fetch(statement, window.below, window.above, window.limit, *values))


async def find_accounts(db: Reader, ids: Sequence[int]) -> dict[int, AdminRow]:
    """These accounts, by id."""
    return {row.id: row for row in _as_rows(await db.fetch(ACCOUNTS, ids))}


async def find_target(db: Reader, account_id: int) -> Target | None:
    """What is to be known of somebody before they are acted on."""
    return find_record(Target, await db.fetchrow(ROLE, account_id))
