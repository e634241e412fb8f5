"""Levers through the API."""

from __future__ import annotations

from rostra.instance.settings import change_settings
from tests.levers.levers import make_cases
from tests.world import World, link

BASE = "/api/rostra/v1/levers"
SCOPES = "read write admin:read admin:write"


async def test_a_lever_is_armed_pulled_released_and_debriefed(world: World) -> None:
    ada, new = await world.person("ada", role="admin", scopes=SCOPES), await world.person("new")
    await new.post("Good morning")
    path = f"{BASE}/hold-new-accounts"
    armed = (await ada.api.post(f"{path}/arm", {"hours": 48, "lasts": 3600, "trigger": "backlog", "over": 7})).json()
    assert (armed["state"], armed["params"]["hours"], armed["lasts"]) == ("armed", 48, 3600)
    assert armed["trigger"] == {"kind": "backlog", "over": 7, "now": 0, "is_set": True}
    assert (await ada.api.get(f"{path}/preview")).json() == {"count": 1, "people": 1}
    pulled = (await ada.api.post(f"{path}/pull", {"reason": "A flood", "title": "Flood"})).json()
    assert (pulled["state"], pulled["pull"]["until"]) == ("pulled", "2026-05-04T13:00:00.000Z")
    await ada.api.post(f"{path}/pull", expect=409)
    assert "moderation" in await new.post("Good day")
    incident = (await ada.api.post(f"{path}/release", {"publish_held": True})).json()
    assert (incident["state"], incident["title"], incident["pulls"][0]["lever"]) == (
        "due",
        "Flood",
        "hold-new-accounts",
    )
    await ada.api.post(f"{path}/release", expect=409)
    assert "moderation" not in await new.post("Good evening")
    where = f"{BASE}/incidents/{incident['id']}"
    await ada.api.post(f"{where}/debrief", {"debrief": "short"}, expect=422)
    done = (await ada.api.post(f"{where}/debrief", {"debrief": "It was one network of sixty accounts."})).json()
    assert done["state"] == "closed"
    assert [each["state"] for each in (await ada.api.get(f"{BASE}/incidents")).json()] == ["closed"]
    assert (await ada.api.get(where)).json() == done
    assert (await ada.api.post(f"{path}/disarm")).json()["state"] == "ready"


async def test_everything_is_shown_at_a_glance_and_the_brake_can_be_set(world: World) -> None:
    ada = await world.person("ada", role="admin", scopes=SCOPES)
    await make_cases(world, 30, hours_ago=30)
    shown = (await ada.api.put(f"{BASE}/brake", {"limit_hours": 5, "least_backlog": 10})).json()
    assert len(shown["levers"]) == 6
    assert shown["brake"] == {
        "on": True, "limit_hours": 5.0, "least_backlog": 10, "backlog": 30, "opened": 0, "closed": 0, "hours": None,
        "alarming": True, "pull": None,
    }  # fmt: skip
    assert (await ada.api.get(BASE)).json() == shown
    await ada.api.put(f"{BASE}/brake", {"limit_hours": 0}, expect=422)


async def test_bad_input_is_refused_with_the_bounds(world: World) -> None:
    ada = await world.person("ada", role="admin", scopes=SCOPES)
    answer = await ada.api.post(f"{BASE}/slow-mode/arm", {"seconds": 1}, expect=422)
    assert "between 5 and 86400" in answer.json()["error"]
    answer = await ada.api.post(f"{BASE}/slow-mode/arm", {"favourites": True}, expect=422)
    assert "is no parameter of slow-mode" in answer.json()["error"]
    await ada.api.post(f"{BASE}/slow-mode/arm", {"trigger": "weather"}, expect=422)
    await ada.api.post(f"{BASE}/slow-mode/pull", {"lasts": 10}, expect=422)
    await ada.api.post(f"{BASE}/nothing/pull", expect=404)
    await ada.api.get(f"{BASE}/growth-brake", expect=404)
    await ada.api.get(f"{BASE}/incidents/1", expect=404)


async def test_only_those_with_the_permission_act_and_only_staff_look(world: World) -> None:
    mod = await world.person("mod", role="moderator", scopes=SCOPES)
    reader = await world.person("reader", scopes=SCOPES)
    await mod.api.get(BASE)
    await mod.api.post(f"{BASE}/slow-mode/pull", expect=403)
    await reader.api.get(BASE, expect=403)
    await world.anyone.get(BASE, expect=401)
    weak = await world.person("weak", role="admin", scopes="read write")
    await weak.api.get(BASE, expect=403)


async def test_the_mode_that_a_lever_makes_is_not_kept_when_settings_are_saved(world: World) -> None:
    ada = await world.person("ada", role="admin", scopes=SCOPES)
    cache = world.res.instance
    await change_settings(world.db, world.clock, cache.defaults, actor_id=None, changes={"registrations_mode": "open"})
    cache.forget()
    await ada.api.post(f"{BASE}/sign-ups-invitation/pull")
    assert (await cache.settings(world.db)).registrations_mode == "invite"
    assert (await cache.configured(world.db)).registrations_mode == "open"


async def test_incidents_take_as_many_statements_for_twenty_as_for_one_and_come_in_pages(world: World) -> None:
    ada = await world.person("ada", role="admin", scopes=SCOPES)
    counts: list[int] = []
    for many in (1, 24):
        for _ in range(many):
            await ada.api.post(f"{BASE}/slow-mode/pull")
            await ada.api.post(f"{BASE}/slow-mode/release")
            # Another day, another incident.
            world.clock.tick(hours=25)
        counts.append(len(await world.statements(lambda: ada.api.get(f"{BASE}/incidents"))))
    assert counts[0] == counts[1]
    first = await ada.api.get(f"{BASE}/incidents")
    assert len(first.json()) == 20
    second = await ada.api.get(str(link(first, "next")))
    assert [len(each["pulls"]) for each in second.json()] == [1] * 5
    assert link(second, "next") is None
