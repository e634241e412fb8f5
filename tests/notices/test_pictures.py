"""Notices about pictures: what shows the same one is found, however it was made smaller or saved anew."""

from __future__ import annotations

import pytest

from tests.moderation.test_files import posted, upload
from tests.notices.scene import HANGED, items_of, put_policy, put_provider, report
from tests.world import World


async def copies_of(world: World, notice_id: int) -> dict[str, float]:
    rows = await world.db.connection.fetch(
        "select status_id, similarity from notice_copies where notice_id = $1", notice_id
    )
    return {str(row["status_id"]): row["similarity"] for row in rows}


@pytest.mark.parametrize("name", ["url", "preview_url"])
async def test_an_example_that_is_a_file_of_ours_finds_all_that_show_the_same_picture(world: World, name: str) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, dora, erik = [await world.person(name) for name in ("carl", "dora", "erik")]
    bad = await upload(carl, 1)
    post = await posted(carl, bad, text="Morning")
    copy = await posted(dora, await upload(dora, 3), await upload(dora, 1, size=211), text="Mine")
    await posted(erik, await upload(erik, 2), text="Another")
    await erik.post("See", media_ids=[(await upload(erik, 1))["id"]], visibility="direct")
    notice_id = await report(world, provider, bad[name])
    (item,) = await items_of(world, notice_id)
    assert (item.match, item.subject_id, item.copies) == ("found", int(post["id"]), 1)
    found = await copies_of(world, notice_id)
    assert set(found) == {copy["id"]}
    assert 0.87 < found[copy["id"]] <= 1
    cases = await world.db.connection.fetch("select subject_id, source, due_at is not null as timed from cases")
    assert {tuple(case) for case in cases} == {(int(each["id"]), "notice", True) for each in (post, copy)}


async def test_a_post_that_says_too_little_to_be_compared_is_compared_by_its_pictures(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, dora = await world.person("carl"), await world.person("dora")
    short = await posted(carl, await upload(carl, 1), text="Ha")
    copy = await posted(dora, await upload(dora, 1, size=240, kind="JPEG"), text="Look at this one")
    notice_id = await report(world, provider, short["url"])
    assert set(await copies_of(world, notice_id)) == {copy["id"]}


async def test_a_post_that_is_complained_of_for_its_words_brings_no_pictures(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, dora = await world.person("carl"), await world.person("dora")
    post = await posted(carl, await upload(carl, 1), text=HANGED)
    await posted(dora, await upload(dora, 1), text="My garden in the morning light, with the old wall behind it")
    assert await copies_of(world, await report(world, provider, post["url"])) == {}


async def test_a_picture_that_no_post_shows_any_more_still_finds_its_copies(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, dora = await world.person("carl"), await world.person("dora")
    loose = await upload(carl, 1)
    copy = await posted(dora, await upload(dora, 1, size=250), text="Mine")
    notice_id = await report(world, provider, loose["url"])
    (item,) = await items_of(world, notice_id)
    assert (item.match, item.subject_kind, item.subject_id) == ("found", "account", carl.account_id)
    assert set(await copies_of(world, notice_id)) == {copy["id"]}
