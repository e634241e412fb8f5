"""SQL of the archives that were asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rostra.archive.export_records import ArchiveAsked
from rostra.kit.db import Reader, Tx, as_records, find_record

LOCK_OWNER: Final = "select account_id from users where account_id = $1 for no key update"

_COLUMNS: Final = "id, account_id, state, file_key, size_bytes, requested_at, finished_at, expires_at"

INSERT: Final = """
insert into exports (id, account_id, file_key, requested_at) values (make_id($3), $1, $2, $3) returning id
"""

BY_ID: Final = f"select {_COLUMNS} from exports where id = $1"

OF_ACCOUNT: Final = f"select {_COLUMNS} from exports where account_id = $1 order by id desc limit $2"

HAS_READY: Final = """
select exists (select from exports where account_id = $1 and state = 'ready' and expires_at > $2)
"""

START: Final = f"""
update exports set started_at = $2 where id = $1 and state = 'waiting' returning {_COLUMNS}
"""

FINISH: Final = """
update exports set state = 'ready', size_bytes = $2, finished_at = $3, expires_at = $4
where id = $1 and state = 'waiting' returning account_id
"""

FORGET_OLDER: Final = "delete from exports where account_id = $1 and id < $2 returning file_key"

FORGET_EXPIRED: Final = """
delete from exports where id = any(array(
  select id from exports where state = 'ready' and expires_at <= $1 order by expires_at limit $2))
returning file_key
"""

FAIL_STUCK: Final = """
update exports set state = 'failed', finished_at = $1
where state = 'waiting' and (started_at <= $2 or requested_at <= $3) returning file_key
"""


async def lock_owner(tx: Tx, account_id: int) -> bool:
    """Until the transaction ends nobody else asks for an archive of this account; whether there is one."""
    return await tx.fetchval(LOCK_OWNER, account_id) is not None


async def insert_export(tx: Tx, account_id: int, key: str, at: datetime) -> int:
    """Note that an archive is asked for, which will be at `key`; its id."""
    return await tx.fetchval(INSERT, account_id, key, at)


async def start_export(tx: Tx, export_id: int, at: datetime) -> ArchiveAsked | None:
    """Note that an archive which waits is being made; None where none of this id waits."""
    return find_record(ArchiveAsked, await tx.fetchrow(START, export_id, at))


async def find_export(db: Reader, export_id: int) -> ArchiveAsked | None:
    """An archive, whoever's it is."""
    return find_record(ArchiveAsked, await db.fetchrow(BY_ID, export_id))


async def list_exports(db: Reader, account_id: int, limit: int) -> list[ArchiveAsked]:
    """The archives of an account, the latest first."""
    return as_records(ArchiveAsked, await db.fetch(OF_ACCOUNT, account_id, limit))


async def has_ready(db: Reader, account_id: int, at: datetime) -> bool:
    """Whether an archive of the account can be downloaded."""
    return await db.fetchval(HAS_READY, account_id, at)


async def finish_export(tx: Tx, export_id: int, size: int, at: datetime, expires_at: datetime) -> int | None:
    """The file of an archive that waited is there now; its account, or None where nobody waits for it any more."""
    return await tx.fetchval(FINISH, export_id, size, at, expires_at)


async def forget_older(tx: Tx, account_id: int, export_id: int) -> list[str]:
    """Forget the archives of an account from before this one; the keys of their files."""
    return [row["file_key"] for row in await tx.fetch(FORGET_OLDER, account_id, export_id)]


async def forget_expired(tx: Tx, at: datetime, limit: int) -> list[str]:
    """Forget archives whose time is over; the keys of their files."""
    return [row["file_key"] for row in await tx.fetch(FORGET_EXPIRED, at, limit)]


async def fail_stuck(tx: Tx, at: datetime, *, started_before: datetime, asked_before: datetime) -> list[str]:
    """Give up what was last begun, or asked for, until then and is not there yet; the keys at which half of it may
    be."""
    return [row["file_key"] for row in await tx.fetch(FAIL_STUCK, at, started_before, asked_before)]
