"""The page of the copies over HTTP: who may see it, what it says, and where else it is heard of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import msgspec

from rostra.accounts.records import Role
from rostra.asgi import Application
from rostra.continuity.place import Place
from rostra.continuity.records import DrillLog, DrillRecord, ShipStatus, TargetStatus
from tests.web.browser import Browser
from tests.web.markup import check
from tests.world import World

PATH = "/admin/continuity"
HINT = '<b class="count">wrong</b>'


async def administrator(world: World, name: str = "mia", role: Role = "admin") -> Browser:
    """Somebody on a server whose settings name a target."""
    targets = ("s3://id:unspeakable@copies/rostra?endpoint=https://s3.example",)
    settings = msgspec.structs.replace(world.res.settings, continuity_targets=targets)
    res = msgspec.structs.replace(world.res, settings=settings)
    browser = await Browser.of(world, await world.person(name, role=role))
    browser.http._transport = httpx.ASGITransport(Application(settings, resources=res))
    return browser


def set_up(world: World, **changes: Any) -> None:
    """As ship and a drill leave the directory."""
    place, now = Place(world.res.settings.data_dir), world.clock.now()
    place.ensure()
    (place.path / "epoch.json").write_text("{}")
    safe = now - timedelta(seconds=4)
    target = TargetStatus(
        label="s3://copies/rostra", safe_until=safe, behind=0, base="b", base_at=safe, bases=2, media_behind=0
    )
    status = ShipStatus(at=now, site="s", epoch=1, lsn=1, spool_bytes=0, wal_bytes=0, targets=[target])
    place.write_status(msgspec.structs.replace(status, **changes))
    drill = DrillRecord(at=now, ended_at=now, target="s3://copies/rostra", host="h", full=True, ok=True, rto=118.0)
    place.write_json("drills.json", DrillLog(drills=[drill]))


async def test_the_page_is_for_those_who_may_change_settings(world: World) -> None:
    expected: list[tuple[str, Role, int]] = [("ada", "user", 403), ("max", "moderator", 403), ("mia", "admin", 200)]
    for name, role, expect in expected:
        browser = await Browser.of(world, await world.person(name, role=role))
        assert check(await browser.get(PATH, expect=expect))[1] == []


async def test_without_copies_it_says_what_to_do_and_nags_nowhere(world: World) -> None:
    browser = await administrator(world)
    page = await browser.get(PATH)
    assert "There are no copies of this server" in page
    assert "<code>rostra continuity init</code>" in page
    assert 'class="count">wrong' not in await browser.get("/admin")


async def test_plain_words_come_first(world: World) -> None:
    set_up(world)
    page = await (await administrator(world)).get(PATH)
    said = "If this server vanished now, 4 seconds of posts would be lost, and it would be back in about 2 minutes."
    assert said in page
    assert page.index(said) < page.index("s3://copies/rostra")
    assert "All is well" in page
    assert "unspeakable" not in page


async def test_it_speaks_italian(world: World) -> None:
    set_up(world)
    browser = await administrator(world)
    await world.db.connection.execute("update users set locale = 'it'")
    page = await browser.get(PATH)
    assert "Se questo server sparisse adesso, andrebbero persi i post di 4 secondi" in page


async def test_what_is_wrong_is_heard_of_on_every_page_of_the_administration(world: World) -> None:
    set_up(world)
    browser = await administrator(world)
    assert HINT not in await browser.get("/admin")
    set_up(world, at=world.clock.now() - timedelta(minutes=5))
    assert HINT in await browser.get("/admin")
    assert HINT in await browser.get("/admin/settings")
    assert "Copies have stopped: their last sign of life was 5 minutes ago" in await browser.get(PATH)
    moderator = await administrator(world, "max", "moderator")
    assert HINT not in await moderator.get("/admin")


async def test_of_an_external_database_nothing_is_said_of_base_copies_and_drills(world: World) -> None:
    at = world.clock.now()
    target = TargetStatus(
        label="s3://copies/rostra", safe_until=None, behind=0, base=None, base_at=None, bases=0, media_behind=3,
        files_until=at - timedelta(seconds=2),
    )  # fmt: skip
    set_up(world, targets=[target], external_database=True)
    Place(world.res.settings.data_dir).write_json("drills.json", DrillLog())
    page = await (await administrator(world)).get(PATH)
    assert "2 seconds of files would be lost" in page
    assert "3 files" in page
    for untrue in ("Base copies", "pieces of the log", "rostra continuity drill", "nothing to restore yet"):
        assert untrue not in page, untrue
    assert HINT not in await (await administrator(world, "tom")).get("/admin"), "it is not red"
