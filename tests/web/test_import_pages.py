"""The pages on which people bring things here, keep aliases and move, without script."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rostra.archive.import_archive import folder_of
from tests.archive.bring import files_of, note, zipped
from tests.web.visitor import PASSWORD, Visitor, with_password
from tests.world import Person, World


@pytest.fixture
async def ada(world: World) -> Person:
    return await with_password(world, "ada")


@pytest.fixture
async def browser(world: World, ada: Person) -> AsyncIterator[Visitor]:
    browser = Visitor(world.app)
    await browser.sign_in("ada")
    yield browser
    await browser.aclose()


async def send(
    browser: Visitor, body: bytes, name: str = "following_accounts.csv", expect: int = 303, **more: str
) -> str:
    """Send a list; the address of the page that it leads to."""
    await browser.get("/settings/import")
    await browser.post("/settings/import", more, expect=expect, files={"file": (name, body, "text/csv")})
    assert browser.page is not None
    return browser.page.headers.get("location", "")


async def send_archive(browser: Visitor, path: Path, expect: int = 303) -> str:
    await browser.get("/settings/import")
    body = path.read_bytes()
    files = {"archive": ("my archive.zip", body, "application/zip")}
    await browser.post("/settings/import/archive", {}, expect=expect, files=files)
    assert browser.page is not None
    return browser.page.headers.get("location", "")


async def test_a_list_is_shown_before_anything_happens_and_then_carried_out(
    world: World, ada: Person, browser: Visitor
) -> None:
    bob, eve = await world.person("bob"), await world.person("eve")
    await ada.follow(eve)
    address = await send(browser, b"bob\nsomebody@far.example\n", mode="overwrite")
    await browser.get(address)
    assert "1 line can be imported." in browser.text
    assert "1 entry that you have now would end." in browser.text
    assert "Other servers cannot be reached yet." in browser.text
    assert 'value="overwrite" checked' in browser.text
    await world.settle()
    found = (await ada.api.get("/api/v1/accounts/relationships", {"id[]": [bob.id, eve.id]})).json()
    assert [each["following"] for each in found] == [False, True]
    await browser.post(f"{address}/confirm", {"mode": "overwrite"})
    await browser.follow()
    assert "on its way" in browser.text
    assert "<progress" in browser.text
    await world.settle()
    await browser.get(address)
    assert "1 imported" in browser.text
    assert "1 could not be" in browser.text
    found = (await ada.api.get("/api/v1/accounts/relationships", {"id[]": [bob.id, eve.id]})).json()
    assert [each["following"] for each in found] == [True, False]
    failures = await browser.get(f"{address}/failures.csv")
    assert failures.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(failures.text)))
    assert rows[0][-1] == "Reason"
    assert rows[1] == ["somebody@far.example", "Other servers cannot be reached yet."]
    await browser.get("/settings/import")
    assert "following_accounts.csv" in browser.text


async def test_a_broken_file_is_refused_in_words_that_name_the_line(browser: Visitor) -> None:
    await send(browser, b"bob\n\xff\n", expect=422)
    assert "Line 2 is no text in UTF-8." in browser.text
    await send(browser, b"bob\n" * 30_000, expect=422)
    assert "There are 30000 lines" in browser.text
    await send(browser, b"bob\n", name="people.csv", expect=422)
    assert "choose it" in browser.text
    await send(browser, b"Friends,bob\nbob\n", type="lists", expect=422)
    assert "Line 2 has too few columns." in browser.text
    await browser.get("/settings/import")
    await browser.post("/settings/import", {}, expect=422)
    assert "Choose a file." in browser.text


async def test_what_was_not_confirmed_can_be_dropped_and_is_nobody_elses(world: World, browser: Visitor) -> None:
    await world.person("bob")
    address = await send(browser, b"bob\n")
    await with_password(world, "eve")
    other = Visitor(world.app)
    await other.sign_in("eve")
    await other.get("/settings/import")
    csrf = other.csrf
    await other.get(address, expect=404)
    await other.get(f"{address}/failures.csv", expect=404)
    for act in ("confirm", "drop", "undo"):
        answer = await other.http.post(f"{address}/{act}", data={"csrf": csrf, "mine": "1"})
        assert answer.status_code == 404, act
    await other.aclose()
    await browser.get(address)
    await browser.post(f"{address}/drop")
    await browser.get(address, expect=404)


async def test_an_archive_says_whose_it_is_and_comes_in_when_it_is_declared_ones_own(
    world: World, ada: Person, browser: Visitor, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "a.zip", files_of(note(1, "Long ago"), note(2, inReplyTo="https://other.example/1")))
    address = await send_archive(browser, path)
    await browser.get(address)
    for said in ("Posts of @ada@far.example", "Not signed.", "source not proven", "2 posts"):
        assert said in browser.text
    await browser.post(f"{address}/confirm", {}, expect=422)
    assert "Only your own posts" in browser.text
    await browser.post(f"{address}/confirm", {"mine": "1"})
    await world.settle()
    await browser.get(address)
    assert "2 imported" in browser.text
    posts = (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses")).json()
    await browser.get(f"/@ada/{posts[0]['id']}")
    assert "Imported from @ada@far.example, source not proven" in browser.text
    assert "https://far.example/@ada/2" in browser.text
    assert "https://other.example/1" in browser.text
    await browser.get("/@ada")
    assert "Long ago" in browser.text
    await browser.get(address)
    await browser.post(f"{address}/undo")
    await world.settle()
    assert (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses")).json() == []


async def test_what_is_no_archive_is_refused_and_leaves_nothing(world: World, browser: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"x" * (2 << 20))
    await send_archive(browser, path, expect=422)
    assert "neither a zip file nor a tar.gz file" in browser.text
    await browser.get("/settings/import")
    # Without the token of the form it is not even looked at, and does not stay either.
    files = {"archive": ("a.zip", path.read_bytes(), "application/zip")}
    answer = await browser.http.post("/settings/import/archive", data={"csrf": "x"}, files=files)
    assert answer.status_code == 422
    assert list(folder_of(world.res.settings.data_dir).iterdir()) == []


async def test_frozen_people_bring_nothing_and_do_not_move(world: World, ada: Person, browser: Visitor) -> None:
    await browser.get("/settings/import")
    csrf = browser.csrf
    await world.db.connection.execute("update accounts set frozen_at = now() where id = $1", ada.account_id)
    for path in ("/settings/import", "/settings/import/archive", "/settings/aliases", "/settings/move"):
        answer = await browser.http.post(path, data={"csrf": csrf})
        assert answer.status_code == 403, path


async def test_somebody_moves_and_comes_back(world: World, ada: Person, browser: Visitor) -> None:
    await with_password(world, "new")
    bob = await world.person("bob")
    await bob.follow(ada)
    await browser.get("/settings/move")
    form = {"target": "new", "mode": "followers", "current_password": PASSWORD}
    await browser.post("/settings/move", {**form, "current_password": "wrong"}, expect=422)
    assert "The password is wrong." in browser.text
    await browser.post("/settings/move", form, expect=422)
    assert "does not name this one as its alias" in browser.text
    await browser.post("/settings/move", {**form, "target": "me@far.example"}, expect=422)
    assert "other servers cannot be reached yet" in browser.text
    other = Visitor(world.app)
    await other.sign_in("new")
    await other.get("/settings/aliases")
    await other.post("/settings/aliases", {"alias": "nobody"}, expect=422)
    await other.post("/settings/aliases", {"alias": "@ada@localhost:3000"})
    await other.follow()
    assert "http://localhost:3000/users/ada" in other.text
    await browser.get("/settings/move")
    await browser.post("/settings/move", form)
    await world.settle()
    await browser.follow()
    assert "This account sends its visitors to @new" in browser.text
    assert "1 follower has come along" in browser.text
    await other.get("/@ada")
    assert re.search(r"ada has moved to.*@new|ada has moved to", browser.text + other.text)
    await browser.get("/home")
    assert "Your account has moved to @new" in browser.text
    await browser.get("/settings/move")
    await browser.post("/settings/move/undo")
    await browser.follow()
    assert "You have moved less than 30 days ago." in browser.text
    await other.get("/settings/aliases")
    await other.post("/settings/aliases/remove", {"alias": "http://localhost:3000/users/ada"})
    await other.follow()
    assert "No aliases" in other.text
    await other.aclose()


async def test_visitors_are_sent_to_sign_in(world: World) -> None:
    visitor = Visitor(world.app)
    for path in ("/settings/import", "/settings/move", "/settings/aliases", "/settings/import/1"):
        await visitor.get(path, expect=303)
    await visitor.aclose()


async def test_the_pages_speak_italian(world: World) -> None:
    await with_password(world, "ida", locale="it")
    browser = Visitor(world.app)
    await browser.sign_in("ida")
    await send(browser, b"qualcuno@far.example\n")
    await browser.follow()
    assert "Gli altri server non sono ancora raggiungibili." in browser.text
    await browser.aclose()
