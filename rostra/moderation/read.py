"""Reading the reports that came in."""

from __future__ import annotations

from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Window
from rostra.moderation import queries
from rostra.moderation.records import FiledReport


async def list_reports(db: Database, window: Window, *, resolved: bool) -> list[FiledReport]:
    """A page of reports, the newest first: those that were dealt with, or those that were not."""
    async with db.read() as conn:
        return await queries.list_reports(conn, window, resolved=resolved)


async def get_report(db: Database, report_id: int) -> FiledReport:
    """One report. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_report(conn, report_id)
    if found is None:
        raise NotFound
    return found
