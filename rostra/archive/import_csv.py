"""Importing a CSV file: read and kept first, carried out only at its owner's word, in batches by a background job.

Each batch is a transaction that also marks its lines as done, so that a job which dies in the middle goes on where the
last batch ended. Archives are in `import_archive`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.archive import csv_queries
from rostra.archive import import_queries as queries
from rostra.archive.csv_apply import apply_rows, end_others
from rostra.archive.csv_read import CsvFile, CsvRow, CsvType, csv_line, headings_of, read_csv
from rostra.archive.import_records import RUN_ARCHIVE, RUN_IMPORT, Failure, Import, ImportWanted, Mode
from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import NotFound, Refused
from rostra.kit.jobs import enqueue
from rostra.text.urls import Urls

BATCH: Final = 100
_MOST_AT_ONCE: Final = 5
_MOST_WAITING: Final = 10
_SHOWN: Final = 40
_PAGE: Final = 1000
_ID_AT_END: Final = re.compile(r"/([0-9]{1,18})\Z")


class TooManyImports(Refused):
    """As many imports of the account are on their way as may be."""

    text = "Some of your imports are still on their way: wait until they are done"


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What an import would do. `reasons`: how many lines cannot be imported, and why; `ends`: what of the present state
    would end if it replaced it (lists: whole lists)."""

    doable: int
    reasons: list[tuple[str, int]]
    ends: int


async def stage_csv(
    db: Database,
    clock: Clock,
    urls: Urls,
    account_id: int,
    body: bytes,
    *,
    kind: CsvType | None = None,
    mode: Mode = "merge",
    file_name: str = "",
) -> int:
    """Read a file and keep it until its owner says go; the import's id. Raises BadFile and TooManyImports."""
    return await stage_file(
        db,
        clock,
        urls,
        account_id,
        read_csv(body, own_domain=urls.domain, type=kind, file_name=file_name),
        mode=mode,
        file_name=file_name,
    )


async def stage_file(
    db: Database,
    clock: Clock,
    urls: Urls,
    account_id: int,
    file: CsvFile,
    *,
    mode: Mode,
    file_name: str,
    crowded: bool = False,
) -> int:
    """Keep a file that was read. Raises TooManyImports, unless it may be `crowded`: lists that come with an archive."""
    rows = [_with_id(row, urls.base) for row in file.rows] if file.type == "bookmarks" else file.rows
    async with db.transaction() as tx:
        if not crowded:
            await check_room(tx, account_id)
        await queries.drop_waiting(tx, account_id, _MOST_WAITING - 1)
        import_id = await queries.insert_import(
            tx, account_id, file.type, mode=mode, file_name=file_name[:200], total=len(rows), at=clock.now()
        )
        await queries.insert_rows(tx, import_id, rows)
        await queries.resolve_rows(tx, import_id, file.type, f"{urls.base}/")
    return import_id


async def check_room(conn: Reader, account_id: int) -> None:
    """Raises TooManyImports where as many are on their way as may be."""
    if await queries.count_open(conn, account_id) >= _MOST_AT_ONCE:
        raise TooManyImports


async def list_imports(db: Database, account_id: int) -> list[Import]:
    """The imports of an account, the newest first."""
    async with db.read() as conn:
        return await queries.list_own_imports(conn, account_id, _SHOWN)


async def get_import(db: Database, account_id: int, import_id: int) -> Import:
    """An import of this account. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_own_import(conn, account_id, import_id)
    if found is None:
        raise NotFound
    return found


async def preview(db: Database, clock: Clock, shown: Import) -> Preview:
    """What a list would do if it were confirmed now."""
    async with db.read() as conn:
        reasons = await queries.count_failures(conn, shown.id)
        ends = 0
        if shown.type != "archive":
            ends = await csv_queries.count_others(conn, shown.type, shown.account_id, shown.id, clock.now())
    return Preview(doable=shown.total - shown.imported - shown.failed, reasons=reasons, ends=ends)


async def confirm_import(
    db: Database, clock: Clock, account_id: int, import_id: int, *, mode: Mode = "merge", with_direct: bool = False
) -> None:
    """Have an import carried out, or gone on with where it was stopped. Raises NotFound."""
    async with db.transaction() as tx:
        kind = await queries.confirm(tx, account_id, import_id, mode, with_direct=with_direct, at=clock.now())
        if kind is None:
            raise NotFound
        job = RUN_ARCHIVE if kind == "archive" else RUN_IMPORT
        await enqueue(tx, [job.job(ImportWanted(import_id=import_id))])


async def drop_import(db: Database, account_id: int, import_id: int) -> None:
    """Forget an import that was not confirmed. Raises NotFound."""
    async with db.transaction() as tx:
        if not await queries.delete_waiting(tx, account_id, import_id):
            raise NotFound


async def run_csv(db: Database, clock: Clock, emit: Emit, import_id: int) -> None:
    """Carry a confirmed import of a list out to its end, from wherever it was left."""
    while await run_batch(db, clock, emit, import_id):
        pass


async def run_batch(db: Database, clock: Clock, emit: Emit, import_id: int) -> bool:
    """One batch: of what is to end first, then of the lines. Whether there is more to do."""
    async with db.transaction() as tx:
        locked = await queries.lock_import(tx, import_id)
        if locked is None or locked.state != "running" or locked.type == "archive":
            return False
        at = clock.now()
        if locked.barred:
            await queries.set_state(tx, import_id, "stopped", at, "barred")
            return False
        if locked.mode == "overwrite" and not locked.cursor:
            if not await end_others(tx, emit, locked):
                await queries.set_cursor(tx, import_id, 1)
            return True
        rows = await queries.next_rows(tx, import_id, BATCH)
        if rows:
            await queries.mark_rows(tx, import_id, await apply_rows(tx, emit, locked, rows, at))
        if len(rows) < BATCH:
            await queries.set_state(tx, import_id, "finished", at)
        return len(rows) == BATCH


async def failures_csv(db: Database, shown: Import, say: dict[str, str]) -> str:
    """The lines that could not be imported as a CSV file, the reason in one more column. `say` has the words for the
    reasons."""
    headings: Sequence[str] = ("#uri",) if shown.type == "archive" else headings_of(shown.type)
    lines = [csv_line([*headings, "Reason"])]
    after = -1
    while True:
        async with db.read() as conn:
            found: list[Failure] = await queries.find_failures(conn, shown.id, after, _PAGE)
        lines += [f"{each.line},{csv_line([say.get(each.reason, each.reason)])}" for each in found]
        if len(found) < _PAGE:
            return "\r\n".join([*lines, ""])
        after = found[-1].place


def _with_id(row: CsvRow, base: str) -> CsvRow:
    found = _ID_AT_END.search(row.subject) if row.subject.startswith(f"{base}/") else None
    return msgspec.structs.replace(row, options={"id": found[1]}) if found else row
