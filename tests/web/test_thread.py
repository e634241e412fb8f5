"""One post with its conversation, history and people; what is kept; who may see it."""

from __future__ import annotations

from tests.web.browser import Browser
from tests.world import World


async def test_a_thread_shows_what_came_before_and_after(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    first = await alice.post("The first word")
    middle = await bob.post("@alice the second word", in_reply_to_id=first["id"])
    await alice.post("@bob the third word", in_reply_to_id=middle["id"])
    for browser in (Browser(world), await Browser.of(world, alice)):
        page = (await browser.get(f"/@bob/{middle['id']}")).partition("<main")[2]
        assert page.index("The first word") < page.index("the second word") < page.index("the third word")
    assert browser.value("in_reply_to_id") == middle["id"]
    assert "@bob </textarea>" in browser.page
    assert 'name="in_reply_to_id"' not in await Browser(world).get(f"/@bob/{middle['id']}")


async def test_an_address_under_another_s_name_leads_to_the_right_one(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Hello")
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    browser = Browser(world)
    for path in (f"/@bob/{status['id']}", f"/@bob/{boost['id']}", f"/@alice/0{status['id']}"):
        await browser.get(path)
        assert browser.path == f"/@alice/{status['id']}"
    await browser.get(f"/@bob/{status['id']}/favourites")
    assert browser.path == f"/@alice/{status['id']}/favourites"
    await browser.get(f"/@bob/{status['id']}/history")
    assert browser.path == f"/@alice/{status['id']}/history"


async def test_what_one_may_not_see_is_not_there(world: World) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    await bob.follow(alice)
    status = await alice.post("For followers", visibility="private")
    for who, code in (
        (Browser(world), 404),
        (await Browser.of(world, carol), 404),
        (await Browser.of(world, bob), 200),
    ):
        for part in ("", "/history", "/favourites", "/reblogs"):
            await who.get(f"/@alice/{status['id']}{part}", expect=code)
    for number in ("1", "x", "99999999999999999999999", "9223372036854775807", "-1", "²"):
        await Browser(world).get(f"/@alice/{number}", expect=404)


async def test_the_people_of_a_post_are_listed(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Hello")
    await bob.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    browser = await Browser.of(world, alice)
    assert "@bob" in await browser.get(f"/@alice/{status['id']}/favourites")
    assert "@bob" not in await browser.get(f"/@alice/{status['id']}/reblogs")
    await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")
    assert "@bob" in await browser.get(f"/@alice/{status['id']}/reblogs")


async def test_a_history_shows_every_version(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("Brread")
    await alice.api.put(f"/api/v1/statuses/{status['id']}", {"status": "Bread"})
    page = await Browser(world).get(f"/@alice/{status['id']}/history")
    assert page.index("Bread") < page.index("Brread")


async def test_what_was_kept_is_found_again(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    kept, liked = await alice.post("Kept words"), await alice.post("Liked words")
    await bob.api.post(f"/api/v1/statuses/{kept['id']}/bookmark")
    await bob.api.post(f"/api/v1/statuses/{liked['id']}/favourite")
    browser = await Browser.of(world, bob)
    page = await browser.get("/bookmarks")
    assert "Kept words" in page
    assert "Liked words" not in page
    assert "Liked words" in await browser.get("/favourites")


async def test_the_addresses_that_stand_for_people_and_posts_lead_to_their_pages(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("Hello")
    hidden = await alice.post("For followers", visibility="private")
    browser = Browser(world)
    await browser.get(status["account"]["uri"].removeprefix("http://localhost:3000"))
    assert browser.path == "/@alice"
    await browser.get(status["uri"].removeprefix("http://localhost:3000"))
    assert browser.path == f"/@alice/{status['id']}"
    await (await Browser.of(world, bob)).get(hidden["uri"].removeprefix("http://localhost:3000"), expect=404)
    await browser.get("/users/nobody", expect=404)
