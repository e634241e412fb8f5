"""SQL of imports and of the lines of their files. What an archive's posts need besides is in `import_post_queries`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.archive.csv_read import CsvRow, CsvType
from rostra.archive.import_records import Failure, Import, ImportType, Mode, Row, State
from rostra.kit.db import Reader, Tx, as_records, find_record

_COLUMNS: Final = """
  i.id, i.account_id, i.type, i.mode, i.state, i.file_name, i.total, i.imported, i.failed, i.cursor, i.skipped,
  i.problem, i.source, i.with_direct, i.stored_as, i.created_at, i.confirmed_at, i.finished_at
"""

INSERT_IMPORT: Final = """
insert into imports (id, account_id, type, mode, file_name, total, source, stored_as, created_at)
values (make_id($1), $2, $3, $4, $5, $6, $7, $8, $1) returning id
"""

INSERT_ROWS: Final = """
insert into import_rows (import_id, place, line, subject, options, outcome, reason)
select $1, given.place, given.line, given.subject, given.options::jsonb,
  case when given.reason is not null then 'failed' end, given.reason
from unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
  as given(place, line, subject, options, reason)
on conflict (import_id, place) do nothing
"""

RESOLVE_ACCOUNTS: Final = """
update import_rows r set target_id = a.id from accounts a
where r.import_id = $1 and r.outcome is null and lower(a.username) = split_part(r.subject, '@', 1)
  and coalesce(lower(a.domain), '') = split_part(r.subject, '@', 2)
"""

RESOLVE_URIS: Final = """
update import_rows r set target_id = coalesce(s.reblog_of_id, s.id) from statuses s
where r.import_id = $1 and r.outcome is null and s.uri = r.subject
"""

# Addresses of pages: the id at their end finds the post, which then must have this very address.
RESOLVE_URLS: Final = """
update import_rows r set target_id = coalesce(s.reblog_of_id, s.id) from statuses s
where r.import_id = $1 and r.outcome is null and r.target_id is null and s.id = (r.options ->> 'id')::bigint
  and s.url = r.subject
"""

# $2 is what addresses of this server's posts begin with; accounts of other servers have an @.
FAIL_UNRESOLVED: Final = """
update import_rows r set outcome = 'failed',
  reason = case when (i.type = 'bookmarks' and not starts_with(r.subject, $2))
    or (i.type <> 'bookmarks' and position('@' in r.subject) > 0) then 'other_server' else 'not_found' end
from imports i where i.id = $1 and r.import_id = i.id and i.type <> 'domain_blocking' and r.outcome is null
  and r.target_id is null
"""

COUNT_FAILED: Final = """
update imports i set failed = (select count(*) from import_rows r where r.import_id = i.id and r.outcome = 'failed')
where i.id = $1
"""

COUNT_OPEN: Final = """
select count(*) from imports where account_id = $1 and state in ('running', 'undoing')
"""

DROP_WAITING: Final = """
delete from imports where id in (
  select id from imports where account_id = $1 and state = 'waiting' order by id desc offset $2)
"""

DROP_WAITING_ARCHIVES: Final = """
delete from imports where account_id = $1 and type = 'archive' and state = 'waiting' returning stored_as
"""

OWN_IMPORT: Final = f"select {_COLUMNS} from imports i where i.id = $2 and i.account_id = $1"

OWN_IMPORTS: Final = f"select {_COLUMNS} from imports i where i.account_id = $1 order by i.id desc limit $2"

CONFIRM: Final = """
update imports set state = 'running', mode = $3, with_direct = $4, confirmed_at = coalesce(confirmed_at, $5),
  problem = null
where id = $2 and account_id = $1 and state in ('waiting', 'stopped') returning type
"""

DELETE_WAITING: Final = "delete from imports where id = $2 and account_id = $1 and state = 'waiting' returning id"

# Only one worker at a time; and whoever may not act any more does not go on acting by a list that was sent before.
LOCK_IMPORT: Final = f"""
select {_COLUMNS}, a.username, u.locale,
  a.suspended_at is not null or a.frozen_at is not null or u.disabled_at is not null as barred
