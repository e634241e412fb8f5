"""Settings, your data: what is a person's own can be taken along, by them alone, whatever was decided about them."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from rostra.web.settings_export import CSV_PATHS, size_text
from tests.appeals.court import people
from tests.appeals.test_sanctions import sanction
from tests.web.browser import Browser
from tests.world import World


async def test_an_archive_is_asked_for_and_downloaded(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("My own words", visibility="private")
    browser = await Browser.of(world, alice)
    await browser.get("/settings/export")
    page = await browser.post("/settings/export")
    assert "Your archive is being made" in page
    assert "is being made" in page
    assert "archive ready" not in await browser.get("/settings")
    await world.settle()
    assert "archive ready" in await browser.get("/settings")
    page = await browser.get("/settings/export")
    answer = await browser.http.get(_link(page))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="archive-alice-20260504.zip"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert b"My own words" in zipfile.ZipFile(io.BytesIO(answer.content)).read("outbox.json")


async def test_a_download_that_broke_off_goes_on_where_it_was(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get("/settings/export")
    await browser.post("/settings/export")
    await world.settle()
    address = _link(await browser.get("/settings/export"))
    whole = await browser.http.get(address)
    more = {"range": "bytes=1000-", "if-range": whole.headers["etag"]}
    rest = await browser.http.get(address, headers=more)
    size = len(whole.content)
    assert (rest.status_code, rest.headers["content-range"]) == (206, f"bytes 1000-{size - 1}/{size}")
    assert rest.content == whole.content[1000:]
    assert (await browser.http.get(address, headers={**more, "if-range": '"other"'})).content == whole.content
    beyond = await browser.http.get(address, headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert (await browser.http.head(address)).headers["content-length"] == str(size)


async def test_a_file_that_the_store_has_lost_is_not_found(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get("/settings/export")
    await browser.post("/settings/export")
    await world.settle()
    address = _link(await browser.get("/settings/export"))
    await world.res.store.delete([await world.db.connection.fetchval("select file_key from exports")])
    await browser.get(address, expect=404)


async def test_a_second_wish_is_answered_with_words(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.get("/settings/export")
    await browser.post("/settings/export")
    assert "An archive is being made already." in await browser.post("/settings/export", expect=422)
    await world.settle()
    page = await browser.post("/settings/export", expect=422)
    assert "You can request the next archive on 5 May 2026, 12:00 UTC" in page
    assert await world.db.connection.fetchval("select count(*) from exports") == 1


async def test_nobody_else_can_download_it(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob", role="owner")
    mine = await Browser.of(world, alice)
    await mine.get("/settings/export")
    await mine.post("/settings/export")
    await world.settle()
    address = _link(await mine.get("/settings/export"))
    await (await Browser.of(world, bob)).get(address, expect=404)
    visitor = await world.http.get(address)
    assert (visitor.status_code, visitor.headers["location"].partition("?")[0]) == (303, "/auth/sign_in")
    by_token = await alice.api.get(address, expect=None)
    assert by_token.status_code == 303
    key = await world.db.connection.fetchval("select file_key from exports")
    assert (await world.http.get(f"/media/{key}")).status_code == 404
    world.clock.tick(days=7)
    again = await Browser.of(world, alice)
    await again.get(address, expect=404)
    assert address not in await again.get("/settings/export")


@pytest.mark.parametrize("state", ["suspended", "frozen"])
async def test_suspended_and_frozen_people_take_what_is_theirs(world: World, state: str) -> None:
    alice, bob, mod = await people(world, "alice", "bob", "mod")
    await alice.follow(bob)
    await alice.post("Still mine")
    await world.settle()
    await sanction(world, {"suspended": "suspend", "frozen": "freeze"}[state], alice, mod)
    browser = await Browser.of(world, alice)
    await browser.get("/settings/profile", expect=403 if state == "suspended" else 200)
    assert 'href="/settings/export"' in await browser.get("/settings/decisions")
    await browser.get("/settings/export")
    await browser.post("/settings/export")
    await world.settle()
    answer = await browser.http.get(_link(await browser.get("/settings/export")))
    assert b"Still mine" in zipfile.ZipFile(io.BytesIO(answer.content)).read("outbox.json")
    assert "bob@localhost:3000" in await browser.get("/settings/exports/follows.csv")


async def test_lists_are_at_mastodons_addresses(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    browser = await Browser.of(world, alice)
    page = await browser.get("/settings/export")
    for name in ("follows", "lists", "mutes", "blocks", "domain_blocks", "bookmarks"):
        assert CSV_PATHS[name] == f"/settings/exports/{name}.csv"
    for path in CSV_PATHS.values():
        assert f'href="{path}"' in page
        answer = await browser.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert (await world.http.get(path)).status_code == 303
    follows = await browser.http.get("/settings/exports/follows.csv")
    assert 'filename="following_accounts.csv"' in follows.headers["content-disposition"]
    assert follows.text.splitlines()[1] == "bob@localhost:3000,true,false,"


async def test_a_form_from_elsewhere_asks_for_nothing(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice"))
    await browser.post("/settings/export", expect=422)
    assert await world.db.connection.fetchval("select count(*) from exports") == 0


async def test_the_page_speaks_italian(world: World) -> None:
    browser = await Browser.of(world, await world.person("alice", locale="it"))
    assert "Richiedi un archivio" in await browser.get("/settings/export")


def test_sizes_are_in_the_largest_unit_that_they_fill() -> None:
    assert [size_text(size, "en") for size in (0, 999, 1000, 4_200_000, 3_000_000_000)] == [
        "0 byte", "999 byte", "1 kB", "4.2 MB", "3 GB",
    ]  # fmt: skip
    assert size_text(4_200_000, "it") == "4,2 MB"


def _link(page: str) -> str:
    found = re.search(r'href="(/settings/export/\d+/archive\.zip)"', page)
    assert found, page
    return found[1]
