"""Notifications as entities: a page of rows, then accounts and statuses in one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from rostra.accounts.render import hydrate_accounts
from rostra.entities.account import timestamp
from rostra.entities.notification import Notification
from rostra.kit.db import Database, Reader
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.notifications import queries
from rostra.notifications.queries import NotificationRow
from rostra.posts.hydrate import StatusReader
from rostra.text.urls import Urls


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which notifications are asked for."""

    types: Sequence[str] = ()
    without: Sequence[str] = ()
    from_id: int | None = None


async def page(
    db: Database, urls: Urls, reader: StatusReader, account_id: int, window: Window, wanted: Wanted
) -> Page[Notification]:
    """A page of an account's notifications, newest first."""
    async with db.read() as conn:
        rows = await queries.list_page(
            conn, account_id, window, types=list(wanted.types), without=list(wanted.without), from_id=wanted.from_id
        )
    if window.oldest_first:
        rows.reverse()
    shown = await hydrate(db, urls, reader, rows)
    return Page(shown, newest=rows[0].id if rows else None, oldest=rows[-1].id if rows else None)


async def find(
    db: Database, urls: Urls, reader: StatusReader, account_id: int, notification_id: int
) -> Notification | None:
    """One of the account's notifications, or None where it is gone or filtered."""
    async with db.read() as conn:
        row = await queries.find_one(conn, account_id, notification_id)
    shown = await hydrate(db, urls, reader, [row]) if row else []
    return shown[0] if shown else None


async def get(db: Database, urls: Urls, reader: StatusReader, account_id: int, notification_id: int) -> Notification:
    """One of the account's notifications. Raises NotFound."""
    found = await find(db, urls, reader, account_id, notification_id)
    if found is None:
        raise NotFound
    return found


async def hydrate(
    db: Database, urls: Urls, reader: StatusReader, rows: Sequence[NotificationRow]
) -> list[Notification]:
    """Rows as entities. Left out are those whose status can no longer be seen or is hidden by a filter."""
    account_ids = list({row.from_account_id for row in rows})
    status_ids = list({row.status_id for row in rows if row.status_id is not None})
    accounts = dict(zip(account_ids, await hydrate_accounts(db, account_ids, urls), strict=True))
    statuses = await reader.by_id(status_ids, "notifications")
    return [
        _render(row, accounts[row.from_account_id], statuses.get(row.status_id or 0))
        for row in rows
        if row.status_id is None or row.status_id in statuses
    ]


def _render(row: NotificationRow, account: Any, status: Any) -> Notification:
    return Notification(
        id=str(row.id),
        type=msgspec.convert(row.type, Any),
        created_at=timestamp(row.created_at),
        group_key=f"ungrouped-{row.id}",
        account=account,
        status=UNSET if status is None else status,
    )


async def count_unread(conn: Reader, account_id: int, most: int) -> int:
    """Notifications that came after the marker, counted up to `most`."""
    return await queries.count_unread(conn, account_id, most)
