"""Notifications as entities: a page of rows, then accounts, statuses and reports in one statement each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

import asyncpg
import msgspec
from msgspec import UNSET, Raw

from rostra.accounts.render import hydrate_accounts_by_id
from rostra.entities.account import timestamp
from rostra.entities.notification import Notification, NotificationType, RawNotification
from rostra.entities.report import Report
from rostra.kit.db import Database, Reader
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window, read_on
from rostra.notifications import queries
from rostra.notifications.queries import NotificationRow, ReportRow
from rostra.notifications.warning_queries import WarningRow, find_warnings
from rostra.notifications.warnings import render_warning
from rostra.posts.broadcast import Viewing, render_for
from rostra.posts.hydrate import StatusReader
from rostra.text.urls import Urls

# Where filters are asked about notifications.
CONTEXT: Final = "notifications"
# What comes often is told together: the same kind of thing about the same status within half a day.
_GROUPED: Final = frozenset({"favourite", "reblog", "follow"})
_GROUP_SECONDS: Final = 12 * 3600
_encode = msgspec.json.Encoder().encode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which notifications are asked for."""

    types: Sequence[str] = ()
    without: Sequence[str] = ()
    from_id: int | None = None


async def page(
    db: Database, urls: Urls, reader: StatusReader, account_id: int, window: Window, wanted: Wanted
) -> Page[RawNotification]:
    """A page of an account's notifications, newest first. Where all of it is about what the reader does not see, it is
    the next of which something is left: apps take an empty page for the end."""
    types, without, from_id = list(wanted.types), list(wanted.without), wanted.from_id

    async def read(window: Window) -> tuple[list[RawNotification], list[int]]:
        async with db.read() as conn:
            rows = await queries.list_page(conn, account_id, window, types=types, without=without, from_id=from_id)
        if window.oldest_first:
            rows.reverse()
        return await _show_rows(db, urls, reader, rows), [row["id"] for row in rows]

    shown, seen, _ = await read_on(window, read)
    return Page(shown, newest=max(seen, default=None), oldest=min(seen, default=None))


async def _show_rows(
    db: Database, urls: Urls, reader: StatusReader, rows: Sequence[asyncpg.Record]
) -> list[RawNotification]:
    """Rows in their order, but for those about what the reader does not see."""
    accounts = await reader.render_accounts(rows)
    statuses = await reader.texts_by_id([row["status_id"] for row in rows if row["status_id"] is not None], CONTEXT)
    others = await _render_others(db, urls, rows, accounts)
    shown: list[RawNotification] = []
    for row in rows:
        status_id = row["status_id"]
        if status_id is not None and status_id not in statuses:
            continue
        account = accounts.get(row["account_id"])
        if account is not None:
            shown.append(_join(row, account, statuses.get(status_id or 0), others.get(row["id"], "")))
    return shown


def _join(row: asyncpg.Record, account: str, status: str | None, other: str) -> Raw:
    """A Notification of the JSON of its parts."""
    status_id, created_at = row["status_id"], row["created_at"]
    shown = "" if status is None else f',"status":{status}'
    return Raw(
        f'{{"id":"{row["id"]}","type":"{row["type"]}","created_at":"{timestamp(created_at)}",'
        f'"group_key":"{_group_key(row["id"], row["type"], status_id, created_at)}","account":{account}{shown}{other}}}'
    )


async def _render_others(
    db: Database, urls: Urls, rows: Sequence[asyncpg.Record], known: Mapping[int, str]
) -> dict[int, str]:
    """What few notifications have beside an account and a status, a report or a decision, by their ids. `known` are
    accounts, by id, that need not be read."""
    having = [_as_row(row) for row in rows if row["report_id"] is not None or row["decision_id"] is not None]
    if not having:
        return {}
    accounts, reports, warnings = await _gather(db, urls, having, {each: Raw(text) for each, text in known.items()})
    others: dict[int, str] = {}
    for row in having:
        report, warning = reports.get(row.report_id or 0), warnings.get(row.decision_id or 0)
        said = ""
        if report is not None and report.target_id in accounts:
            said += f',"report":{_encode(_render_report(report, accounts)).decode()}'
        if warning is not None:
            said += f',"moderation_warning":{_encode(render_warning(warning, accounts)).decode()}'
        others[row.id] = said
    return others


def _as_row(row: asyncpg.Record) -> NotificationRow:
    return NotificationRow(
        id=row["id"],
        type=row["type"],
        created_at=row["created_at"],
        from_account_id=row["account_id"],
        status_id=row["status_id"],
        report_id=row["report_id"],
        decision_id=row["decision_id"],
    )


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


