"""Pages over HTTP, as a visitor and as somebody who has signed in."""

from __future__ import annotations

import re

from tests.web.browser import Browser
from tests.world import World


async def test_a_visitor_sees_the_front_door_and_public_pages(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("Hello #rome")
    await world.settle()
    visitor = Browser(world)
    assert "Hello" in await visitor.get("/")
    for path in (
        "/about",
        "/public",
        "/public/local",
        "/tags/rome",
        "/@alice",
        "/@alice/with_replies",
        "/@alice/media",
        "/@alice/followers",
        "/@alice/following",
        "/keyboard",
        "/offline",
        "/manifest.webmanifest",
    ):
        await visitor.get(path)
    await visitor.get("/@nobody", expect=404)
    await visitor.get("/nothing/here", expect=404)


async def test_home_shows_what_the_api_shows(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await bob.follow(alice)
    await world.settle()
    await alice.post("From alice")
    await world.settle()
    browser = await Browser.of(world, bob)
    assert "From alice" in await browser.get("/home")


async def test_following_from_a_profile_works_without_script(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    browser = await Browser.of(world, bob)
    await browser.get("/@alice")
    await browser.post(f"/web/accounts/{alice.id}/follow", return_to="/@alice")
    assert "/unfollow" in browser.page
    relation = (await bob.api.get(f"/api/v1/accounts/relationships?id[]={alice.id}")).json()[0]
    assert relation["following"] is True


async def test_a_form_without_the_token_changes_nothing(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    browser = await Browser.of(world, bob)
    await browser.post(f"/web/accounts/{alice.id}/follow", expect=422)
    relation = (await bob.api.get(f"/api/v1/accounts/relationships?id[]={alice.id}")).json()[0]
    assert relation["following"] is False


async def test_static_files_may_be_kept_for_good_under_their_marked_address(world: World) -> None:
    page = await Browser(world).get("/")
    address = re.search(r'href="(/static/rostra\.css\?v=\w+)"', page)
    assert address
    answer = await world.http.get(address[1], headers={"accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    again = await world.http.get(address[1], headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert (await world.http.get("/static/../resources.py")).status_code == 404
    assert (await world.http.get("/avatars/original/missing.png")).headers["content-type"] == "image/png"


async def test_every_page_of_a_person_answers(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await alice.post("hi @bob")
    await world.settle()
    browser = await Browser.of(world, alice)
    for path in (
        "/home",
        "/public",
        "/@alice",
        "/@bob",
        "/notifications",
        "/notifications?filter=mentions",
        "/lists",
        "/follow_requests",
        "/settings",
        "/settings/profile",
        "/settings/preferences",
        "/settings/filters",
        "/settings/filters/new",
        "/settings/mutes",
        "/settings/blocks",
        "/settings/domain_blocks",
        f"/report?account_id={bob.id}",
        f"/web/accounts/{bob.id}/mute",
        f"/web/accounts/{bob.id}/block",
    ):
        await browser.get(path)
    browser = await Browser.of(world, bob)
    assert "hi" in await browser.get("/notifications")


async def test_a_profile_is_saved_and_a_refused_one_comes_back_with_its_words(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    await browser.get("/settings/profile")
    for body in (b"hello", b'<svg xmlns="http://www.w3.org/2000/svg"/>', b"\0\0\0\x18ftypmp42", b"\0\0\0\x18ftypheic"):
        page = await browser.post("/settings/profile", 422, display_name="Alice", files={"avatar": ("a.png", body)})
        assert page.count("This cannot be used as a picture: JPEG, PNG, GIF, WebP and AVIF can.") == 2
    await browser.post("/settings/profile", display_name="Alice of Rome", note="Bakes.", locked="1")
    account = (await alice.api.get("/api/v1/accounts/verify_credentials")).json()
    assert (account["display_name"], account["source"]["note"], account["locked"]) == ("Alice of Rome", "Bakes.", True)
    await browser.post("/settings/profile", expect=422, display_name="x" * 50, note="kept words")
    assert "kept words" in browser.page


async def test_filters_lists_and_reports_work_without_script(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    browser = await Browser.of(world, alice)
    await browser.get("/settings/filters/new")
    await browser.post("/settings/filters", **{
        "title": "Bread", "context[]": "home", "keywords_attributes[0][keyword]": "bread",
        "keywords_attributes[0][whole_word]": "1", "keywords_attributes[1][keyword]": "",
    })  # fmt: skip
    made = (await alice.api.get("/api/v2/filters")).json()[0]
    assert [word["keyword"] for word in made["keywords"]] == ["bread"]
    await browser.get("/lists")
    await browser.post("/web/lists", title="Bakers")
    found = (await alice.api.get("/api/v1/lists")).json()[0]
    await browser.post(f"/web/lists/{found['id']}/accounts", acct="bob")
    assert [a["id"] for a in (await alice.api.get(f"/api/v1/lists/{found['id']}/accounts")).json()] == [bob.id]
    await browser.post(f"/web/lists/{found['id']}/accounts", expect=422, acct="nobody")
    await browser.get(f"/report?account_id={bob.id}")
    await browser.post("/web/reports", account_id=bob.id, reason="other", comment="spam")
    assert await world.db.connection.fetchval("select count(*) from reports where target_id = $1", bob.account_id) == 1


async def test_somebody_is_put_on_a_list_from_their_profile(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    made = (await alice.api.post("/api/v1/lists", {"title": "Bakers"})).json()
    browser = await Browser.of(world, alice)
    found = re.search(r'href="(/lists\?[^"]+)"', await browser.get("/@bob"))
    assert found
    assert "Put @bob on a list" in await browser.get(found[1])
    await browser.post(f"/web/lists/{made['id']}/accounts", acct=browser.value("acct"), return_to=found[1])
    assert "On it" in browser.page


async def test_an_address_with_letters_where_a_number_belongs_leads_nowhere(world: World) -> None:
    browser = await Browser.of(world, await world.person("nora", role="admin"))
    for path in ("/admin/notices/held", "/admin/desk/cases/first", "/settings/decisions/x"):
        await browser.get(path, expect=404)


async def test_saving_the_preferences_as_they_are_changes_nothing(world: World) -> None:
    alice = await world.person("alice")
    browser = await Browser.of(world, alice)
    for language, privacy in ((None, "public"), ("pt-BR", "direct"), ("de", "private")):
        source = {"language": language or "", "privacy": privacy}
        await alice.api.request("PATCH", "/api/v1/accounts/update_credentials", json={"source": source})
        page = await browser.get("/settings/preferences")
        fields = {
            name: re.findall(r'<option value="([^"]*)" selected', found)
            for name, found in re.findall(r'<select id="[^"]*" name="([^"]*)".*?>(.*?)</select>', page, re.DOTALL)
        }
        assert all(len(chosen) == 1 for chosen in fields.values()), fields
        await browser.post("/settings/preferences", **{name: chosen[0] for name, chosen in fields.items()})
        kept = (await alice.api.get("/api/v1/accounts/verify_credentials")).json()["source"]
        assert (kept["language"], kept["privacy"]) == (language, privacy)
        composer = re.findall(r'<option value="([^"]*)" selected', await browser.get("/compose"))
        assert (language or "en") in composer
