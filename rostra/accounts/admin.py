"""Accounts as staff sees them, as entities of the admin API. Acting on them is `staff`'s and the moderation desk's."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Raw

from rostra.accounts import admin_queries as queries
from rostra.accounts.admin_queries import AccountFilter, AdminRow, Target
from rostra.accounts.own import render_role
from rostra.accounts.permissions import check_above
from rostra.accounts.records import Role
from rostra.accounts.render import hydrate_accounts_by_id
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminAccount, AdminIp
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.text.urls import Urls


async def list_admin_accounts(db: Database, urls: Urls, wanted: AccountFilter, window: Window) -> Page[AdminAccount]:
    """A page of accounts, the newest first. Two statements."""
    async with db.read() as conn:
        rows = await queries.list_accounts(conn, wanted, window)
    rows.sort(key=lambda row: row.id, reverse=True)
    shown = await _hydrate(db, urls, rows, private=True)
    return Page(
        shown,
        newest=rows[0].id if rows else None,
        oldest=rows[-1].id if rows else None,
        more=len(rows) == window.limit,
    )


async def find_admin_accounts(
    db: Database, urls: Urls, ids: Sequence[int], *, private: bool
) -> dict[int, AdminAccount]:
    """These accounts by id, in two statements. Without `private` e-mail and IP addresses are left out."""
    if not ids:
        return {}
    async with db.read() as conn:
        rows = await queries.find_accounts(conn, ids)
    shown = await _hydrate(db, urls, list(rows.values()), private=private)
    return {int(account.id): account for account in shown}


async def get_admin_account(db: Database, urls: Urls, account_id: int) -> AdminAccount:
    """One account. Raises NotFound."""
    found = await find_admin_accounts(db, urls, [account_id], private=True)
    if account_id not in found:
        raise NotFound
    return found[account_id]


async def access_target(db: Database, role: Role, account_id: int) -> Target:
    """Somebody whom a person of that role wants to act on. Raises NotFound, and Forbidden where they stand as high."""
    async with db.read() as conn:
        target = await queries.find_target(conn, account_id)
    if target is None:
        raise NotFound
    check_above(role, target.role)
    return target


async def _hydrate(db: Database, urls: Urls, rows: Sequence[AdminRow], *, private: bool) -> list[AdminAccount]:
    accounts = await hydrate_accounts_by_id(db, [row.id for row in rows], urls)
    return [_render(row, accounts[row.id], private=private) for row in rows if row.id in accounts]


def _render(row: AdminRow, account: Raw, *, private: bool) -> AdminAccount:
    ips = [AdminIp(ip=ip, used_at=timestamp(at)) for ip, at in (row.ips or []) if private]
    return AdminAccount(
        id=str(row.id),
        username=row.username,
        domain=row.domain,
        created_at=timestamp(row.created_at),
        email=row.email if private else None,
        ip=ips[0].ip if ips else None,
        ips=ips,
        locale=row.locale,
        invite_request=row.sign_up_reason or None,
        role=render_role(row.role) if row.role else None,
        confirmed=row.confirmed_at is not None if row.is_local else None,
        approved=row.approved_at is not None if row.is_local else None,
        disabled=row.disabled_at is not None if row.is_local else None,
        sensitized=row.sensitized_at is not None,
        silenced=row.silenced_at is not None,
        suspended=row.suspended_at is not None,
        account=account,
        created_by_application_id=str(row.app_id) if row.app_id else UNSET,
        invited_by_account_id=str(row.invited_by) if row.invited_by else UNSET,
    )
