"""Importing an archive of posts: kept and looked into first, carried out at its owner's word by a background job, and
taken back within a week if they wish.

A batch is a transaction: posts, notes and how far it has come. What dies in the middle goes on there, and no post comes
in twice: its address on the other server is remembered.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from rostra.archive import import_post_queries as post_queries
from rostra.archive import import_queries as queries
from rostra.archive.csv_read import CsvType
from rostra.archive.import_activity import SourcePost, read_item, when
from rostra.archive.import_csv import check_room, confirm_import, stage_file
from rostra.archive.import_inspect import Here, confirm_key, inspect, items_of, list_of
from rostra.archive.import_posts import Prepared, Tools, prepare
from rostra.archive.import_queries import LockedImport
from rostra.archive.import_reader import ArchiveReader, BadArchive, as_zip, open_archive
from rostra.archive.import_records import UNDO_IMPORT, Import, ImportWanted
from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.http import HttpClient
from rostra.kit.jobs import enqueue
from rostra.posts.delete import delete
from rostra.posts.imported import write_imported
from rostra.screening.record import record_account
from rostra.text.urls import Urls

BATCH: Final = 20
UNDO_WITHIN: Final = timedelta(days=7)
FOLDER: Final = "imports"
_ENDING: Final = ".archive"
_UNDONE_TOGETHER: Final = 100
_WAITS_FOR: Final = timedelta(days=7)
_LISTS_KEPT: Final = timedelta(days=90)
_UNCLAIMED_FOR: Final = timedelta(days=1)


def folder_of(data_dir: Path) -> Path:
    """Where archives wait: a folder of the data directory, which all processes of a server share."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def stage_archive(
    db: Database,
    clock: Clock,
    urls: Urls,
    http: HttpClient,
    *,
    own_key: str,
    folder: Path,
    path: Path,
    account_id: int,
    username: str,
    file_name: str = "",
) -> int:
    """Look into the file at `path`, which is moved into `folder`, and keep it until its owner says go, or sends
    another one; the import's id.

    Raises BadArchive and TooManyImports; the file is gone then.
    """
    address = f"{username.lower()}@{urls.domain}"
    here = Here(uri=urls.account_uri(username), url=urls.account(username), address=address, domain=urls.domain)
    kept = folder / f"{secrets.token_hex(16)}{_ENDING}"
    try:
        await asyncio.to_thread(as_zip, path)
        source = await asyncio.to_thread(inspect, path, here)
        source = await confirm_key(http, source, own_domain=urls.domain, own_key=own_key)
        await asyncio.to_thread(shutil.move, path, kept)
        async with db.transaction() as tx:
            await check_room(tx, account_id)
            # One at a time waits, so that nobody can fill the disk with what they never import.
            dropped = await queries.drop_waiting_archives(tx, account_id)
            import_id = await queries.insert_import(
                tx,
                account_id,
                "archive",
                mode="merge",
                file_name=file_name[:200],
                total=source.posts,
                at=clock.now(),
                source=msgspec.to_builtins(source),
                stored_as=kept.name,
            )
    except BaseException:
        await asyncio.to_thread(_remove, [path, kept])
        raise
    await asyncio.to_thread(_remove, [folder / name for name in dropped])
    return import_id


