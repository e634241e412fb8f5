"""The pages of those who run the place: what they change holds, and nobody else gets in."""

from __future__ import annotations

import pytest

from tests.web.test_pages import Browser
from tests.world import World

PAGES = ("/admin/settings", "/admin/rules", "/admin/emojis", "/admin/invites", "/admin/approvals", "/admin/reports")


@pytest.mark.parametrize("path", PAGES)
async def test_the_pages_are_for_staff_only(world: World, path: str) -> None:
    alice = await world.person("alice")
    await (await Browser.of(world, alice)).get(path, expect=403)
    await Browser(world).get(path)
    owner = await world.person("olga", role="owner")
    await (await Browser.of(world, owner)).get(path)


async def test_moderators_read_reports_but_do_not_change_settings(world: World) -> None:
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    await browser.get("/admin/reports")
    await browser.get("/admin/settings", expect=403)


async def test_a_changed_title_shows_in_the_api_and_is_noted(world: World) -> None:
    owner = await world.person("olga", role="owner")
    browser = await Browser.of(world, owner)
    await browser.get("/admin/settings")
    await browser.post("/admin/settings", title="The Forum", description="A square", registrations_mode="invitation")
    instance = (await world.anyone.get("/api/v2/instance")).json()
    assert (instance["title"], instance["registrations"]["enabled"]) == ("The Forum", False)
    assert await world.db.connection.fetchval("select actor_id from audit_events") == owner.account_id


async def test_rules_are_added_changed_and_dropped(world: World) -> None:
    browser = await Browser.of(world, await world.person("olga", role="owner"))
    await browser.get("/admin/rules")
    await browser.post("/admin/rules", **{"rules_attributes[0][text]": "Be kind", "rules_attributes[1][text]": ""})
    rules = (await world.anyone.get("/api/v1/instance/rules")).json()
    assert [rule["text"] for rule in rules] == ["Be kind"]
    await browser.post("/admin/rules", **{
        "rules_attributes[0][id]": rules[0]["id"], "rules_attributes[0][text]": "Be kind",
        "rules_attributes[0][_destroy]": "1",
    })  # fmt: skip
    assert (await world.anyone.get("/api/v1/instance/rules")).json() == []


async def test_a_report_can_be_read_with_its_posts(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    posted = await bob.post("something bad")
    report = await alice.api.post(
        "/api/v1/reports", {"account_id": bob.id, "status_ids": [posted["id"]], "comment": "please look"}
    )
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    assert "@bob" in await browser.get("/admin/reports")
    page = await browser.get(f"/admin/reports/{report.json()['id']}")
    assert "please look" in page
    assert "something bad" in page
    await browser.get("/admin/reports/1", expect=404)


async def test_an_invitation_is_made_and_withdrawn(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/settings/invites")
    await browser.post("/settings/invites", max_uses="5")
    invite_id = await world.db.connection.fetchval("select id from invites where account_id = $1", alice.account_id)
    stranger = await Browser.of(world, await world.person("bob"))
    await stranger.get("/settings/invites")
    await stranger.post(f"/settings/invites/{invite_id}/delete", expect=404)
    await browser.get("/settings/invites")
    await browser.post(f"/settings/invites/{invite_id}/delete")
    assert await world.db.connection.fetchval("select count(*) from invites") == 0
