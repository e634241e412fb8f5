"""An upload between its arrival and its post: seen, described, thrown away, or forgotten and swept up.

`posts` attaches media to a status in its own transaction; what is here for it only lets go of it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import UNSET, UnsetType

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.objectstore import ObjectStore
from rostra.media import queries
from rostra.media.records import MediaAttachment
from rostra.media.upload import check_description, parse_focus

ORPHAN_AGE: Final = timedelta(hours=24)
_PURGE_BATCH: Final = 200


async def get_own_media(db: Database, account_id: int, media_id: int) -> MediaAttachment:
    """An upload of this account, attached or not. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_own(conn, account_id, media_id)
    if found is None:
        raise NotFound
    return found


async def update_media(
    db: Database,
    account_id: int,
    media_id: int,
    *,
    description: str | UnsetType | None = UNSET,
    focus: str | UnsetType | None = UNSET,
) -> MediaAttachment:
    """Change description or focus ("x,y") of an own upload; what is UNSET stays, None or "" removes.

    Only before it is posted: afterwards the status is edited instead. Raises NotFound and Invalid.
    """
    text = None if description is UNSET else (check_description(description),)
    point = None if focus is UNSET else (parse_focus(focus),)
    async with db.transaction() as tx:
        changed = await queries.update_unposted(tx, account_id, media_id, description=text, focus=point)
    if changed is None:
        raise NotFound
    return changed


async def delete_unattached(db: Database, store: ObjectStore, account_id: int, media_id: int) -> None:
    """Delete an own upload with its files. Raises NotFound, and Invalid("id") where a post or a draft uses it."""
    async with db.transaction() as tx:
        keys = await queries.delete_unattached(tx, account_id, media_id)
        used = not keys and await queries.find_own(tx, account_id, media_id) is not None
    if used:
        raise Invalid("id", "is attached to a post")
    if not keys:
        raise NotFound
    await delete_objects(store, keys)


async def purge_orphans(db: Database, store: ObjectStore, clock: Clock) -> int:
    """Delete every upload that has belonged to nothing for a day, and say how many; for a periodic job.

    Rows go first: a file without a row harms nobody, a row without its file shows a broken picture.
    """
    before = clock.now() - ORPHAN_AGE
    purged = 0
    while True:
        async with db.transaction() as tx:
            keys = await queries.delete_orphans(tx, before, _PURGE_BATCH)
        if not keys:
            return purged
        await delete_objects(store, keys)
        purged += len(keys) // 2


async def release_media(tx: Tx, status_id: int, at: datetime, *, keep: Sequence[int] = ()) -> None:
    """Let go of a status's media (but for `keep`): they can be attached anew for a day, then they are swept up.

    For an edit that drops pictures and for delete-and-redraft, before the status is deleted.
    """
    await queries.release_media(tx, status_id, keep, at)


async def delete_media_of_status(tx: Tx, status_id: int) -> list[str]:
    """Delete the rows of a status's media at once; give the keys to `delete_objects` after the commit."""
    return await queries.delete_of_status(tx, status_id)


async def keys_of_account(db: Database, account_id: int) -> list[str]:
    """The keys of all attachments of an account, to be read before it is deleted and deleted after it."""
    async with db.read() as conn:
        return await queries.keys_of_account(conn, account_id)


async def delete_objects(store: ObjectStore, keys: Sequence[str | None]) -> None:
    """Delete stored files; None and files that are gone already count as done. Raises StoreUnavailable."""
    await store.delete([key for key in dict.fromkeys(keys) if key])
