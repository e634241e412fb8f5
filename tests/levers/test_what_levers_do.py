"""The effect of each lever from outside, through HTTP, and that releasing it undoes everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.instance.settings import change_settings
from rostra.levers.active import ActiveLevers
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.expiry import expire_holds
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft
from tests.levers.levers import pull_lever, release_lever
from tests.web.browser import Browser
from tests.world import Person, World


async def refused(person: Person, text: str, status: int, **more: Any) -> str:
    """What the author reads of a post that is not taken."""
    answer = await person.api.post("/api/v1/statuses", {"status": text, **more}, expect=status)
    return answer.json()["error"]


async def label(world: World, status: dict[str, Any]) -> None:
    """Have a post bear a label."""
    labels = [{"id": "rumour", "title": {"en": "Rumour"}}]
    await world.db.connection.execute("update statuses set labels = $2 where id = $1", int(status["id"]), labels)


async def set_mode(world: World, mode: str) -> None:
    cache = world.res.instance
    changes = {"registrations_mode": mode}
    await change_settings(world.db, world.clock, cache.defaults, actor_id=None, changes=changes)
    cache.forget()


async def sign_up(world: World, username: str, expect: int, **more: Any) -> Any:
    await world.token_for(None, f"app-{username}", "read write")
    wish = {
        "username": username, "email": f"{username}@example.com", "password": "correct horse battery",
        "agreement": True, "locale": "en", **more,
    }  # fmt: skip
    headers = {"authorization": f"Bearer app-{username}"}
    return (await world.anyone.post("/api/v1/accounts", wish, headers=headers, expect=expect)).json()


async def test_posts_of_new_accounts_wait_and_older_accounts_post(world: World) -> None:
    old = await world.person("old")
    world.clock.tick(hours=100)
    new, mod = await world.person("new"), await world.person("mod", role="moderator")
    await pull_lever(world, "hold-new-accounts", hours=72)
    waits = await new.post("Good morning")
    assert waits["moderation"]["withheld"] == "review"
    await old.api.get(f"/api/v1/statuses/{waits['id']}", expect=404)
    for person in (old, mod):
        assert "moderation" not in await person.post("Good morning")
    hold = await world.db.connection.fetchrow("select * from holds")
    assert hold is not None
    assert (hold["rule"], hold["clause"], hold["expires_to"]) == ("lever:hold-new-accounts", "", "release")
    assert "new accounts are looked at by a person" in hold["reason"]["en"]
    assert "nuovi account" in hold["reason"]["it"]
    world.clock.tick(hours=23, minutes=59)
    assert (await new.post("And again"))["moderation"]["withheld"] == "review"


async def test_private_posts_are_held_only_where_that_is_set(world: World) -> None:
    new = await world.person("new")
    await pull_lever(world, "hold-new-accounts", reach="public")
    assert "moderation" not in await new.post("For friends", visibility="private")
    await release_lever(world, "hold-new-accounts")
    await pull_lever(world, "hold-new-accounts", reach="all", unseen="refuse")
    assert (await new.post("For friends too", visibility="private"))["moderation"]["withheld"] == "review"
    assert await world.db.connection.fetchval("select expires_to from holds") == "refuse"


async def test_an_edit_of_a_new_account_waits_too(world: World) -> None:
    new = await world.person("new")
    posted = await new.post("Good morning")
    await pull_lever(world, "hold-new-accounts")
    edited = (await new.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "Something else"})).json()
    assert edited["moderation"]["withheld"] == "review"


async def test_what_only_the_lever_held_can_be_published_when_it_is_released(world: World) -> None:
    new, bob = await world.person("new"), await world.person("bob")
    await pull_lever(world, "hold-new-accounts")
    waits = await new.post("Good morning")
    await release_lever(world, "hold-new-accounts", publish_held=True)
    # The clock that decides what nobody has looked at comes once a minute.
    await expire_holds(world.res.desk)
    await world.settle()
    shown = (await bob.api.get(f"/api/v1/statuses/{waits['id']}")).json()
    assert shown.get("moderation") is None
    assert "moderation" not in await new.post("Good evening")


async def test_new_accounts_cannot_post_links_and_are_told_until_when(world: World) -> None:
    old = await world.person("old")
    world.clock.tick(hours=100)
    new = await world.person("new")
    await pull_lever(world, "links-off-new", hours=72)
    said = await refused(new, "See https://shop.example/offer", 422)
    assert "new accounts cannot post links (until 2026-05-09 16:00 UTC)" in said
    assert "send it again" not in said
    # Insisting does not help: a person would only say the same.
    await refused(new, "See https://shop.example/offer", 422)
    await new.post("Good morning")
    await old.post("See https://shop.example/offer")
    await release_lever(world, "links-off-new")
    await new.post("See https://shop.example/offer")


async def test_a_refusal_is_said_in_the_authors_language(world: World) -> None:
    new = await world.person("nuova", locale="it")
    await pull_lever(world, "links-off-new")
    assert "i nuovi account non possono pubblicare link" in await refused(new, "Ecco https://shop.example", 422)


async def test_slow_mode_lets_each_post_once_in_a_while(world: World) -> None:
    ada, bob, mod = await world.person("ada"), await world.person("bob"), await world.person("mod", role="moderator")
    await pull_lever(world, "slow-mode", seconds=300, who="all")
    await ada.post("One")
    world.clock.tick(seconds=100)
    answer = await ada.api.post("/api/v1/statuses", {"status": "Two"}, expect=429)
    assert answer.json()["error"] == (
        "For the time being you can post once every 5 minutes. You can post again at 12:05:00 UTC."
    )
    assert answer.headers["retry-after"] == "200"
    await bob.post("One")
    await mod.post("One")
    await mod.post("Two")
    world.clock.tick(seconds=200)
    await ada.post("Two")
    await release_lever(world, "slow-mode")
    await ada.post("Three")
    await ada.post("Four")
    assert await world.db.connection.fetchval("select count(*) from lever_turns") == 0


async def test_slow_mode_can_be_for_new_accounts_only(world: World) -> None:
    old = await world.person("old")
    world.clock.tick(hours=100)
    new = await world.person("new")
    await pull_lever(world, "slow-mode", seconds=60, who="new", hours=72)
    for person, expect in ((old, 200), (new, 429)):
        await person.post("One")
        await person.api.post("/api/v1/statuses", {"status": "Two"}, expect=expect)


async def test_a_refused_draft_takes_no_turn(world: World) -> None:
    ada = await world.person("ada")
    await pull_lever(world, "slow-mode", seconds=60, who="all")
    await refused(ada, "", 422)
    await ada.post("One")


async def test_a_scheduled_post_waits_its_turn(world: World) -> None:
    ada = await world.person("ada")
    at = world.clock.now() + timedelta(minutes=10)
    for text in ("First", "Second"):
        await ada.api.post("/api/v1/statuses", {"status": text, "scheduled_at": at.isoformat()})
    await pull_lever(world, "slow-mode", seconds=600, who="all")
    path = f"/api/v1/accounts/{ada.id}/statuses"
    world.at(at)
    await world.settle()
    assert len((await ada.api.get(path)).json()) == 1
    world.clock.tick(seconds=600)
    await world.settle()
    assert len((await ada.api.get(path)).json()) == 2


async def test_labelled_posts_cannot_be_boosted(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob", locale="it")
    odd, plain = await ada.post("It is said"), await ada.post("It is so")
    await label(world, odd)
    await pull_lever(world, "labelled-boosts-off")
    answer = await bob.api.post(f"/api/v1/statuses/{odd['id']}/reblog", expect=422)
    said = answer.json()["error"]
    assert said == "Per ora i post con un’etichetta non possono essere condivisi (fino al 2026-05-05 12:00 UTC)."
    await bob.api.post(f"/api/v1/statuses/{plain['id']}/reblog")
    await bob.api.post(f"/api/v1/statuses/{odd['id']}/favourite")
    await bob.post("No", in_reply_to_id=odd["id"])
    await release_lever(world, "labelled-boosts-off")
    await bob.api.post(f"/api/v1/statuses/{odd['id']}/reblog")


async def test_favourites_and_replies_of_labelled_posts_can_be_off_too(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    odd = await ada.post("It is said")
    await label(world, odd)
    await pull_lever(world, "labelled-boosts-off", favourites=True, replies=True)
    await bob.api.post(f"/api/v1/statuses/{odd['id']}/favourite", expect=422)
    assert "cannot be answered" in await refused(bob, "No", 422, in_reply_to_id=odd["id"])
    await bob.api.post(f"/api/v1/statuses/{odd['id']}/bookmark")


@pytest.mark.parametrize("name", ["sign-ups-approval", "sign-ups-invitation"])
async def test_sign_ups_are_stricter_while_the_lever_holds_and_apps_see_it(world: World, name: str) -> None:
    await set_mode(world, "open")
    before = (await world.anyone.get("/api/v2/instance")).json()["registrations"]
    assert (before["enabled"], before["approval_required"]) == (True, False)
    await pull_lever(world, name)
    by_approval = name == "sign-ups-approval"
    new = (await world.anyone.get("/api/v2/instance")).json()["registrations"]
    assert (new["enabled"], new["approval_required"]) == (by_approval, by_approval)
    assert "For the time being" in new["message"]
    old = (await world.anyone.get("/api/v1/instance")).json()
    assert (old["registrations"], old["approval_required"]) == (by_approval, by_approval)
    page = await world.http.get("/auth/sign_up")
    assert ('name="password"' in page.text) == by_approval
    assert "For the time being" in page.text
    if by_approval:
        await sign_up(world, "late", 422)
        await sign_up(world, "late2", 200, reason="I would like to read")
        user = await world.db.connection.fetchrow("select approved_at from users where email = 'late2@example.com'")
        assert user is not None
        assert user["approved_at"] is None
    else:
        assert "invite_code" in (await sign_up(world, "late", 422, reason="Please"))["details"]
    await world.res.screen.levers.flush(world.db)
    did = await world.db.connection.fetchrow("select held, refused from lever_pulls")
    assert did is not None
    assert tuple(did) == ((1, 0) if by_approval else (0, 1))
    await release_lever(world, name)
    assert (await world.anyone.get("/api/v2/instance")).json()["registrations"] == before
    await sign_up(world, "free", 200)


async def test_a_lever_never_opens_what_is_closed(world: World) -> None:
    await set_mode(world, "closed")
    await pull_lever(world, "sign-ups-approval")
    assert not (await world.anyone.get("/api/v2/instance")).json()["registrations"]["enabled"]
    await sign_up(world, "late", 403)


async def test_a_lever_ends_by_itself_to_the_second_before_anybody_has_noted_it(world: World) -> None:
    new = await world.person("new")
    await pull_lever(world, "hold-new-accounts", lasts=timedelta(minutes=5), hours=72)
    world.clock.tick(minutes=4, seconds=59)
    assert "moderation" in await new.post("Good morning")
    world.clock.tick(seconds=1)
    assert "moderation" not in await new.post("Good evening")


async def test_another_process_sees_a_pull_within_two_seconds(world: World) -> None:
    other = ActiveLevers(world.clock)
    assert (await other.current(world.db)).find("slow-mode", world.clock.now()) is None
    await pull_lever(world, "slow-mode")
    world.clock.tick(seconds=2)
    assert (await other.current(world.db)).find("slow-mode", world.clock.now()) is not None
    await release_lever(world, "slow-mode")
    world.clock.tick(seconds=2)
    assert (await other.current(world.db)).find("slow-mode", world.clock.now()) is None


async def test_posting_reads_nothing_of_levers_but_once_in_a_while(world: World) -> None:
    ada = await world.person("ada")
    await ada.post("Good morning")
    quiet = await world.statements(lambda: ada.post("Good day"))
    assert not [text for text in quiet if "lever" in text]
    await pull_lever(world, "labelled-boosts-off")
    await pull_lever(world, "sign-ups-invitation")
    await ada.post("Good evening")
    pulled = await world.statements(lambda: ada.post("Good night"))
    assert pulled == quiet


async def test_what_a_lever_did_is_counted(world: World) -> None:
    new = await world.person("new")
    pull_id = await pull_lever(world, "hold-new-accounts")
    await pull_lever(world, "links-off-new")
    await new.post("Good morning")
    await new.post("Good day")
    await refused(new, "https://shop.example", 422)
    await world.res.screen.levers.flush(world.db)
    rows = await world.db.connection.fetch("select name, held, refused from lever_pulls order by id")
    assert [tuple(row) for row in rows] == [("hold-new-accounts", 2, 0), ("links-off-new", 0, 1)]
    assert pull_id


async def test_the_slow_mode_and_labelled_posts_are_explained_on_the_pages(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob", locale="it")
    odd = await ada.post("It is said")
    await label(world, odd)
    await pull_lever(world, "slow-mode", seconds=300, who="all")
    await pull_lever(world, "labelled-boosts-off")
    browser = await Browser.of(world, bob)
    await browser.get("/home")
    await browser.post("/web/statuses", status="Uno", visibility="public")
    await browser.get("/home")
    page = await browser.post("/web/statuses", 422, status="Due", visibility="public")
    assert "Puoi pubblicare di nuovo alle 12:05:00 UTC" in page
    assert "Due</textarea>" in page
    await browser.get(f"/@ada/{odd['id']}")
    page = await browser.post(f"/web/statuses/{odd['id']}/reblog")
    assert "non possono essere condivisi" in page


async def test_a_reviewer_publishes_what_a_lever_holds_and_what_nobody_sees_in_time_is_published_too(
    world: World,
) -> None:
    new, mod = await world.person("new"), await world.person("mod", role="moderator")
    await pull_lever(world, "hold-new-accounts", lasts=timedelta(days=30), hours=24 * 30)
    first, second = await new.post("Good morning"), await new.post("Good day")
    reviewer = Reviewer(account_id=mod.account_id, role="moderator")
    await decide_subject(world.res.desk, reviewer, "status", int(first["id"]), Draft(outcome="ok", revision=0))
    await world.settle()
    path = "/api/v1/statuses/{}"
    assert "moderation" not in (await mod.api.get(path.format(first["id"]))).json()
    await mod.api.get(path.format(second["id"]), expect=404)
    world.clock.tick(hours=73)
    await expire_holds(world.res.desk)
    await world.settle()
    assert "moderation" not in (await mod.api.get(path.format(second["id"]))).json()


async def test_where_it_is_so_set_what_nobody_sees_in_time_is_refused(world: World) -> None:
    new = await world.person("new")
    await pull_lever(world, "hold-new-accounts", lasts=timedelta(days=30), unseen="refuse")
    held = await new.post("Good morning")
    world.clock.tick(hours=73)
    await expire_holds(world.res.desk)
    world.clock.tick(minutes=1)
    await world.settle()
    shown = (await new.api.get(f"/api/v1/statuses/{held['id']}")).json()
    assert shown["moderation"]["withheld"] == "refused"
    assert await world.db.connection.fetchval("select count(*) from moderation_events where type = 'strike'") == 0
