"""An upload from its arrival to its end: stored before it is known, seen by its owner only, swept up when forgotten."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from rostra.kit.clock import FixedClock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.objectstore import ObjectStore, StoreUnavailable
from rostra.media import attach, queries
from rostra.media.account_images import store_account_image, store_card_image, store_emoji_image
from rostra.media.attach import delete_unattached, get_own_media, purge_orphans, update_media
from rostra.media.keys import find_content_type
from rostra.media.records import MediaAttachment
from rostra.media.upload import MAX_DESCRIPTION, upload
from rostra.media.workers import ImageWorkers
from tests.media.conftest import MakeAccount
from tests.media.samples import decode, encode, encode_moving, picture

JPEG = encode(picture(), "JPEG")

_STATUS = """
with talk as (insert into conversations (id, created_at) values (make_id(now()), now()) returning id)
insert into statuses (id, account_id, uri, url, visibility, conversation_id, created_at)
select id, $1, 'https://here.test/s/' || id, 'https://here.test/s/' || id, 'public', id, now() from talk returning id
"""


class Desk:
    """What the tests of one account need, together."""

    def __init__(
        self, db: Database, store: ObjectStore, images: ImageWorkers, clock: FixedClock, account_id: int
    ) -> None:
        self.db, self.store, self.images, self.clock, self.account_id = db, store, images, clock, account_id

    async def upload(
        self, body: bytes = JPEG, *, description: str | None = None, focus: str | None = None
    ) -> MediaAttachment:
        return await upload(
            self.db, self.store, self.images, self.clock,
            account_id=self.account_id, body=body, description=description, focus=focus,
        )  # fmt: skip

    async def post_with(self, *media: MediaAttachment) -> int:
        async with self.db.transaction() as tx:
            status_id = int(await tx.fetchval(_STATUS, self.account_id))
            for found in media:
                await tx.execute("update media_attachments set status_id = $1 where id = $2", status_id, found.id)
        return status_id

    async def stored_keys(self) -> set[str]:
        return {head.key async for head in self.store.list()}


@pytest.fixture
async def desk(
    db: Database, store: ObjectStore, images: ImageWorkers, clock: FixedClock, make_account: MakeAccount
) -> Desk:
    return Desk(db, store, images, clock, await make_account("ada"))


async def test_an_upload_is_complete_when_it_returns(desk: Desk) -> None:
    made = await desk.upload(description="  A fractal ", focus="0.5,-0.25")
    assert made == await get_own_media(desk.db, desk.account_id, made.id)
    assert (made.type, made.content_type, made.description) == ("image", "image/jpeg", "A fractal")
    assert (made.focus_x, made.focus_y) == (0.5, -0.25)
    assert made.meta["original"] == {"width": 120, "height": 80, "size": "120x80", "aspect": 1.5}
    assert made.meta["small"]["size"] == "120x80"
    assert made.blurhash
    assert made.created_at == desk.clock.now()
    assert made.status_id is None
    assert await desk.stored_keys() == set(made.keys)
    sizes = []
    for key in made.keys:
        window = await desk.store.find_window(key)
        assert window is not None
        assert decode(window.body).size == (120, 80)
        sizes.append(window.head.size)
    assert made.size_bytes == sum(sizes)


async def test_keys_cannot_be_guessed_and_say_their_type(desk: Desk) -> None:
    one, other = await desk.upload(), await desk.upload()
    pattern = r"attachments/([0-9a-f]{2})/\1[0-9a-f]{30}/(original\.jpg|small\.webp)"
    for key in (*one.keys, *other.keys):
        assert re.fullmatch(pattern, key)
        assert find_content_type(key) == ("image/jpeg" if key.endswith("jpg") else "image/webp")
    assert len({key.split("/")[2] for key in (*one.keys, *other.keys)}) == 2


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("description", {"description": "x" * (MAX_DESCRIPTION + 1)}),
        ("focus", {"focus": "0.5"}),
        ("focus", {"focus": "1.5,0"}),
        ("focus", {"focus": "nan,0"}),
        ("focus", {"focus": "a,b"}),
        ("focus", {"focus": "0,0,0"}),
        ("file", {"body": b"no image"}),
    ],
)
async def test_a_refused_upload_names_the_field_and_leaves_nothing(desk: Desk, field: str, given: dict) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.upload(**given)
    assert refused.value.field == field
    assert not await desk.stored_keys()


async def test_an_empty_description_or_focus_means_none(desk: Desk) -> None:
    made = await desk.upload(description="  ", focus="")
    assert (made.description, made.focus_x, made.focus_y) == (None, None, None)
    assert (await desk.upload(focus="0.0, 0.0")).focus_x == 0.0


async def test_description_and_focus_change_apart_from_each_other(desk: Desk) -> None:
    made = await desk.upload(description="first", focus="1,1")
    described = await update_media(desk.db, desk.account_id, made.id, description="second")
    assert (described.description, described.focus_x) == ("second", 1.0)
    pointed = await update_media(desk.db, desk.account_id, made.id, focus="-1,0")
    assert (pointed.description, pointed.focus_x, pointed.focus_y) == ("second", -1.0, 0.0)
    emptied = await update_media(desk.db, desk.account_id, made.id, description="", focus=None)
    assert (emptied.description, emptied.focus_x) == (None, None)
    with pytest.raises(Invalid, match="focus"):
        await update_media(desk.db, desk.account_id, made.id, focus="2,2")


async def test_what_is_posted_changes_with_its_post_only(desk: Desk) -> None:
    made = await desk.upload()
    await desk.post_with(made)
    with pytest.raises(NotFound):
        await update_media(desk.db, desk.account_id, made.id, description="late")
    with pytest.raises(Invalid, match="attached to a post"):
        await delete_unattached(desk.db, desk.store, desk.account_id, made.id)
    assert (await get_own_media(desk.db, desk.account_id, made.id)).status_id is not None
    assert await desk.stored_keys() == set(made.keys)


async def test_nobody_else_sees_changes_or_deletes_an_upload(desk: Desk, make_account: MakeAccount) -> None:
    made = await desk.upload()
    stranger = await make_account("eve")
    for attempt in (
        get_own_media(desk.db, stranger, made.id),
        update_media(desk.db, stranger, made.id, description="mine"),
        delete_unattached(desk.db, desk.store, stranger, made.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await desk.stored_keys() == set(made.keys)


async def test_a_deleted_upload_takes_its_files_along(desk: Desk) -> None:
    gone, kept = await desk.upload(), await desk.upload()
    await delete_unattached(desk.db, desk.store, desk.account_id, gone.id)
    with pytest.raises(NotFound):
        await get_own_media(desk.db, desk.account_id, gone.id)
    assert await desk.stored_keys() == set(kept.keys)


async def test_forgotten_uploads_are_swept_up_after_a_day_and_posted_ones_never(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach, "_PURGE_BATCH", 2)
    forgotten = [await desk.upload() for _ in range(3)]
    posted = await desk.upload()
    await desk.post_with(posted)
    desk.clock.tick(hours=23)
    recent = await desk.upload()
    assert await purge_orphans(desk.db, desk.store, desk.clock) == 0
    desk.clock.tick(hours=2)
    assert await purge_orphans(desk.db, desk.store, desk.clock) == 3
    assert await desk.stored_keys() == {*posted.keys, *recent.keys}
    for made in forgotten:
        with pytest.raises(NotFound):
            await get_own_media(desk.db, desk.account_id, made.id)


async def test_media_let_go_by_a_post_can_be_posted_again_for_a_day(desk: Desk) -> None:
    dropped, kept = await desk.upload(), await desk.upload()
    status_id = await desk.post_with(dropped, kept)
    desk.clock.tick(days=30)
    async with desk.db.transaction() as tx:
        await attach.release_media(tx, status_id, desk.clock.now(), keep=[kept.id])
    assert await purge_orphans(desk.db, desk.store, desk.clock) == 0
    assert (await get_own_media(desk.db, desk.account_id, dropped.id)).status_id is None
    assert (await get_own_media(desk.db, desk.account_id, kept.id)).status_id == status_id
    desk.clock.tick(hours=25)
    assert await purge_orphans(desk.db, desk.store, desk.clock) == 1
    assert await desk.stored_keys() == set(kept.keys)


async def test_the_media_of_a_post_can_go_with_it(desk: Desk) -> None:
    made = await desk.upload()
    status_id = await desk.post_with(made)
    assert set(await attach.keys_of_account(desk.db, desk.account_id)) == set(made.keys)
    async with desk.db.transaction() as tx:
        keys = await attach.delete_media_of_status(tx, status_id)
    await attach.delete_objects(desk.store, [*keys, None, keys[0]])
    assert await desk.stored_keys() == set()


async def test_the_files_are_stored_before_the_row_is_known(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    insert = queries.insert_media

    async def watch(*given: object) -> MediaAttachment:
        seen.append(len(await desk.stored_keys()))
        return await insert(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(queries, "insert_media", watch)
    await desk.upload()
    assert seen == [2]


async def test_a_store_that_fails_leaves_no_row(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "media" / "attachments").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        await desk.upload()
    async with desk.db.read() as conn:
        assert await conn.fetchval("select count(*) from media_attachments") == 0


async def test_an_account_that_is_deleted_meanwhile_leaves_no_files(desk: Desk) -> None:
    desk.account_id = 999
    with pytest.raises(NotFound):
        await desk.upload()
    assert await desk.stored_keys() == set()


async def test_uploads_at_the_same_time_each_get_their_own_files(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.upload() for _ in range(5)))
    assert len({found.id for found in made}) == 5
    assert await desk.stored_keys() == {key for found in made for key in found.keys}


async def test_no_more_than_two_images_are_in_work_at_once(images: ImageWorkers) -> None:
    begun, two, three, gate = [], threading.Event(), threading.Event(), threading.Event()

    def work(body: bytes) -> bytes:
        begun.append(body)
        (two if len(begun) == 2 else three if len(begun) == 3 else threading.Event()).set()
        gate.wait(10)
        return body

    bodies = [b"%d" % number for number in range(8)]
    jobs = [asyncio.create_task(images.run(work, body)) for body in bodies]
    assert await asyncio.to_thread(two.wait, 10)
    assert not await asyncio.to_thread(three.wait, 0.2)
    gate.set()
    assert await asyncio.gather(*jobs) == bodies


@pytest.mark.parametrize(
    "key",
    [
        "attachments/ab/../abababababababababababababababab/original.jpg",
        "attachments/ab/abababababababababababababababab/original.html",
        "attachments/ab/abababababababababababababababab/original.jpg\n",
        "attachments/ab/abababababababababababababababab/x/original.jpg",
        "others/ab/abababababababababababababababab/original.jpg",
        "attachments/ab/abababababababababababababababab/.jpg",
    ],
)
def test_a_key_of_another_form_has_no_type(key: str) -> None:
    assert find_content_type("attachments/ab/abababababababababababababababab/original.jpg") == "image/jpeg"
    assert find_content_type(key) is None


async def test_avatars_headers_emojis_and_cards_are_stored_by_kind(store: ObjectStore, images: ImageWorkers) -> None:
    still = await store_account_image(store, images, "avatar", JPEG)
    assert still.key == still.static_key
    assert still.key.startswith("avatars/")
    moving = await store_account_image(store, images, "header", encode_moving("GIF"))
    assert moving.key.endswith("/original.gif")
    assert moving.static_key.endswith("/static.png")
    emoji = await store_emoji_image(store, images, encode(picture(32, 32), "PNG"))
    assert emoji.key.startswith("emojis/")
    card = await store_card_image(store, images, JPEG)
    assert (card.width, card.height) == (120, 80)
    for key in (still.key, moving.key, moving.static_key, emoji.key, card.key):
        assert find_content_type(key)
        assert await store.exists(key)
    with pytest.raises(Invalid, match="header"):
        await store_account_image(store, images, "header", b"no image")


async def test_every_statement_fits_the_schema(pg_dsn: str) -> None:
    connection = await asyncpg.connect(pg_dsn)
    statements = [text for name, text in vars(queries).items() if name.isupper() and not name.startswith("_")]
    assert len(statements) == 10
    for text in statements:
        await connection.prepare(text)
    await connection.close()


async def test_the_sweep_is_found_through_its_index(pg_dsn: str) -> None:
    connection = await asyncpg.connect(pg_dsn)
    async with connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        await connection.execute("set local enable_sort = off")
        plan = await connection.fetch(
            "explain " + queries.DELETE_ORPHANS.replace("$1", "'2026-01-01'").replace("$2", "10")
        )
    await connection.close()
    assert "media_unattached" in str(plan)


def test_the_age_of_an_orphan_is_a_day() -> None:
    assert timedelta(hours=24) == attach.ORPHAN_AGE
