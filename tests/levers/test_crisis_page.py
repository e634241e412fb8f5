"""The crisis page as staff use it, without script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rostra.effects import emit
from rostra.levers.triggers import Trigger
from rostra.levers.watch import watch
from tests.levers.levers import arm_trigger, make_cases, pull_lever, release_lever
from tests.web.browser import Browser
from tests.world import World


async def test_an_administrator_pulls_releases_and_debriefs_in_the_browser(world: World) -> None:
    ada, new = await world.person("ada", role="admin"), await world.person("new")
    browser = await Browser.of(world, ada)
    await new.post("Good morning")
    await browser.get("/admin/crisis")
    page = await browser.get("/admin/crisis/levers/hold-new-accounts")
    assert "it would have touched 1 post by 1 person" in page.replace("\n", " ").replace("  ", " ")
    wish: Any = {"reason": "A flood", "lasts": "360", "title": "The flood", "level": "critical"}
    await browser.post("/admin/crisis/levers/hold-new-accounts/pull", **wish)
    assert browser.path == "/admin/crisis"
    assert "Hold posts of new accounts: pulled." in browser.page
    assert "A flood" in browser.page
    assert "ends in" in browser.page
    assert "moderation" in await new.post("Good day")
    await world.res.screen.levers.flush(world.db)
    assert "1 held, 0 refused" in await browser.get("/admin/crisis")
    await browser.get("/admin/crisis/levers/hold-new-accounts/release")
    await browser.post("/admin/crisis/levers/hold-new-accounts/release", publish_held="1")
    assert browser.path.startswith("/admin/crisis/incidents/")
    where = browser.path
    assert "The flood" in browser.page
    assert "moderation" not in await new.post("Good evening")
    await browser.post(f"{where}/debrief", 422, debrief="Fine.")
    await browser.post(f"{where}/debrief", debrief="Four hundred accounts of one network. We look at networks now.")
    assert browser.path == "/admin/crisis/incidents"
    assert "debrief due" not in browser.page
    assert "Four hundred accounts" in await browser.get(where)


async def test_preparing_a_lever_keeps_what_was_written_and_says_what_is_wrong(world: World) -> None:
    ada = await world.person("ada", role="owner")
    browser = await Browser.of(world, ada)
    path = "/admin/crisis/levers/slow-mode"
    await browser.get(path)
    fields: Any = {"seconds": "60", "who": "all", "hours": "72", "lasts": "720", "trigger": "backlog", "over": "250"}
    await browser.post(f"{path}/arm", 422, **{**fields, "seconds": "2"})
    assert "Choose a number from 5 to 86400." in browser.page
    await browser.post(f"{path}/arm", 422, **{**fields, "over": "0"})
    assert "This number does not go with the condition." in browser.page
    await browser.post(f"{path}/arm", 422, **{**fields, "lasts": "0"})
    assert "what nobody pulls must end by itself" in browser.page
    await browser.post(f"{path}/arm", **fields)
    assert browser.path == path
    assert browser.value("seconds") == "60"
    page = await browser.get("/admin/crisis")
    assert "Pulled by itself when over 250 open cases." in page
    await browser.get(path)
    await browser.post(f"{path}/disarm")
    assert browser.value("seconds") == "300"


async def test_the_brake_is_set_on_the_page_and_shows_the_forecast(world: World) -> None:
    ada = await world.person("ada", role="admin")
    browser = await Browser.of(world, ada)
    await make_cases(world, 30, hours_ago=30)
    page = await browser.get("/admin/crisis")
    assert "It does not end: at least as much comes in as is done." in page
    await browser.post("/admin/crisis/brake", 422, on="1", limit_hours="many", least_backlog="10")
    await browser.post("/admin/crisis/brake", on="1", limit_hours="5", least_backlog="10")
    await watch(world.db, world.clock, emit)
    page = await browser.get("/admin/crisis")
    assert "/admin/crisis/levers/growth-brake/release" in page
    assert "Nobody looks at the conditions" not in page
    world.clock.tick(minutes=6)
    assert "Nobody looks at the conditions" in await browser.get("/admin/crisis")
    await browser.get("/admin/crisis/levers/growth-brake/release")
    await browser.post("/admin/crisis/levers/growth-brake/release")
    assert "Growth brake: released." in browser.page


async def test_triage_may_look_and_nothing_else_and_readers_not_even_that(world: World) -> None:
    await pull_lever(world, "slow-mode")
    triage, reader = await world.person("tria", role="triage"), await world.person("reader")
    browser = await Browser.of(world, triage)
    page = await browser.get("/admin/crisis")
    assert "Release…" not in page
    assert "Pull…" not in page
    await browser.get("/admin/crisis/levers/slow-mode")
    await browser.get("/admin/crisis/incidents")
    await browser.get("/admin/crisis/levers/slow-mode/release", 403)
    await browser.post("/admin/crisis/levers/slow-mode/release", 403)
    await browser.post("/admin/crisis/levers/links-off-new/pull", 403, lasts="60")
    assert await world.db.connection.fetchval("select count(*) from lever_pulls where released_at is null") == 1
    outsider = await Browser.of(world, reader)
    await outsider.get("/admin/crisis", 403)
    await outsider.get("/admin/crisis/incidents", 403)


async def test_what_is_gone_or_never_was_is_said_plainly(world: World) -> None:
    ada = await world.person("ada", role="admin")
    browser = await Browser.of(world, ada)
    await browser.get("/admin/crisis/levers/nothing", 404)
    await browser.get("/admin/crisis/incidents/12345", 404)
    await browser.get("/admin/crisis/levers/slow-mode/release")
    assert "It is not pulled any more." in browser.page
    await browser.post("/admin/crisis/levers/slow-mode/pull", 422, lasts="1")
    await browser.post("/admin/crisis/levers/slow-mode/pull", lasts="60")
    await browser.post("/admin/crisis/levers/slow-mode/pull", lasts="60")
    assert "It is pulled already." in browser.page


async def test_the_settings_form_shows_what_is_set_not_what_a_lever_makes_of_it(world: World) -> None:
    ada = await world.person("ada", role="admin")
    browser = await Browser.of(world, ada)
    await pull_lever(world, "sign-ups-invitation")
    page = await browser.get("/admin/settings")
    assert 'value="approval" checked' in page or 'value="open" checked' in page


async def test_the_page_takes_a_constant_number_of_statements(world: World) -> None:
    ada = await world.person("ada", role="admin")
    browser = await Browser.of(world, ada)
    await browser.get("/admin/crisis")
    few = await world.statements(lambda: browser.get("/admin/crisis"))
    await arm_trigger(world, "slow-mode", Trigger("backlog", 10))
    for name in ("hold-new-accounts", "links-off-new", "labelled-boosts-off"):
        await pull_lever(world, name, lasts=timedelta(hours=5))
    await browser.get("/admin/crisis")
    many = await world.statements(lambda: browser.get("/admin/crisis"))
    assert len(many) == len(few)
    one = await world.statements(lambda: browser.get("/admin/crisis/incidents"))
    for name in ("hold-new-accounts", "links-off-new", "labelled-boosts-off"):
        await release_lever(world, name)
    world.clock.tick(days=2)
    await pull_lever(world, "slow-mode")
    await browser.get("/admin/crisis/incidents")
    assert len(await world.statements(lambda: browser.get("/admin/crisis/incidents"))) == len(one)
