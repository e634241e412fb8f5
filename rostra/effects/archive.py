"""People's own data: archives, imports, moves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from rostra.archive import import_archive, move
from rostra.archive.archive_jobs import FOLDER as ARCHIVES_FOLDER
from rostra.archive.archive_jobs import MAKE_ARCHIVE, ArchiveWanted, make_archive, sweep_archives
from rostra.archive.export_archive import Sources
from rostra.archive.import_csv import run_csv
from rostra.archive.import_posts import Tools
from rostra.archive.import_records import RUN_ARCHIVE, RUN_IMPORT, UNDO_IMPORT, ImportWanted
from rostra.effects.reactions import HANDLERS, Tick, emit, every, on
from rostra.events import (
    Moved,
)
from rostra.resources import Resources


async def _make_archive(wanted: ArchiveWanted, res: Resources) -> None:
    sources = Sources(db=res.db, store=res.store, urls=res.urls, clock=res.clock)
    await make_archive(sources, emit, res.settings, wanted)


async def _sweep_archives(_: Tick, res: Resources) -> None:
    await sweep_archives(res.db, res.clock, emit, res.settings.data_dir / ARCHIVES_FOLDER)


async def _import_list(wanted: ImportWanted, res: Resources) -> None:
    await run_csv(res.db, res.clock, emit, wanted.import_id)


async def _import_archive(wanted: ImportWanted, res: Resources) -> None:
    tools = Tools(db=res.db, clock=res.clock, urls=res.urls, screen=res.screen, store=res.store, images=res.images)
    await import_archive.run_archive(tools, emit, _imports_of(res), wanted.import_id)


async def _undo_import(wanted: ImportWanted, res: Resources) -> None:
    await import_archive.run_undo(res.db, res.clock, emit, _imports_of(res), wanted.import_id)


async def _sweep_imports(_: Tick, res: Resources) -> None:
    await import_archive.sweep_imports(res.db, res.clock, _imports_of(res))


def _imports_of(res: Resources) -> Path:
    return import_archive.folder_of(res.settings.data_dir)


async def _carry_over(event: Moved, res: Resources) -> None:
    if event.move_id is not None:
        await move.carry_over(res.db, res.clock, emit, event.move_id)


# Whatever stops one (a full disk, a store that is away) takes a while to be put right.
HANDLERS.add(
    MAKE_ARCHIVE, _make_archive, attempts=3, first_delay=timedelta(minutes=10), timeout=3 * 3600, concurrency=1
)
HANDLERS.add(RUN_IMPORT, _import_list, attempts=20, concurrency=2, timeout=3600)
HANDLERS.add(RUN_ARCHIVE, _import_archive, attempts=20, concurrency=1, timeout=4 * 3600)
HANDLERS.add(UNDO_IMPORT, _undo_import, attempts=20, concurrency=1, timeout=4 * 3600)
on(Moved, "archive.carry_over", _carry_over, when=lambda event: event.follows, attempts=20, concurrency=1, timeout=3600)
every("43 4 * * *", "archive.sweep_imports", _sweep_imports, timeout=600)
every("43 * * * *", "archive.sweep", _sweep_archives, timeout=600)
