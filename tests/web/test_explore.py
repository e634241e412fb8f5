"""Finding people, hashtags and posts."""

from __future__ import annotations

from rostra.search.trends import count_trends
from tests.web.browser import Browser
from tests.world import Person, World


async def _discoverable(world: World, name: str) -> Person:
    person = await world.person(name)
    await person.api.patch("/api/v1/accounts/update_credentials", {"discoverable": True, "indexable": True})
    return person


async def test_what_several_people_like_stands_out(world: World) -> None:
    alice, bob, carol = [await _discoverable(world, name) for name in ("alice", "bob", "carol")]
    status = await alice.post("Fresh #bread https://bakery.example/today")
    await bob.post("More #bread")
    for person in (bob, carol):
        await person.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    await world.settle()
    await count_trends(world.db, world.clock)
    for browser in (Browser(world), await Browser.of(world, bob)):
        assert "Fresh" in await browser.get("/explore")
        assert "#bread" in await browser.get("/explore/tags")
        await browser.get("/explore/links")
        await browser.get("/explore?offset=40")
        await browser.get("/explore/tags?offset=-5")


async def test_what_trends_is_beside_every_page_and_gone_soon_where_it_is_taken_out(world: World) -> None:
    for name in ("alice", "bob"):
        await (await _discoverable(world, name)).post("#bread")
    await world.settle()
    await count_trends(world.db, world.clock)
    visitor = Browser(world)
    assert 'href="/tags/bread"' in await visitor.get("/about")
    await world.db.connection.execute("update tags set trendable = false where name = 'bread'")
    world.clock.tick(seconds=10)
    assert 'href="/tags/bread"' not in await visitor.get("/about")
    # No page reads them again while they are remembered.
    world.db.statements.clear()
    await visitor.get("/about")
    assert not [each for each in world.db.statements if "trending_tags" in each]


async def test_people_who_wish_to_be_found_are_and_others_are_not(world: World) -> None:
    alice, bob, shy, quiet = (
        await _discoverable(world, "alice"),
        await _discoverable(world, "bob"),
        await world.person("shy"),
        await _discoverable(world, "quiet"),
    )
    for person in (alice, bob, shy):
        await person.post("Hello")
    page = await Browser(world).get("/explore/people")
    assert "@alice" in page
    assert "@bob" in page
    assert "@shy" not in page
    assert "@quiet" not in page
    browser = await Browser.of(world, bob)
    page = await browser.get("/explore/people")
    assert "/@bob/" not in page
    assert f"/web/accounts/{alice.id}/follow" in page
    await bob.api.post(f"/api/v1/accounts/{alice.id}/mute")
    assert "@alice" not in await browser.get("/explore/people")
    assert quiet


async def test_people_come_page_by_page(world: World) -> None:
    for number in range(25):
        person = await _discoverable(world, f"person{number:02}")
        await person.post("Hello")
    browser = Browser(world)
    first = await browser.get("/explore/people")
    assert first.count('class="row"') == 20
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert (await browser.get(older)).count('class="row"') == 5


async def test_search_finds_each_kind(world: World) -> None:
    alice, bob = await _discoverable(world, "alice"), await world.person("bob")
    status = await alice.post("Sourdough rises slowly #bread")
    await world.settle()
    browser = await Browser.of(world, bob)
    assert "Sourdough" in await browser.get("/search?q=sourdough")
    assert "Sourdough" in await browser.get("/search?q=sourdough&type=statuses")
    assert "Nothing found" in await browser.get("/search?q=sourdough&type=accounts")
    page = await browser.get("/search?q=@alice")
    assert f"/web/accounts/{alice.id}/follow" in page
    assert "Sourdough" not in page
    assert "/tags/bread" in await browser.get("/search?q=%23bre")
    assert "Sourdough" in await browser.get(f"/search?q={status['url']}")
    assert "What are you looking for?" in await browser.get("/search?q=")
    await browser.get("/search?q=a&type=nonsense", expect=422)
    assert "Sourdough" in await Browser(world).get("/search?q=sourdough")


async def test_search_shows_nobody_what_they_may_not_see(world: World) -> None:
    alice, bob = await _discoverable(world, "alice"), await world.person("bob")
    status = await alice.post("Secret sourdough", visibility="private")
    await world.settle()
    browser = await Browser.of(world, bob)
    for query in ("sourdough", status["url"]):
        assert "Secret" not in await browser.get(f"/search?q={query}")
