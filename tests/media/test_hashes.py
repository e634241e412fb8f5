"""Every picture that comes in gets its PDQ hash, and is known again by it however it was changed on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image, ImageOps

from rostra.detect.pdq import distance
from rostra.detect.pdq_turned import turned_hashes
from rostra.kit.clock import FixedClock
from rostra.kit.db import Database
from rostra.kit.objectstore import ObjectStore
from rostra.media.account_images import store_account_image, store_card_image, store_emoji_image
from rostra.media.backfill import hash_unhashed
from rostra.media.image import PictureHash, hash_file, process_image
from rostra.media.upload import upload
from rostra.media.workers import ImageWorkers
from tests.media.conftest import MakeAccount
from tests.media.samples import encode, encode_moving, picture


def photo() -> Image.Image:
    """Something unlike its own mirror image, which few photographs are: of what is, half the hash is noise."""
    swirl = Image.effect_mandelbrot((900, 600), (-1.1, 0.05, -0.3, 0.6), 60)
    return Image.merge("RGB", (swirl, picture(900, 600).getchannel(0), swirl.rotate(20)))


PHOTO = photo()
JPEG = encode(PHOTO, "JPEG", quality=92)
KNOWN = hash_file(JPEG)


def apart(one: PictureHash, other: PictureHash) -> int:
    """The distance in the nearest of the eight positions."""
    return min(distance(other.pdq, view) for view in (one.pdq, *turned_hashes(one.pdq)))


async def stored_hash(db: Database, media_id: int) -> tuple[bytes | None, int | None]:
    async with db.read() as conn:
        row = await conn.fetchrow("select pdq, pdq_quality from media_attachments where id = $1", media_id)
    assert row is not None
    return row["pdq"], row["pdq_quality"]


async def test_an_uploaded_picture_is_stored_with_its_hash(
    db: Database, store: ObjectStore, images: ImageWorkers, clock: FixedClock, make_account: MakeAccount
) -> None:
    made = await upload(db, store, images, clock, account_id=await make_account("ada"), body=JPEG)
    pdq, quality = await stored_hash(db, made.id)
    assert pdq is not None
    assert distance(pdq, KNOWN.pdq) <= 4
    assert quality is not None
    assert quality >= 50


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "encoded anew": lambda image: encode(image, "JPEG", quality=30),
    "as another kind": lambda image: encode(image, "WEBP", quality=60),
    "smaller": lambda image: encode(image.resize((270, 180)), "JPEG", quality=70),
    "larger": lambda image: encode(image.resize((1800, 1200)), "JPEG", quality=70),
    "squeezed": lambda image: encode(image.resize((500, 600)), "PNG"),
    "darker": lambda image: encode(image.point(lambda value: value * 0.7), "JPEG"),
    "grey": lambda image: encode(image.convert("L"), "JPEG"),
    "mirrored": lambda image: encode(ImageOps.mirror(image), "JPEG", quality=70),
    "upside down": lambda image: encode(ImageOps.flip(image), "JPEG", quality=70),
    "turned": lambda image: encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=70),
    "small and mirrored": lambda image: encode(ImageOps.mirror(image.resize((300, 200))), "JPEG", quality=40),
    "moving": lambda image: encode(image, "GIF", save_all=True, append_images=[ImageOps.invert(image)], duration=70),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_copy_is_known_again(how: str) -> None:
    assert apart(KNOWN, process_image(CHANGES[how](PHOTO)).hash) <= 31


def test_another_picture_is_not() -> None:
    other = ImageOps.solarize(ImageOps.posterize(picture(900, 600), 2).rotate(33), 90)
    assert apart(KNOWN, process_image(encode(other, "JPEG")).hash) > 60


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (3000, 2), (64, 64)])
def test_the_oddest_sizes_have_a_hash(size: tuple[int, int]) -> None:
    body = encode(Image.new("RGB", size, "red"), "PNG")
    assert process_image(body).hash.quality == hash_file(body).quality == 0


async def test_avatars_and_headers_are_known_by_the_whole_picture(store: ObjectStore, images: ImageWorkers) -> None:
    for kind in ("avatar", "header"):
        stored = await store_account_image(store, images, kind, JPEG)
        assert stored.pdq is not None
        assert apart(KNOWN, PictureHash(stored.pdq, stored.pdq_quality)) <= 10
    moving = await store_account_image(store, images, "avatar", encode_moving("GIF"))
    assert moving.pdq is not None
    assert moving.static_key != moving.key
    card = await store_card_image(store, images, JPEG)
    assert apart(KNOWN, PictureHash(card.pdq, card.pdq_quality)) <= 10
    emoji = await store_emoji_image(store, images, encode(picture(), "PNG"))
    assert emoji.pdq is None


async def test_pictures_from_before_are_hashed_later(
    db: Database, store: ObjectStore, images: ImageWorkers, clock: FixedClock, make_account: MakeAccount
) -> None:
    account = await make_account("ada")
    old, gone, fresh = [await upload(db, store, images, clock, account_id=account, body=JPEG) for _ in range(3)]
    async with db.transaction() as tx:
        await tx.execute(
            "update media_attachments set pdq = null, pdq_quality = null where id = any($1)", [old.id, gone.id]
        )
    await store.delete([gone.preview_key])
    before = await stored_hash(db, fresh.id)
    assert await hash_unhashed(db, store, images) == 2
    pdq, quality = await stored_hash(db, old.id)
    assert pdq is not None
    assert apart(KNOWN, PictureHash(pdq, quality or 0)) <= 10
    assert await stored_hash(db, gone.id) == (None, 0)
    assert await stored_hash(db, fresh.id) == before
    assert await hash_unhashed(db, store, images) == 0