async def find_for_many(
    db: Database, urls: Urls, ids: Sequence[int], viewings: Mapping[int, Viewing], *, at: datetime
) -> list[tuple[int, Notification]]:
    """Notifications of several accounts (the keys of `viewings`) with whose they are; left out are those that are gone
    and those that `hydrate` leaves out. As many statements as statuses that they tell of, however many are told."""
    async with db.read() as conn:
        rows = [row for row in await queries.find_some(conn, ids) if row.account_id in viewings]
    accounts, reports, warnings = await _gather(db, urls, rows)
    shown: list[tuple[int, Notification]] = []
    for status_id in {row.status_id for row in rows}:
        about = [row for row in rows if row.status_id == status_id]
        seen: Mapping[tuple[int, str], Raw] = {}
        if status_id is not None:
            whose = {row.account_id: viewings[row.account_id] for row in about}
            seen = await render_for(db, urls, status_id, whose, at=at, even_unwanted=True)
        for row in about:
            status = seen.get((row.account_id, CONTEXT))
            if row.from_account_id in accounts and (status_id is None or status is not None):
                shown.append((row.account_id, _render(row, accounts, status, reports, warnings)))
    return shown


async def hydrate(
    db: Database,
    urls: Urls,
    reader: StatusReader,
    rows: Sequence[NotificationRow],
) -> list[Notification]:
    """Rows as entities. Left out are those whose status can no longer be seen or is hidden by a filter."""
    accounts, reports, warnings = await _gather(db, urls, rows)
    statuses = await reader.by_id(list({row.status_id for row in rows if row.status_id is not None}), CONTEXT)
    return [
        _render(row, accounts, statuses.get(row.status_id or 0), reports, warnings)
        for row in rows
        if row.from_account_id in accounts and (row.status_id is None or row.status_id in statuses)
    ]


async def _gather(
    db: Database, urls: Urls, rows: Sequence[NotificationRow], known: Mapping[int, Raw] = {}
) -> tuple[Mapping[int, Raw], Mapping[int, ReportRow], Mapping[int, WarningRow]]:
    """The accounts, the reports and the decisions that notifications show, by id."""
    report_ids = list({row.report_id for row in rows if row.report_id is not None})
    decision_ids = list({row.decision_id for row in rows if row.decision_id is not None})
    reports: dict[int, ReportRow] = {}
    warnings: dict[int, WarningRow] = {}
    if report_ids or decision_ids:
        async with db.read() as conn:
            if report_ids:
                reports = {report.id: report for report in await queries.find_reports(conn, report_ids)}
            if decision_ids:
                warnings = {warning.id: warning for warning in await find_warnings(conn, decision_ids)}
    account_ids = {row.from_account_id for row in rows} | {
        report.target_id for report in reports.values() if report.target_id is not None
    }
    unknown = sorted(account_ids - known.keys())
    return {**known, **await hydrate_accounts_by_id(db, unknown, urls)}, reports, warnings


def _render(
    row: NotificationRow,
    accounts: Mapping[int, Raw],
    status: Raw | None,
    reports: Mapping[int, ReportRow],
    warnings: Mapping[int, WarningRow],
) -> Notification:
    report = reports.get(row.report_id or 0)
    warning = warnings.get(row.decision_id or 0)
    return Notification(
        id=str(row.id),
        # As it was written; to check it again would cost more than all the rest here.
        type=cast("NotificationType", row.type),
        created_at=timestamp(row.created_at),
        group_key=_group_key(row.id, row.type, row.status_id, row.created_at),
        account=accounts[row.from_account_id],
        status=UNSET if status is None else status,
        report=UNSET if report is None or report.target_id not in accounts else _render_report(report, accounts),
        moderation_warning=UNSET if warning is None else render_warning(warning, accounts),
    )


def _group_key(notification_id: int, kind: str, status_id: int | None, created_at: datetime) -> str:
    """What notifications that can be told together have in common."""
    if kind not in _GROUPED:
        return f"ungrouped-{notification_id}"
    return f"{kind}-{status_id or 0}-{int(created_at.timestamp()) // _GROUP_SECONDS}"


def _render_report(report: ReportRow, accounts: Mapping[int, Raw]) -> Report:
    return Report(
        id=str(report.id),
        action_taken=report.action_taken_at is not None,
        action_taken_at=timestamp(report.action_taken_at) if report.action_taken_at else None,
        category=report.category,
        comment=report.comment,
        forwarded=report.forward,
        created_at=timestamp(report.created_at),
        status_ids=[str(status_id) for status_id in report.status_ids],
        rule_ids=[str(rule_id) for rule_id in report.rule_ids],
        target_account=accounts[report.target_id or 0],
    )


async def count_unread(conn: Reader, account_id: int, most: int) -> int:
    """Notifications that came after the marker, counted up to `most`."""
    return await queries.count_unread(conn, account_id, most)