from imports i join accounts a on a.id = i.account_id join users u on u.account_id = a.id
where i.id = $1 for update of i
"""

RUNNING: Final = f"""
select {_COLUMNS}, a.username, u.locale, false as barred
from imports i join accounts a on a.id = i.account_id join users u on u.account_id = a.id
where i.id = $1 and i.state = 'running'
"""

NEXT_ROWS: Final = """
select place, subject, options, target_id from import_rows
where import_id = $1 and outcome is null order by place limit $2
"""

MARK_ROWS: Final = """
update import_rows r set outcome = case when given.reason is null then 'imported' else 'failed' end,
  reason = given.reason
from unnest($2::integer[], $3::text[]) as given(place, reason) where r.import_id = $1 and r.place = given.place
"""

COUNT_ROWS: Final = "update imports set imported = imported + $2, failed = failed + $3 where id = $1"

SET_STATE: Final = """
update imports set state = $2, problem = $3, finished_at = case when $2 <> 'running' then $4::timestamptz end,
  stored_as = case when $2 in ('finished', 'undone') then null else stored_as end
where id = $1
"""

SET_CURSOR: Final = "update imports set cursor = $2 where id = $1"

FAILURES: Final = """
select place, line, reason from import_rows
where import_id = $1 and reason is not null and place > $2 order by place limit $3
"""

FAILED_REASONS: Final = """
select reason, count(*) as number from import_rows where import_id = $1 and reason is not null
group by reason order by count(*) desc, reason
"""

STORED: Final = "select stored_as from imports where stored_as = any($1::text[])"

FORGET_OLD: Final = """
delete from imports where id in (
  select id from imports where (state = 'waiting' and created_at < $1)
    or (state in ('finished', 'stopped', 'undone') and type <> 'archive' and created_at < $2) limit 100)
"""


class LockedImport(Import, frozen=True, kw_only=True):
    """An import that nobody else carries on until the transaction ends. `barred`: its owner may not act now."""

    username: str
    locale: str
    barred: bool


async def insert_import(
    tx: Tx,
    account_id: int,
    kind: ImportType,
    *,
    mode: Mode,
    file_name: str,
    total: int,
    at: datetime,
    source: dict[str, Any] | None = None,
    stored_as: str | None = None,
) -> int:
    """Write an import that waits for its owner's word; its id."""
    return await tx.fetchval(INSERT_IMPORT, at, account_id, kind, mode, file_name, total, source, stored_as)


async def insert_rows(tx: Tx, import_id: int, rows: Sequence[CsvRow]) -> None:
    """Write the lines of a file; those with a problem have failed already."""
    await tx.execute(
        INSERT_ROWS,
        import_id,
        [row.place for row in rows],
        [row.line for row in rows],
        [row.subject for row in rows],
        [msgspec.json.encode(row.options).decode() for row in rows],
        [row.problem for row in rows],
    )


async def resolve_rows(tx: Tx, import_id: int, kind: CsvType, base: str) -> None:
    """Find what the lines name; what is not here has failed. `base` is what this server's addresses begin with."""
    if kind == "bookmarks":
        await tx.execute(RESOLVE_URIS, import_id)
        await tx.execute(RESOLVE_URLS, import_id)
    elif kind != "domain_blocking":
        await tx.execute(RESOLVE_ACCOUNTS, import_id)
    await tx.execute(FAIL_UNRESOLVED, import_id, base)
    await tx.execute(COUNT_FAILED, import_id)


async def count_open(db: Reader, account_id: int) -> int:
    """How many imports of the account are being carried out or taken back."""
    return await db.fetchval(COUNT_OPEN, account_id)