async def confirm_archive(
    db: Database,
    clock: Clock,
    urls: Urls,
    folder: Path,
    account_id: int,
    import_id: int,
    *,
    with_direct: bool = False,
    lists: Sequence[CsvType] = (),
) -> None:
    """Have the posts of an archive imported, and those of its `lists` that are named. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_own_import(conn, account_id, import_id)
    if found is None or found.stored_as is None or found.state not in ("waiting", "stopped"):
        raise NotFound
    with open_archive(folder / found.stored_as) as archive:
        files = [await asyncio.to_thread(list_of, archive, kind, urls.domain) for kind in dict.fromkeys(lists)]
    for file in files:
        if file is not None:
            made = await stage_file(
                db, clock, urls, account_id, file, mode="merge", file_name=found.file_name, crowded=True
            )
            await confirm_import(db, clock, account_id, made)
    await confirm_import(db, clock, account_id, import_id, with_direct=with_direct)


async def run_archive(tools: Tools, emit: Emit, folder: Path, import_id: int) -> None:
    """Carry a confirmed import of an archive out to its end, from wherever it was left. Raises StoreUnavailable."""
    current = await _find_running(tools, import_id)
    if current is None or current.stored_as is None:
        return
    path = folder / current.stored_as
    try:
        with open_archive(path) as archive:
            items = await asyncio.to_thread(_in_order, archive)
            while await run_posts(tools, emit, archive, items, import_id):
                pass
    except BadArchive as error:
        async with tools.db.transaction() as tx:
            await queries.set_state(tx, import_id, "stopped", tools.clock.now(), f"archive_{error.problem}")
    else:
        async with tools.db.read() as conn:
            needed = await queries.find_stored(conn, [path.name])
        if not needed:
            await asyncio.to_thread(_remove, [path])


async def run_posts(tools: Tools, emit: Emit, archive: ArchiveReader, items: Sequence[bytes], import_id: int) -> bool:
    """One batch of posts. Whether there is more to do."""
    current = await _find_running(tools, import_id)
    if current is None:
        return False
    at, source = tools.clock.now(), current.archive
    end = min(current.cursor + BATCH, len(items))
    posts: dict[int, SourcePost] = {}
    skipped = 0
    for place in range(current.cursor, end):
        server = source.handle.rpartition("@")[2]
        read = read_item(items[place], actor=source.actor, source=server, own=tools.urls.domain, now=at)
        if isinstance(read, str) or (read.visibility == "direct" and not current.with_direct):
            skipped += 1
        else:
            posts[place + 1] = read
    ready = await prepare(tools, archive, current.account_id, list(posts.values()))
    async with tools.db.transaction() as tx:
        locked = await queries.lock_import(tx, import_id)
        if locked is None or locked.state != "running" or locked.cursor != current.cursor:
            return False
        if locked.barred:
            await queries.set_state(tx, import_id, "stopped", at, "barred")
            return False
        await write_imported(
            tx,
            tools.urls,
            emit,
            account_id=locked.account_id,
            username=locked.username,
            import_id=import_id,
            proven=source.proven,
            posts=ready.posts,
            known=ready.known,
            emojis=ready.emojis,
            at=at,
        )
        for judgement in ready.refused:
            await record_account(tx, judgement, at, locked.account_id)
        notes = _notes(posts, ready)
        failed = sum(note[2] for note in notes.values())
        skipped += len(posts) - len(ready.posts) - failed
        await post_queries.insert_notes(tx, import_id, notes)
        await post_queries.advance(tx, import_id, end, imported=len(ready.posts), failed=failed, skipped=skipped)
        if end == len(items):
            await queries.set_state(tx, import_id, "finished", at)
    return end < len(items)


def _notes(posts: dict[int, SourcePost], ready: Prepared) -> dict[int, tuple[str, str, bool]]:
    """What there is to say of the posts of a batch; nothing of those that are here already."""
    notes: dict[int, tuple[str, str, bool]] = {}
    for place, post in posts.items():
        reason = ready.notes.get(post.uri)
        if reason and reason != "here_already":
            notes[place] = (post.url or post.uri, reason, post.uri in ready.failed)
    return notes


async def _find_running(tools: Tools, import_id: int) -> LockedImport | None:
    async with tools.db.read() as conn:
        found = await queries.find_running(conn, import_id)
    return found if found is not None and found.type == "archive" else None


def _in_order(archive: ArchiveReader) -> list[bytes]:
    """All items, the oldest first, so that what is answered comes in before its answers."""
    return sorted(items_of(archive), key=when)


def may_undo(shown: Import, clock: Clock) -> bool:
    """Whether an import can still be taken back."""
    ended = shown.finished_at
    return (
        shown.type == "archive"
        and shown.state in ("finished", "stopped")
        and (ended is not None and clock.now() - ended < UNDO_WITHIN)
    )


async def undo_import(db: Database, clock: Clock, account_id: int, import_id: int) -> None:
    """Have all posts deleted that an import has made. Raises NotFound where there is none, or it was too long ago."""
    async with db.transaction() as tx:
        if not await post_queries.start_undo(tx, account_id, import_id, clock.now() - UNDO_WITHIN):
            raise NotFound
        await enqueue(tx, [UNDO_IMPORT.job(ImportWanted(import_id=import_id))])


async def run_undo(db: Database, clock: Clock, emit: Emit, folder: Path, import_id: int) -> None:
    """Delete the posts of an import, each as its author would; a second run goes on where the first ended."""
    async with db.transaction() as tx:
        found = await queries.lock_import(tx, import_id)
    if found is None or found.state != "undoing":
        return
    while True:
        async with db.read() as conn:
            ids = await post_queries.find_posts_of(conn, import_id, _UNDONE_TOGETHER)
        for status_id in ids:
            try:
                await delete(db, clock, emit, account_id=found.account_id, status_id=status_id, delete_media=True)
            except NotFound:
                continue
        if len(ids) < _UNDONE_TOGETHER:
            break
    async with db.transaction() as tx:
        await queries.set_state(tx, import_id, "undone", clock.now())
    if found.stored_as is not None:
        await asyncio.to_thread(_remove, [folder / found.stored_as])


async def sweep_imports(db: Database, clock: Clock, folder: Path) -> None:
    """Forget imports that nobody confirmed within a week and lists of three months ago, and delete files that nothing
    needs."""
    now = clock.now()
    async with db.transaction() as tx:
        while await queries.forget_old(tx, now - _WAITS_FOR, now - _LISTS_KEPT):
            pass
    files = await asyncio.to_thread(_older, folder, (now - _UNCLAIMED_FOR).timestamp())
    async with db.read() as conn:
        needed = await queries.find_stored(conn, [path.name for path in files])
    await asyncio.to_thread(_remove, [path for path in files if path.name not in needed])


def _older(folder: Path, than: float) -> list[Path]:
    return [path for path in folder.iterdir() if path.stat().st_mtime < than]


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
