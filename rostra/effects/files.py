"""Stored files: removed with what they belonged to, and looked at where they were not yet."""

from __future__ import annotations

from rostra.effects.reactions import Tick, every, on
from rostra.events import (
    AccountDeleted,
    FilesLetGo,
    ProfileChanged,
    StatusDeleted,
)
from rostra.media.backfill import hash_unhashed
from rostra.moderation.cases.evidence import drop_kept
from rostra.resources import Resources


async def _remove_files(event: ProfileChanged | AccountDeleted | StatusDeleted | FilesLetGo, res: Resources) -> None:
    async with res.db.read() as conn:
        keys = await drop_kept(conn, event.media_keys)
    await res.store.delete(keys)


async def _hash_pictures(_: Tick, res: Resources) -> None:
    await hash_unhashed(res.db, res.store, res.images)


on(FilesLetGo, "media.remove_files", _remove_files)
on(StatusDeleted, "posts.remove_files", _remove_files, when=lambda event: bool(event.media_keys))
every("*/5 * * * *", "media.hash_pictures", _hash_pictures, timeout=600)
on(AccountDeleted, "accounts.remove_files", _remove_files, when=lambda event: bool(event.media_keys))
on(ProfileChanged, "accounts.remove_images", _remove_files, when=lambda event: bool(event.media_keys))
