"""Transparency reports: made from what was decided, looked at before, published once and then frozen.

The numbers come from `transparency_counts`, their tables from `transparency_sections`, the files from
`transparency_files`. Nothing is typed in by hand but a note on why there is a new revision.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, Final

from rostra.instance.records import InstanceSettings
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.kit.ids import first_id_at
from rostra.kit.objectstore import ObjectStore
from rostra.ledger.append import Entry, append
from rostra.measurement import transparency_queries as queries
from rostra.measurement.transparency_counts import count
from rostra.measurement.transparency_files import content_of, pack
from rostra.measurement.transparency_queries import Overview, Published
from rostra.measurement.transparency_sections import Period, Service, make_sections

_LONGEST: Final = timedelta(days=366)
_LONGEST_NOTE: Final = 500
_OVERVIEW_MONTHS: Final = 12


def year_of(year: int) -> Period:
    """The calendar year, which the regulation asks for."""
    return Period(date(year, 1, 1), date(year + 1, 1, 1))


def service_of(settings: InstanceSettings, domain: str) -> Service:
    """Who reports, from what the instance is set to."""
    return Service(
        title=settings.title,
        domain=domain,
        contact=settings.contact_email,
        languages=tuple(settings.languages),
    )


async def make_report(
    db: Database, clock: Clock, service: Service, period: Period, *, revision: int = 1, note: str = ""
) -> dict[str, Any]:
    """The report of a period as one object (`content_of`); nothing is kept. Raises Invalid for no or a future one."""
    _check(period, clock)
    async with db.read() as conn:
        return await _make(conn, service, period, clock.now().date(), revision, note)


async def publish_report(
    db: Database,
    clock: Clock,
    store: ObjectStore,
    service: Service,
    period: Period,
    *,
    actor_id: int | None,
    note: str = "",
) -> Published:
    """Make the report of a period and publish it. A period that has one needs a note that says why there is another.

    Raises Invalid as `make_report` and where the note is missing, Conflict where somebody publishes the same.
    """
    _check(period, clock)
    if len(note) > _LONGEST_NOTE:
        raise Invalid("note", f"can be {_LONGEST_NOTE} characters long at most", code="ERR_TOO_LONG")
    at = clock.now()
    async with db.read() as conn:
        revision = await queries.find_latest_revision(conn, period.begins, period.ends) + 1
        if revision > 1 and not note.strip():
            raise Invalid("note", "is needed: say why there is another revision", code="ERR_BLANK")
        content = await _make(conn, service, period, at.date(), revision, note.strip())
    packed = pack(content)
    digest = sha256(packed)
    # By its hash, so that what two processes make at once is two files.
    key = f"transparency/{period}-{digest.hexdigest()[:16]}.zip"
    await store.put(key, packed, "application/zip")
    async with db.transaction() as tx:
        if await queries.find_latest_revision(tx, period.begins, period.ends) + 1 != revision:
            raise Conflict("Somebody else has just published this period")
        report_id = await queries.make_report_id(tx, at)
        event_id = await append(
            tx,
            at,
            Entry(
                type="transparency_published",
                subject_kind="report",
                subject_id=report_id,
                actor_id=actor_id,
                details={"period": str(period), "revision": revision, "sha256": digest.hexdigest()},
            ),
        )
        values = (
            report_id, period.begins, period.ends, revision, note.strip(), key, len(packed), digest.digest(), content,
            event_id, at,
        )  # fmt: skip
        await queries.insert_report(tx, values)
    return await get_report(db, report_id)


async def list_reports(db: Database) -> list[Published]:
    """All that was published, the latest period first."""
    async with db.read() as conn:
        return await queries.list_reports(conn)


async def get_report(db: Database, report_id: int) -> Published:
    """A report as it was published. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_report(conn, report_id)
    if found is None:
        raise NotFound
    return found


async def get_content(db: Database, report_id: int) -> dict[str, Any]:
    """All sections of a published report. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_content(conn, report_id)
    if found is None:
        raise NotFound
    return found


async def find_overview(db: Database) -> Overview | None:
    """The numbers for the public page; None before they were first made."""
    async with db.read() as conn:
        return await queries.find_overview(conn)


async def make_overview(db: Database, clock: Clock, service: Service) -> None:
    """Make the numbers of the last twelve whole months and of this one until yesterday, once a day; for an hourly job,
    so that a new server has them within the hour."""
    today = clock.now().date()
    before = await find_overview(db)
    if before is not None and before.made_at.date() == today:
        return
    period = Period(_months_before(today, _OVERVIEW_MONTHS), today)
    async with db.read() as conn:
        content = await _make(conn, service, period, today, 0, "")
    async with db.transaction() as tx:
        await queries.keep_overview(tx, content, clock.now())


async def count_recipients(db: Database, clock: Clock) -> None:
    """Note how many people have used their account this month so far; for a job that runs late each day."""
    now = clock.now()
    async with db.transaction() as tx:
        await queries.count_recipients(tx, now.date().replace(day=1), now)


def _check(period: Period, clock: Clock) -> None:
    if period.begins >= period.ends:
        raise Invalid("period", "ends before it begins", code="ERR_REVERSED")
    if period.ends - period.begins > _LONGEST:
        raise Invalid("period", "can be a year long at most", code="ERR_TOO_LONG")
    if period.ends > clock.now().date():
        raise Invalid("period", "is not over yet", code="ERR_NOT_OVER")


async def _make(
    conn: Reader, service: Service, period: Period, made_on: date, revision: int, note: str
) -> dict[str, Any]:
    begin, end = (datetime.combine(day, time(), UTC) for day in (period.begins, period.ends))
    counts = await count(conn, (first_id_at(begin), first_id_at(end)), (begin, end))
    return content_of(make_sections(counts, service, period, made_on, revision), period, revision, note)


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    whole = day.year * 12 + day.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)
