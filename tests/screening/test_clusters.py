"""Posts that name the same place and day gather, with growth, reach and the days that are left."""

from __future__ import annotations

from datetime import date, timedelta

from rostra.policy.facts import EventFacts
from rostra.screening.cluster_queries import Cluster
from rostra.screening.clusters import clusters_of, forget_refusals, get_cluster, list_clusters, list_refusals
from tests.conftest import NOON
from tests.screening.policies import put_in_force
from tests.world import Person, World


async def clusters(world: World) -> list[Cluster]:
    return await list_clusters(world.db, world.clock)


async def test_two_authors_who_name_the_same_place_and_day_gather(world: World) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await world.db.connection.execute("update account_stats set followers_count = 10")
    await ada.post("Everybody come to Piazza Duomo on 10 May 2026, bring a knife")
    await bob.post("See you on 10 May in Milan, in Piazza Duomo")
    await eve.post("A lovely morning in the mountains")
    found = [cluster for cluster in await clusters(world) if cluster.day == date(2026, 5, 10)]
    assert found, "they are gathered"
    shared = max(found, key=lambda cluster: cluster.authors)
    assert (shared.authors, shared.statuses, shared.reach) == (2, 2, 20)
    assert shared.weapons
    assert (shared.day - NOON.date()).days == 6 if shared.day else False, "the days that are left"
    head, statuses = await get_cluster(world.db, shared.id)
    assert head.place == shared.place
    assert {status.username for status in statuses} == {"ada", "bob"}


async def test_a_cluster_grows_by_day_and_is_gone_once_its_day_is_over(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    await ada.post("March on Rome on 20 May 2026 with weapons")
    world.at(NOON + timedelta(hours=30))
    await bob.post("Bring your weapons to Rome on 20 May 2026")
    await ada.post("I repeat: Rome, 20 May 2026, with weapons")
    shared = next(each for each in await clusters(world) if each.day == date(2026, 5, 20) and each.place == "rome")
    assert (shared.earlier, shared.latest) == (1, 2)
    world.at(NOON + timedelta(days=16))
    assert any(each.day == date(2026, 5, 20) for each in await clusters(world)), "until its day is over"
    world.at(NOON + timedelta(days=17))
    assert not any(each.day == date(2026, 5, 20) for each in await clusters(world))


async def test_an_edited_post_leaves_what_it_no_longer_speaks_of(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("Everybody to Rome on 20 May 2026 with weapons")
    await bob.post("Everybody to Rome on 20 May 2026 with weapons, he says")
    shared = next(each for each in await clusters(world) if each.place == "rome" and each.day == date(2026, 5, 20))
    assert shared.authors == 2
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "I take it back"})
    shared = next(each for each in await clusters(world) if each.place == "rome" and each.day == date(2026, 5, 20))
    assert shared.authors == 1


async def test_the_squares_of_two_towns_are_not_one_event(world: World) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await ada.post("Everybody to Piazza Duomo in Milan on 20 May 2026, bring knives")
    await bob.post("Everybody to Piazza Castello in Turin on 20 May 2026, bring knives")
    assert sorted(each.place for each in await clusters(world)) == ["milan", "turin"]
    # Which square this is nobody says.
    await eve.post("Everybody to Piazza Grande on 20 May 2026, bring knives")
    assert sorted(each.place for each in await clusters(world)) == ["milan", "square", "turin"]


def test_one_of_place_and_day_gathers_only_with_a_weapon_or_a_call() -> None:
    day = "2026-05-10"
    assert clusters_of(EventFacts(places=["rome"], dates=[day])) == [("rome", date(2026, 5, 10))]
    assert clusters_of(EventFacts(places=["rome"])) == []
    assert clusters_of(EventFacts(dates=[day])) == []
    assert clusters_of(EventFacts(places=["rome"], weapons=["knife"])) == [("rome", None)]
    assert clusters_of(EventFacts(dates=[day], imperative=True)) == [("", date(2026, 5, 10))]
    many = EventFacts(places=[f"p{n}" for n in range(20)], dates=[day, "2026-05-11"])
    assert len(clusters_of(many)) == 4, "one post cannot fill the list"