async def drop_waiting(tx: Tx, account_id: int, kept: int) -> None:
    """Delete all but the newest `kept` of the imports that were never confirmed."""
    await tx.execute(DROP_WAITING, account_id, kept)


async def drop_waiting_archives(tx: Tx, account_id: int) -> list[str]:
    """Delete the archives that were never confirmed; their files, which are to be removed."""
    return [row["stored_as"] for row in await tx.fetch(DROP_WAITING_ARCHIVES, account_id) if row["stored_as"]]


async def find_own_import(db: Reader, account_id: int, import_id: int) -> Import | None:
    """An import of this account."""
    return find_record(Import, await db.fetchrow(OWN_IMPORT, account_id, import_id))


async def list_own_imports(db: Reader, account_id: int, limit: int) -> list[Import]:
    """The imports of an account, the newest first."""
    return as_records(Import, await db.fetch(OWN_IMPORTS, account_id, limit))


async def confirm(
    tx: Tx, account_id: int, import_id: int, mode: Mode, *, with_direct: bool, at: datetime
) -> ImportType | None:
    """Have a waiting or stopped import carried out; of which type it is, None where there was none."""
    return await tx.fetchval(CONFIRM, account_id, import_id, mode, with_direct, at)


async def delete_waiting(tx: Tx, account_id: int, import_id: int) -> bool:
    """Delete an import that was not confirmed; whether there was one."""
    return await tx.fetchval(DELETE_WAITING, account_id, import_id) is not None


async def lock_import(tx: Tx, import_id: int) -> LockedImport | None:
    """Lock an import until the transaction ends."""
    return find_record(LockedImport, await tx.fetchrow(LOCK_IMPORT, import_id))


async def find_running(db: Reader, import_id: int) -> LockedImport | None:
    """An import that is being carried out, without a lock and without a look at whether its owner may."""
    return find_record(LockedImport, await db.fetchrow(RUNNING, import_id))


async def next_rows(tx: Tx, import_id: int, limit: int) -> list[Row]:
    """The next lines to be imported."""
    return as_records(Row, await tx.fetch(NEXT_ROWS, import_id, limit))


async def mark_rows(tx: Tx, import_id: int, outcomes: Mapping[int, str | None]) -> None:
    """Write what became of lines: None or the reason of failure by place; and count them."""
    await tx.execute(MARK_ROWS, import_id, list(outcomes), list(outcomes.values()))
    failed = sum(reason is not None for reason in outcomes.values())
    await tx.execute(COUNT_ROWS, import_id, len(outcomes) - failed, failed)


async def set_state(tx: Tx, import_id: int, state: State, at: datetime, problem: str | None = None) -> None:
    """Write what an import has come to."""
    await tx.execute(SET_STATE, import_id, state, problem, at)


async def set_cursor(tx: Tx, import_id: int, cursor: int) -> None:
    """Write how far an import has come."""
    await tx.execute(SET_CURSOR, import_id, cursor)


async def find_failures(db: Reader, import_id: int, after: int, limit: int) -> list[Failure]:
    """Lines that could not be imported, or not wholly, in their order."""
    return as_records(Failure, await db.fetch(FAILURES, import_id, after, limit))


async def count_failures(db: Reader, import_id: int) -> list[tuple[str, int]]:
    """How many lines could not be imported, or not wholly, for which reason, the most frequent first."""
    return [(row["reason"], row["number"]) for row in await db.fetch(FAILED_REASONS, import_id)]


async def find_stored(db: Reader, names: Sequence[str]) -> set[str]:
    """Those of these files that an import still needs."""
    return {row["stored_as"] for row in await db.fetch(STORED, names)}


async def forget_old(tx: Tx, waiting_since: datetime, done_since: datetime) -> int:
    """Delete some of the imports that were never confirmed and of the old lists; how many."""
    return int((await tx.execute(FORGET_OLD, waiting_since, done_since)).rpartition(" ")[2])
