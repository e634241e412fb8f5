"""Hashing the pictures that have no hash yet, such as those from before there were hashes."""

from __future__ import annotations

from typing import Final

import structlog

from rostra.kit.db import Database
from rostra.kit.errors import Invalid
from rostra.kit.objectstore import ObjectStore
from rostra.media import queries
from rostra.media.image import hash_file
from rostra.media.workers import ImageWorkers

log = structlog.get_logger(__name__)

_BATCH: Final = 50
_MOST: Final = 2000


async def hash_unhashed(db: Database, store: ObjectStore, images: ImageWorkers) -> int:
    """Hash at most 2,000 pictures from their previews, and say how many; for a periodic job.

    A picture whose file is gone or cannot be read is marked as tried. Raises StoreUnavailable; what was done stays.
    """
    done, after = 0, 0
    while done < _MOST:
        async with db.read() as conn:
            batch = await queries.list_unhashed(conn, after, _BATCH)
        if not batch:
            break
        hashes = {media_id: await _hash(store, images, key) for media_id, key in batch}
        async with db.transaction() as tx:
            await queries.set_hashes(tx, hashes)
        done, after = done + len(batch), batch[-1][0]
    if done:
        log.info("pictures were hashed", number=done)
    return done


async def _hash(store: ObjectStore, images: ImageWorkers, key: str) -> tuple[bytes | None, int]:
    try:
        body = b"".join([part async for part in store.read(key)])
        found = await images.run(hash_file, body)
    except (FileNotFoundError, Invalid):
        return None, 0
    return found.pdq, found.quality