REFUSING = """
- id: armed
  clause: words
  description: Calls to arms are refused.
  when: event.weapons.size() > 0
  then: [reject]
  reason: {en: No weapons., it: Niente armi.}
  mode: live
"""
CALL = "Everybody to Rome on 20 May 2026, bring your knives"


async def refused(text: str, *by: Person) -> None:
    """The same draft of several people, refused."""
    for each in by:
        await each.api.post("/api/v1/statuses", {"status": text}, expect=422)


async def in_rome(world: World) -> Cluster | None:
    return next((each for each in await clusters(world) if each.place == "rome"), None)


async def test_whoever_is_refused_is_part_of_the_event_and_shown_apart(world: World) -> None:
    await put_in_force(world, REFUSING)
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await world.db.connection.execute("update account_stats set followers_count = 10")
    await refused(CALL, ada, bob)
    await refused(CALL + " and pistols", bob)
    await eve.post("I am in Rome on 20 May 2026")
    found = await in_rome(world)
    assert found is not None
    assert (found.statuses, found.authors, found.refused, found.refused_authors) == (1, 3, 3, 2)
    assert (found.reach, found.latest) == (10, 1), "nobody was reached by what was refused"
    assert found.weapons
    assert found.imperatives == 2
    shown = await list_refusals(world.db, found.id)
    assert [(each.username, each.drafts, bool(each.weapons)) for each in shown] == [("bob", 2, True), ("ada", 1, True)]
    _, statuses = await get_cluster(world.db, found.id)
    assert [each.username for each in statuses] == ["eve"]


async def test_an_event_of_which_every_draft_was_refused_is_seen_though_nothing_was_published(world: World) -> None:
    await put_in_force(world, REFUSING)
    await refused(CALL, await world.person("ada"))
    found = await in_rome(world)
    assert found is not None
    assert (found.statuses, found.authors, found.refused) == (0, 1, 1)


async def test_nothing_is_kept_of_what_a_refused_draft_said(world: World) -> None:
    await put_in_force(world, REFUSING)
    await refused("Everybody to Rome on 20 May 2026 with knives, says Zaccaria Marmellata", await world.person("ada"))
    kept = await world.db.connection.fetch(
        "select to_jsonb(r)::text as row from event_cluster_refusals r"
        " union all select to_jsonb(e)::text from moderation_events e"
    )
    assert len(kept) >= 2
    assert not [row for row in kept if "marmellata" in row["row"].lower()]


async def test_who_was_refused_is_forgotten_after_ninety_days_and_with_their_account(world: World) -> None:
    await put_in_force(world, REFUSING)
    ada, bob = await world.person("ada"), await world.person("bob")
    await refused(CALL, ada, bob)
    found = await in_rome(world)
    assert found is not None
    await world.db.connection.execute("delete from accounts where id = $1", bob.account_id)
    assert [each.username for each in await list_refusals(world.db, found.id)] == ["ada"]
    world.at(NOON + timedelta(days=89))
    await forget_refusals(world.db, world.clock)
    assert await list_refusals(world.db, found.id)
    world.at(NOON + timedelta(days=91))
    await forget_refusals(world.db, world.clock)
    assert not await list_refusals(world.db, found.id)


async def test_a_refused_profile_is_no_part_of_an_event(world: World) -> None:
    await put_in_force(world, REFUSING)
    ada = await world.person("ada")
    await ada.api.patch("/api/v1/accounts/update_credentials", {"note": CALL}, expect=422)
    assert await in_rome(world) is None


async def test_the_squares_of_two_towns_are_not_one_event_of_refused_drafts_either(world: World) -> None:
    await put_in_force(world, REFUSING)
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await refused("Everybody to Piazza Duomo in Milan on 20 May 2026, bring knives", ada)
    await refused("Everybody to Piazza Castello in Turin on 20 May 2026, bring knives", bob)
    assert sorted(each.place for each in await clusters(world)) == ["milan", "turin"]
    await refused("Everybody to Piazza Grande on 20 May 2026, bring knives", eve)
    assert sorted(each.place for each in await clusters(world)) == ["milan", "square", "turin"]
