"""Asking for an archive, having it made in the background, and removing it again.

The file lies in the object store under a random key that nobody is told, for seven days, until a newer one is made or
the account is deleted. Making one can be broken off at any point: whoever begins again writes to the same key.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from rostra.accounts.letters import write_letter
from rostra.archive import archive_queries as queries
from rostra.archive.export_archive import Sources, write_archive
from rostra.archive.export_queries import find_owner
from rostra.archive.export_records import ArchiveAsked
from rostra.archive.signing import load_key
from rostra.events import Emit, FilesLetGo
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Conflict, NotFound
from rostra.kit.jobs import Kind, enqueue
from rostra.kit.objectstore import ObjectStore, StoreUnavailable
from rostra.kit.settings import Settings

LIFETIME: Final = timedelta(days=7)
"""How long an archive can be downloaded."""
BETWEEN: Final = timedelta(hours=24)
"""How long after one was asked for the next can be."""
# After the last attempt began; longer than one may take and the wait for the next. Waiting for its turn does not count:
# when a server is about to close, everybody asks at once.
STUCK_AFTER: Final = timedelta(hours=4)
_LOST_AFTER: Final = timedelta(days=7)
FOLDER: Final = "exports"
_SHOWN: Final = 10
_BATCH: Final = 500


class ArchiveWanted(msgspec.Struct, frozen=True, kw_only=True):
    """An archive that waits to be made; the key, so that a file can be removed whose row is gone."""

    export_id: int
    file_key: str


MAKE_ARCHIVE: Final = Kind("archive.make", ArchiveWanted, -5)


class BeingMade(Conflict):
    """The archive that was asked for before is not ready yet."""

    text = "An archive is being made already"


class TooSoon(Conflict):
    """The last archive is younger than a day; `again_at` is when the next can be asked for."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__("An archive can be requested once in 24 hours")
        self.again_at = again_at


async def request_archive(db: Database, clock: Clock, store: ObjectStore, account_id: int) -> int:
    """Have an archive of a local account made, and return its id. Raises NotFound, BeingMade and TooSoon."""
    at = clock.now()
    lost = {each.id for each in await list_archives(db, store, account_id) if each.state == "failed"}
    async with db.transaction() as tx:
        if not await queries.lock_owner(tx, account_id):
            raise NotFound
        latest = next(iter(await queries.list_exports(tx, account_id, 1)), None)
        if latest and latest.state == "waiting":
            raise BeingMade
        if latest and latest.id not in lost and latest.state == "ready" and latest.requested_at + BETWEEN > at:
            raise TooSoon(latest.requested_at + BETWEEN)
        token = secrets.token_hex(16)
        key = f"archives/{token[:2]}/{token}.zip"
        export_id = await queries.insert_export(tx, account_id, key, at)
        await enqueue(tx, [MAKE_ARCHIVE.job(ArchiveWanted(export_id=export_id, file_key=key))])
    return export_id


async def list_archives(db: Database, store: ObjectStore, account_id: int) -> list[ArchiveAsked]:
    """The archives of an account that are there, are being made, or failed; the latest first.

    One whose file is gone counts as failed, as after a restore from a copy that has no archives in it.
    """
    async with db.read() as conn:
        found = await queries.list_exports(conn, account_id, _SHOWN)
    return [
        msgspec.structs.replace(each, state="failed", size_bytes=None, expires_at=None)
        if each.state == "ready" and await _is_lost(store, each.file_key)
        else each
        for each in found
    ]


async def has_archive(db: Database, clock: Clock, account_id: int) -> bool:
    """Whether an archive of this account is there to be downloaded."""
    async with db.read() as conn:
        return await queries.has_ready(conn, account_id, clock.now())


async def access_archive(db: Database, clock: Clock, account_id: int, export_id: int) -> ArchiveAsked:
    """An archive that this account can download. Raises NotFound for one of somebody else, too."""
    async with db.read() as conn:
        found = await queries.find_export(conn, export_id)
    if found is None or found.account_id != account_id or found.expires_at is None or found.expires_at <= clock.now():
        raise NotFound
    return found


async def make_archive(sources: Sources, emit: Emit, settings: Settings, wanted: ArchiveWanted) -> None:
    """Make an archive that waits, keep it, and tell its owner by mail; for a job. Nothing happens where it is there
    already. Raises StoreUnavailable and OSError, after which it can be tried again."""
    async with sources.db.transaction() as tx:
        asked = await queries.start_export(tx, wanted.export_id, sources.clock.now())
        if asked is None and await queries.find_export(tx, wanted.export_id):
            return
    if asked is None or not await _make(sources, emit, settings, asked):
        # Deleted with the account, perhaps while the file was on its way.
        await sources.store.delete([wanted.file_key])


async def sweep_archives(db: Database, clock: Clock, emit: Emit, folder: Path) -> None:
    """Remove archives whose time is over, give up those that never came, and clear `folder` of what dead workers left;
    for a periodic job."""
    at = clock.now()
    async with db.transaction() as tx:
        keys = await queries.fail_stuck(tx, at, started_before=at - STUCK_AFTER, asked_before=at - _LOST_AFTER)
        await _let_go(tx, emit, keys)
    more = True
    while more:
        async with db.transaction() as tx:
            keys = await queries.forget_expired(tx, at, _BATCH)
            await _let_go(tx, emit, keys)
        more = len(keys) == _BATCH
    await asyncio.to_thread(_clear, folder, at - STUCK_AFTER)


async def _make(sources: Sources, emit: Emit, settings: Settings, asked: ArchiveAsked) -> bool:
    """Whether it is kept: not where the account has gone meanwhile."""
    key = await asyncio.to_thread(load_key, settings)
    with _temporary(settings.data_dir / FOLDER, asked.id) as path:
        try:
            size = await write_archive(sources, key, asked.account_id, path)
        except NotFound:
            return False
        await sources.store.put(asked.file_key, path, "application/zip", cache_control="private, no-store")
    at = sources.clock.now()
    async with sources.db.transaction() as tx:
        account_id = await queries.finish_export(tx, asked.id, size, at, at + LIFETIME)
        if account_id is None:
            return False
        await _let_go(tx, emit, await queries.forget_older(tx, account_id, asked.id))
        await _tell(tx, emit, sources, account_id)
    return True


async def _is_lost(store: ObjectStore, key: str) -> bool:
    try:
        return not await store.exists(key)
    except StoreUnavailable:
        # For now.
        return False


async def _tell(tx: Tx, emit: Emit, sources: Sources, account_id: int) -> None:
    owner = await find_owner(tx, account_id)
    if owner is not None:
        link = f"{sources.urls.base}/settings/export"
        site = sources.urls.domain
        letter = write_letter("archive_ready", owner.locale, to=owner.email, name=owner.username, site=site, link=link)
        await emit(tx, letter)


async def _let_go(tx: Tx, emit: Emit, keys: list[str]) -> None:
    if keys:
        await emit(tx, FilesLetGo(media_keys=keys))


@contextmanager
def _temporary(folder: Path, export_id: int) -> Generator[Path]:
    """A place for a file until it is stored; its owner's alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{export_id}-{secrets.token_hex(4)}.zip"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _clear(folder: Path, before: datetime) -> None:
    for path in folder.glob("*.zip"):
        # A worker may have removed its own meanwhile.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
