"""Known pictures in the web: banks are listed, made, added to, tried and removed, by those who may."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from rostra.accounts.records import Role
from rostra.media.image import hash_file
from rostra.screening.banks import Banks
from rostra.screening.subject import Picture
from tests.media.samples import encode, picture
from tests.screening.policies import put_in_force
from tests.screening.test_bank_uses import OTHER
from tests.screening.test_banks import HASHES, lines, looked, names
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import World

AT = "/admin/policy/banks"
SEEN = encode(picture(320, 240), "png")
MADE = hash_file(SEEN)


def folder(world: World) -> Path:
    return world.res.settings.data_dir / "banks"


async def _browser(world: World, role: Role = "admin") -> Browser:
    browser = await Browser.of(world, await world.person(f"the_{role}", role=role))
    await browser.get("/admin/desk" if role != "user" else "/home")
    return browser


async def _recorded(world: World) -> list[tuple[str, dict[str, object]]]:
    rows = await world.db.connection.fetch(
        "select type, details, actor_id from moderation_events where type like 'bank%' order by id"
    )
    assert all(row["actor_id"] for row in rows)
    return [(row["type"], row["details"]) for row in rows]


async def test_a_picture_becomes_known_is_recognised_and_forgotten_again(world: World) -> None:
    await put_in_force(world, OTHER)
    browser = await _browser(world)
    assert f'href="{AT}"' in await browser.get("/admin/policy")
    assert "No banks" in await browser.get(AT)
    page = await browser.post(f"{AT}/test", files={"picture": ("a.png", SEEN)})
    assert "It is like none of the known pictures." in page
    sent = [
        ("pictures[]", ("a,b.png", SEEN)),
        ("pictures[]", ("plain.png", encode(Image.new("RGB", (64, 64), "white"), "png"))),
    ]
    page = await browser.post(f"{AT}/pictures", files=sent, to="scams")
    assert "1 added to scams." in page
    assert "1 have too little in them" in page
    assert "in use within seconds" in page
    assert check(page)[1] == []
    banks = await looked(Banks(folder(world)))
    assert names(banks, Picture(MADE.pdq, MADE.quality)) == ["scams"]
    page = await browser.post(f"{AT}/test", files={"picture": ("b.png", SEEN)})
    assert "0 of 256 bits differ" in page
    assert "a b.png" in page
    assert "noted by waste" in page
    page = await browser.post(f"{AT}/pictures", files={"pictures[]": ("c.png", SEEN)}, to="scams")
    assert "0 added to scams. 1 were in it already." in page
    page = await browser.post(f"{AT}/remove", file="scams.csv")
    assert "No banks" in page
    assert names(await looked(banks), Picture(MADE.pdq, MADE.quality)) == []
    assert [kind for kind, _ in await _recorded(world)] == ["bank_put", "bank_put", "bank_removed"]


async def test_a_file_of_hashes_becomes_a_bank_and_is_replaced_only_where_that_is_said(world: World) -> None:
    browser = await _browser(world)
    await browser.get(AT)
    page = await browser.post(AT, files={"file": ("Terror-2027.CSV", lines(*HASHES[:3]).encode())})
    assert "The bank terror-2027 has 3 hashes now." in page
    kept = folder(world) / "terror-2027.csv"
    assert kept.read_text() == lines(*HASHES[:3])
    fewer = {"file": ("x.txt", lines(HASHES[0]).encode())}
    page = await browser.post(AT, 422, files=fewer, name="terror-2027")
    assert "already taken" in page
    assert kept.read_text() == lines(*HASHES[:3])
    await browser.post(AT, files=fewer, name="terror-2027", replaces="1")
    assert kept.read_text() == lines(HASHES[0])
    assert [path.name for path in folder(world).iterdir() if not path.name.startswith(".")] == ["terror-2027.csv"]
    assert not list(folder(world).glob(".new*"))
    assert await _recorded(world) == [
        ("bank_put", {"bank": "terror-2027", "hashes": 3}), ("bank_put", {"bank": "terror-2027", "hashes": 1}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"abc\n", "is no PDQ hash (64 hexadecimal digits) (line 1)"),
        (b"{", "is no JSON"),
        (b"", "holds no hashes"),
        (b"# nothing\n", "holds no hashes"),
    ],
)
async def test_a_file_that_is_no_bank_changes_nothing_and_the_page_says_what_is_wrong(
    world: World, body: bytes, said: str
) -> None:
    browser = await _browser(world)
    await browser.get(AT)
    page = await browser.post(AT, 422, files={"file": ("scams.txt", body)})
    assert said in page
    assert str(world.res.settings.data_dir) not in page
    assert not list(folder(world).glob("[!.]*"))
    assert await _recorded(world) == []


@pytest.mark.parametrize("name", ["../scams", "Scams", ".hidden", "a/b", "", "x" * 61])
async def test_banks_have_plain_names(world: World, name: str) -> None:
    browser = await _browser(world)
    await browser.get(AT)
    page = await browser.post(f"{AT}/pictures", 422, files={"pictures[]": ("a.png", SEEN)}, to=name)
    assert "Only small letters" in page
    if name:
        await browser.post(AT, 422, files={"file": ("a.txt", lines(HASHES[0]).encode())}, name=name)
    assert not list(folder(world).glob("*/*")) if folder(world).exists() else True
    assert await _recorded(world) == []


async def test_pictures_are_not_written_into_a_bank_that_comes_from_elsewhere(world: World) -> None:
    browser = await _browser(world)
    await browser.get(AT)
    given = f"hash,note\n{HASHES[0].hex()},first\n".encode()
    await browser.post(AT, files={"file": ("shared.csv", given)})
    page = await browser.post(f"{AT}/pictures", 422, files={"pictures[]": ("a.png", SEEN)}, to="shared")
    assert "give yours another name" in page
    assert (folder(world) / "shared.csv").read_bytes() == given


async def test_what_is_no_picture_is_named(world: World) -> None:
    browser = await _browser(world)
    for path, field in ((f"{AT}/test", "picture"), (f"{AT}/pictures", "pictures[]")):
        await browser.get(AT)
        page = await browser.post(path, 422, files={field: ("a.png", b"hello")}, to="scams")
        assert "This cannot be used as a picture" in page
        assert check(page)[1] == []
    await browser.get(AT)
    await browser.post(f"{AT}/test", 422)


async def test_moderators_look_and_try_and_only_administrators_change(world: World) -> None:
    folder(world).mkdir(parents=True)
    (folder(world) / "scams.csv").write_text(lines(HASHES[0]))
    user, moderator = await _browser(world, "user"), await _browser(world, "moderator")
    await user.get(AT, expect=403)
    await user.get("/home")
    await user.post(f"{AT}/test", 403, files={"picture": ("a.png", SEEN)})
    page = await moderator.get(AT)
    assert "scams" in page
    assert f"{AT}/remove" not in page
    assert "It is like none" in await moderator.post(f"{AT}/test", files={"picture": ("a.png", SEEN)})
    for browser in (user, moderator):
        for path, fields, files in (
            (AT, {"name": "own"}, {"file": ("a.txt", lines(HASHES[1]).encode())}),
            (f"{AT}/pictures", {"to": "own"}, {"pictures[]": ("a.png", SEEN)}),
            (f"{AT}/remove", {"file": "scams.csv"}, None),
        ):
            await browser.get("/home")
            await browser.post(path, 403, files=files, **fields)  # type: ignore[arg-type] # texts
    assert [path.name for path in folder(world).glob("[!.]*")] == ["scams.csv"]


async def test_only_files_of_the_folder_are_removed(world: World) -> None:
    folder(world).mkdir(parents=True)
    beside = world.res.settings.data_dir / "kept.csv"
    beside.write_text("x")
    (folder(world) / ".hidden").write_text("x")
    browser = await _browser(world)
    for file in ("../kept.csv", ".hidden", "nothing.csv"):
        await browser.get(AT)
        await browser.post(f"{AT}/remove", 404, file=file)
    assert beside.exists()
    assert (folder(world) / ".hidden").exists()
