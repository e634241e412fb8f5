"""People as the pages of the administration show them: the list, one person with the login, the log of changes.

Reads only: acting is `staff`'s. The admin API has its own entities in `admin`.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from rostra.accounts import admin_queries, people_queries
from rostra.accounts.admin_queries import AccountFilter, AdminRow
from rostra.accounts.people_queries import Actor, AuditEvent, Login
from rostra.accounts.render import hydrate_accounts_by_id
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.text.urls import Urls


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the list: what staff knows, and the public account."""

    row: AdminRow
    account: Raw


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the log of what was changed, and what it can be narrowed to."""

    events: list[AuditEvent]
    more: bool
    actors: list[Actor]
    actions: list[str]


async def list_people(
    db: Database, urls: Urls, wanted: AccountFilter, window: Window, *, private: bool
) -> Page[Listed]:
    """A page of people, the newest first, with two statements. Without `private` addresses are left out."""
    async with db.read() as conn:
        rows = await admin_queries.list_accounts(conn, wanted, window)
    rows.sort(key=lambda row: row.id, reverse=True)
    accounts = await hydrate_accounts_by_id(db, [row.id for row in rows], urls)
    shown = [row if private else msgspec.structs.replace(row, email=None, ips=None) for row in rows]
    return Page(
        [Listed(row=row, account=accounts[row.id]) for row in shown if row.id in accounts],
        newest=rows[0].id if rows else None,
        oldest=rows[-1].id if rows else None,
        more=len(rows) == window.limit,
    )


async def get_login(db: Database, account_id: int, *, private: bool) -> Login:
    """One account with its login. Without `private` addresses, and who shares them, are left out. Raises NotFound."""
    async with db.read() as conn:
        found = await people_queries.find_login(conn, account_id)
    if found is None:
        raise NotFound
    if private:
        return found
    return msgspec.structs.replace(
        found, email=None, sign_up_ip=None, sign_up_reason=None, neighbours=0, inviter=None, inviter_id=None
    )


async def list_changes_of(db: Database, account_id: int, *, limit: int = 20) -> list[AuditEvent]:
    """What those who run the server changed about a person, the newest first."""
    async with db.read() as conn:
        return await people_queries.list_events_of(conn, account_id, limit)


async def read_log(
    db: Database, *, below: int, limit: int, actor_id: int | None = None, action: str | None = None
) -> Log:
    """A page of the log with three statements, the newest first."""
    async with db.read() as conn:
        events = await people_queries.list_events(conn, below=below, limit=limit + 1, actor_id=actor_id, action=action)
        return Log(
            events=events[:limit],
            more=len(events) > limit,
            actors=await people_queries.list_actors(conn),
            actions=await people_queries.list_actions(conn),
        )
