"""What sanctions do and leave, seen from outside: applied, reversed, and ended by time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.accounts.passwords import Passwords
from rostra.moderation.decisions.expiry import expire_actions
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.records import Wish
from tests.api.pictures import upload
from tests.appeals.court import later, people, told
from tests.moderation.desk import act, drafted, reviewer
from tests.web.browser import Browser
from tests.world import Person, World


async def sanction(world: World, kind: Any, target: Person, mod: Person, **more: Any) -> int:
    wish = Wish(kind=kind, on="account", **more)
    made = await act(world, "account", target.id, drafted("violates", wish, clause="words", revision=None), mod)
    await told(world)
    return made


async def test_a_frozen_account_reads_and_does_nothing_that_others_see(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    own, other = await ada.post("A carrot"), await bob.post("A radish")
    poll = await bob.post("Which?", poll={"options": ["a", "b"], "expires_in": 3600})
    await sanction(world, "freeze", ada, mod)
    acts: list[tuple[str, str, Any]] = [
        ("POST", "/api/v1/statuses", {"status": "Another"}),
        ("PUT", f"/api/v1/statuses/{own['id']}", {"status": "Changed"}),
        ("POST", f"/api/v1/statuses/{other['id']}/reblog", None),
        ("POST", f"/api/v1/statuses/{other['id']}/favourite", None),
        ("POST", f"/api/v1/accounts/{bob.id}/follow", None),
        ("POST", f"/api/v1/polls/{poll['poll']['id']}/votes", {"choices": [0]}),
        ("PATCH", "/api/v1/accounts/update_credentials", {"display_name": "Someone"}),
        ("POST", f"/api/v1/statuses/{own['id']}/pin", None),
        ("POST", "/api/v1/tags/garden/follow", None),
        ("POST", "/api/v2/media", None),
    ]
    for method, path, body in acts:
        answer = await ada.api.request(method, path, expect=403, **({"json": body} if body else {}))
        assert answer.json()["error"] == "This action is not allowed", path
    for path in ("/api/v1/timelines/home", "/api/v1/notifications", f"/api/v1/statuses/{other['id']}"):
        await ada.api.get(path)
    await bob.api.get(f"/api/v1/statuses/{own['id']}")
    for path in (
        f"/api/v1/statuses/{other['id']}/bookmark",
        f"/api/v1/accounts/{bob.id}/mute",
        f"/api/v1/accounts/{bob.id}/block",
        "/api/v1/notifications/clear",
    ):
        await ada.api.post(path)
    await ada.api.post("/api/v1/markers", {"notifications": {"last_read_id": "1"}})
    await ada.api.post("/api/v2/filters", {"title": "x", "context": ["home"]})
    await ada.api.delete(f"/api/v1/statuses/{own['id']}")


async def test_a_freeze_holds_on_the_web_and_says_why(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    other = await bob.post("A radish")
    made = await sanction(world, "freeze", ada, mod, lasts=timedelta(days=2))
    browser = await Browser.of(world, ada)
    page = await browser.get("/home")
    assert "Your account is frozen" in page
    refused = await browser.post("/web/statuses", expect=403, status="Another")
    assert f"/settings/decisions/{made}" in refused
    assert "This ends by itself" in refused
    await browser.get(f"/@bob/{other['id']}")
    await browser.post(f"/web/accounts/{bob.id}/follow", expect=403)
    await browser.get(f"/@bob/{other['id']}")
    await browser.post(f"/web/statuses/{other['id']}/bookmark")
    await browser.get("/settings/sessions")


async def test_a_freeze_ends_by_reversal_and_by_time(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    made = await sanction(world, "freeze", ada, mod)
    await reverse(world.res.desk, reviewer(mod), made, "review")
    assert (await ada.post("Back"))["content"] == "<p>Back</p>"
    await sanction(world, "freeze", ada, mod, lasts=timedelta(hours=1))
    await ada.api.post("/api/v1/statuses", {"status": "No"}, expect=403)
    later(world, hours=2)
    assert await expire_actions(world.res.desk) == 1
    assert (await ada.post("Again"))["content"] == "<p>Again</p>"


async def test_what_a_frozen_account_had_scheduled_is_not_published(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    due = (world.clock.now() + timedelta(hours=1)).isoformat()
    await ada.api.post("/api/v1/statuses", {"status": "Later", "scheduled_at": due})
    await sanction(world, "freeze", ada, mod)
    later(world, hours=2)
    await world.settle()
    assert (
        await world.db.connection.fetchval("select count(*) from statuses where account_id = $1", ada.account_id) == 0
    )


async def homes(world: World, person: Person) -> list[str]:
    return [status["id"] for status in (await person.api.get("/api/v1/timelines/home")).json()]


async def entries_of(world: World, author: Person) -> int:
    counted = await world.db.connection.fetchval(
        "select count(*) from home_entries where author_id = $1", author.account_id
    )
    return int(counted or 0)


async def test_a_suspended_account_is_hidden_everywhere_and_comes_back_wholly(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    await bob.follow(ada)
    await world.settle()
    posted = await ada.post("A carrot #garden")
    await world.settle()
    assert await homes(world, bob) == [posted["id"]]
    made = await sanction(world, "suspend", ada, mod)
    assert await homes(world, bob) == []
    assert await entries_of(world, ada) == 0
    await bob.api.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    profile = (await bob.api.get(f"/api/v1/accounts/{ada.id}")).json()
    assert profile["suspended"] is True
    assert (await world.anyone.get("/api/v1/timelines/tag/garden")).json() == []
    answer = await ada.api.get("/api/v1/timelines/home", expect=403)
    assert answer.json()["error"] == "Your login is currently disabled"
    relation = (await bob.api.get(f"/api/v1/accounts/relationships?with_suspended=true&id[]={ada.id}")).json()[0]
    assert relation["following"] is True
    await reverse(world.res.desk, reviewer(mod), made, "review")
    await world.settle()
    assert await homes(world, bob) == [posted["id"]]
    assert await entries_of(world, ada) == 2
    assert "suspended" not in (await bob.api.get(f"/api/v1/accounts/{ada.id}")).json()
    await ada.api.get("/api/v1/timelines/home")


async def test_a_suspension_ends_by_itself_and_a_reviewer_looks_at_the_account(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    await bob.follow(ada)
    posted = await ada.post("A carrot")
    await world.settle()
    await sanction(world, "suspend", ada, mod, lasts=timedelta(days=1))
    assert await homes(world, bob) == []
    later(world, days=2)
    await expire_actions(world.res.desk)
    await world.settle()
    assert await homes(world, bob) == [posted["id"]]
    assert await world.db.connection.fetchval("select source from cases where state = 'queued'") == "expiry"


async def test_suspended_people_sign_in_and_see_what_was_decided_and_no_more(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    password = await Passwords(world.res.settings).hash("carrots are orange")
    await world.db.connection.execute(
        "update users set password_hash = $2 where account_id = $1", ada.account_id, password
    )
    made = await sanction(world, "suspend", ada, mod)
    browser = Browser(world)
    await browser.get("/auth/sign_in")
    await browser.post("/auth/sign_in", login="ada", password="carrots are orange")
    assert browser.path == "/settings/decisions"
    assert f"/settings/decisions/{made}" in browser.page
    for path in ("/settings/profile", "/notifications", "/@ada", "/explore", "/compose"):
        assert "Your account is suspended" in await browser.get(path, expect=403)
    await browser.get("/home")
    assert browser.path == "/settings/decisions"
    await browser.post("/web/statuses", expect=403, status="No")
    for path in ("/policy", "/settings/reports", "/legal/notice", "/settings/decisions"):
        await browser.get(path)
    await browser.post("/auth/sign_out")
    assert browser.path == "/"


async def test_who_has_left_cannot_sign_in(world: World) -> None:
    (ada,) = await people(world, "ada")
    browser = await Browser.of(world, ada)
    await world.db.connection.execute(
        "update accounts set suspended_at = $2 where id = $1", ada.account_id, world.clock.now()
    )
    await browser.get("/settings/decisions")
    assert browser.path.startswith("/auth/sign_in")


async def test_a_limited_account_reaches_followers_only(world: World) -> None:
    ada, bob, eve, mod = await people(world, "adamant", "bob", "eve", "mod")
    await bob.follow(ada)
    await world.settle()
    made = await sanction(world, "limit", ada, mod)
    posted = await ada.post("A carrot for @eve #garden")
    await world.settle()
    assert await homes(world, bob) == [posted["id"]]

    async def seen() -> dict[str, Any]:
        return {
            "public": (await eve.api.get("/api/v1/timelines/public")).json(),
            "tag": (await eve.api.get("/api/v1/timelines/tag/garden")).json(),
            "people": (await eve.api.get("/api/v2/search", {"q": "adam", "type": "accounts"})).json()["accounts"],
        }

    assert await seen() == {"public": [], "tag": [], "people": []}
    assert (await eve.api.get("/api/v1/notifications")).json() == []
    assert (await eve.api.get(f"/api/v1/accounts/{ada.id}")).json()["limited"] is True
    await reverse(world.res.desk, reviewer(mod), made, "review")
    assert all((await seen()).values())


@pytest.mark.parametrize("lasts", [None, timedelta(hours=1)])
async def test_a_sensitive_account_has_all_its_media_covered_new_ones_too(
    world: World, lasts: timedelta | None
) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    before = await ada.post("Old", media_ids=[await picture(ada)])
    made = await sanction(world, "sensitive", ada, mod, lasts=lasts)
    after = await ada.post("New", media_ids=[await picture(ada)])
    plain = await ada.post("No picture")

    async def covered(status_id: str) -> bool:
        return (await bob.api.get(f"/api/v1/statuses/{status_id}")).json()["sensitive"]

    assert [await covered(one["id"]) for one in (before, after, plain)] == [True, True, False]
    if lasts is None:
        await reverse(world.res.desk, reviewer(mod), made, "review")
    else:
        later(world, hours=2)
        await expire_actions(world.res.desk)
    assert [await covered(one["id"]) for one in (before, after, plain)] == [False, False, False]


async def picture(person: Person) -> str:
    return (await upload(person))["id"]
