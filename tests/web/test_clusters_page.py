"""Event clusters as moderators see them."""

from __future__ import annotations

from datetime import timedelta

from rostra.policy.facts import EventFacts
from rostra.screening.clusters import gather_status, list_clusters
from tests.screening.policies import put_in_force
from tests.screening.test_clusters import REFUSING, refused
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import Person, World


async def _gather(world: World, person: Person, text: str, *, days: int = 9, risk: float = 0.9, **more: object) -> str:
    """A post that belongs to the event of a place and a day."""
    posted = await person.post(text)
    day = (world.clock.now() + timedelta(days=days)).date().isoformat()
    event = EventFacts(places=["piazza maggiore"], dates=[day], weapons=["knife"], targets=["town hall"], **more)  # type: ignore[arg-type] # as the test says
    async with world.db.transaction() as tx:
        await gather_status(
            tx, event, risk, world.clock.now(), status_id=int(posted["id"]), account_id=person.account_id, is_edit=False
        )
    return posted["id"]


async def test_an_event_is_shown_with_all_that_tells_how_near_and_how_bad_it_is(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    await _gather(world, ada, "Be there <script>alert(1)</script>", imperative=True)
    await _gather(world, bob, "We come too")
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    page = await browser.get("/admin/policy/clusters")
    for said in (
        "Piazza Maggiore", "in 9 days", "2 posts", "2 authors", "growing", "knife", "town hall", "90%", "1 calls upon",
    ):  # fmt: skip
        assert said in page, said
    assert check(page)[1] == []
    (cluster,) = await list_clusters(world.db, world.clock)
    page = await browser.get(f"/admin/policy/clusters/{cluster.id}")
    assert "Be there &lt;script&gt;" in page
    assert "<script>alert" not in page
    assert 'href="/admin/desk"' in page
    assert check(page)[1] == []


async def test_the_pages_are_for_moderators(world: World) -> None:
    browser = await Browser.of(world, await world.person("ada"))
    await browser.get("/admin/policy/clusters", expect=403)
    await browser.get("/admin/policy/clusters/1", expect=403)
    moderator = await Browser.of(world, await world.person("mia", role="moderator"))
    assert "No events" in await moderator.get("/admin/policy/clusters")
    await moderator.get("/admin/policy/clusters/1", expect=404)


async def test_a_rendezvous_of_friends_stays_theirs(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    await _gather(world, ada, "Be there")
    posted = await bob.post("@ada our secret", visibility="direct")
    day = (world.clock.now() + timedelta(days=9)).date().isoformat()
    event = EventFacts(places=["piazza maggiore"], dates=[day])
    async with world.db.transaction() as tx:
        await gather_status(
            tx, event, 0.1, world.clock.now(), status_id=int(posted["id"]), account_id=bob.account_id, is_edit=False
        )
    (cluster,) = await list_clusters(world.db, world.clock)
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    page = await browser.get(f"/admin/policy/clusters/{cluster.id}")
    assert "Be there" in page
    assert "our secret" not in page
    assert "its text is not shown here" in page


async def test_refused_drafts_are_shown_apart_without_their_texts(world: World) -> None:
    await put_in_force(world, REFUSING)
    await refused("We storm the town hall in Rome on 20 May 2026, bring your guns", await world.person("ada"))
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    page = await browser.get("/admin/policy/clusters")
    assert "1 draft refused (1 person)" in page
    (cluster,) = [each for each in await list_clusters(world.db, world.clock) if each.place == "rome"]
    page = await browser.get(f"/admin/policy/clusters/{cluster.id}")
    assert "Drafts that were refused" in page
    assert 'href="/@ada"' in page
    assert "storm" not in page
    assert check(page)[1] == []
