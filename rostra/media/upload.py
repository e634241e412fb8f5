"""Taking in a file: made ready in a worker thread, stored, then remembered in the database.

Objects are stored before the row is committed: whatever dies in between leaves an object that nothing names, and never
a row whose file is missing.
"""

from __future__ import annotations

from typing import Final

import asyncpg
import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.objectstore import ObjectStore
from rostra.media import keys, queries
from rostra.media.codec import Encoded
from rostra.media.image import process_image
from rostra.media.records import Focus, MediaAttachment, NewMedia
from rostra.media.workers import ImageWorkers

MAX_DESCRIPTION: Final = 10_000
"""Characters of a description; the instance entity announces it."""


async def upload(
    db: Database,
    store: ObjectStore,
    images: ImageWorkers,
    clock: Clock,
    *,
    account_id: int,
    body: bytes,
    description: str | None = None,
    focus: str | None = None,
) -> MediaAttachment:
    """Take in an image, ready to be shown when this returns (so the API answers 200 and never 202).

    `focus` is "x,y" with -1 to 1. Raises Invalid("file" | "description" | "focus"), StoreUnavailable, and NotFound
    where the account was deleted meanwhile.
    """
    text = check_description(description)
    point = parse_focus(focus)
    processed = await images.run(process_image, body)
    folder = keys.new_folder("attachments")
    new = NewMedia(
        account_id=account_id,
        type="image",
        description=text,
        focus=point,
        blurhash=processed.blurhash,
        content_type=processed.original.content_type,
        original_key=await store_file(store, folder, "original", processed.original),
        preview_key=await store_file(store, folder, "small", processed.preview),
        size_bytes=len(processed.original.body) + len(processed.preview.body),
        meta=msgspec.to_builtins(processed.meta),
        pdq=processed.hash.pdq,
        pdq_quality=processed.hash.quality,
    )
    try:
        async with db.transaction() as tx:
            return await queries.insert_media(tx, new, clock.now())
    except asyncpg.ForeignKeyViolationError:
        await store.delete([new.original_key, new.preview_key])
        raise NotFound from None


async def store_file(store: ObjectStore, folder: str, name: str, encoded: Encoded) -> str:
    """Store one finished image and return its key."""
    key = keys.key_in(folder, name, encoded)
    await store.put(key, encoded.body, encoded.content_type, cache_control=keys.caching_of(key))
    return key


def check_description(description: str | None) -> str | None:
    """A description without blanks around it, None for none. Raises Invalid("description")."""
    text = (description or "").replace("\x00", "").strip()
    if len(text) > MAX_DESCRIPTION:
        raise Invalid("description", f"is longer than {MAX_DESCRIPTION} characters", code="ERR_TOO_LONG")
    return text or None


def parse_focus(focus: str | None) -> Focus | None:
    """Read "x,y", both from -1 to 1 (Mastodon's focal point), None for nothing. Raises Invalid("focus")."""
    if focus is None or not focus.strip():
        return None
    try:
        x, y = (float(part) for part in focus.split(","))
    except ValueError:
        raise Invalid("focus", "must be two numbers with a comma between, as in 0.5,-0.25") from None
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise Invalid("focus", "must lie between -1 and 1 in both directions")
    return Focus(x=x, y=y)
