"""Images that are no attachments: avatars, headers, emojis and the pictures of link previews.

They are stored here; which row names them, and when an old one is deleted, is for the slice that owns the row.
"""

from __future__ import annotations

from typing import Literal

from rostra.kit.objectstore import ObjectStore
from rostra.media import keys
from rostra.media.image import AccountImage, process_avatar, process_card, process_emoji, process_header
from rostra.media.keys import MediaKind
from rostra.media.records import StoredCardImage, StoredImage
from rostra.media.upload import store_file
from rostra.media.workers import ImageWorkers


async def store_account_image(
    store: ObjectStore, images: ImageWorkers, kind: Literal["avatar", "header"], body: bytes
) -> StoredImage:
    """Cut an avatar (400x400) or header (1500x500) and store it. Raises Invalid(kind) and StoreUnavailable."""
    processed = await images.run(process_avatar if kind == "avatar" else process_header, body)
    return await _store(store, "avatars" if kind == "avatar" else "headers", processed)


async def store_emoji_image(store: ObjectStore, images: ImageWorkers, body: bytes) -> StoredImage:
    """Store an emoji (at most 256 KB, 512x128). Raises Invalid("image") and StoreUnavailable."""
    return await _store(store, "emojis", await images.run(process_emoji, body))


async def store_card_image(store: ObjectStore, images: ImageWorkers, body: bytes) -> StoredCardImage:
    """Store the picture of a link preview, 1200x630 in area. Raises Invalid("image") and StoreUnavailable."""
    processed = await images.run(process_card, body)
    key = await store_file(store, keys.new_folder("cards"), "original", processed.original)
    size = processed.meta.original
    return StoredCardImage(
        key=key,
        width=size.width,
        height=size.height,
        blurhash=processed.blurhash,
        pdq=processed.hash.pdq,
        pdq_quality=processed.hash.quality,
    )


async def _store(store: ObjectStore, kind: MediaKind, processed: AccountImage) -> StoredImage:
    folder = keys.new_folder(kind)
    key = static_key = await store_file(store, folder, "original", processed.image)
    if processed.static is not None:
        static_key = await store_file(store, folder, "static", processed.static)
    if processed.hash is None:
        return StoredImage(key=key, static_key=static_key)
    return StoredImage(key=key, static_key=static_key, pdq=processed.hash.pdq, pdq_quality=processed.hash.quality)
