"""Posts that name the same place and day gather, with growth, reach and the days that are left."""

from __future__ import annotations

from datetime import date, timedelta

from rostra.policy.facts import EventFacts
from rostra.screening.cluster_queries import Cluster
from rostra.screening.clusters import clusters_of, get_cluster, list_clusters
from tests.conftest import NOON
from tests.world import World


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
