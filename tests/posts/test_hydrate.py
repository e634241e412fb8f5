"""Status JSON as readers put it together: boosts, filters, stored JSON that is stale."""

from __future__ import annotations

from typing import Any

import pytest

from rostra.posts.hydrate import StatusReader
from tests.world import Person, World


async def home(person: Person) -> list[dict[str, Any]]:
    await person.world.settle()
    return (await person.api.get("/api/v1/timelines/home")).json()


async def hide(person: Person, word: str, action: str, *contexts: str) -> None:
    wanted = {
        "title": "f", "context": list(contexts), "filter_action": action, "keywords_attributes": [{"keyword": word}],
    }  # fmt: skip
    await person.api.post("/api/v2/filters", wanted)


async def test_a_boost_shares_counts_and_flags_with_what_it_boosts(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await carol.follow(bob)
    status = await alice.post("x")
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    await carol.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    await carol.api.post(f"/api/v1/statuses/{status['id']}/bookmark")
    (entry,) = await home(carol)
    assert (entry["id"], entry["account"]["acct"]) == (boost["id"], "bob")
    assert entry["reblog"]["account"]["acct"] == "alice"
    for shown in (entry, entry["reblog"]):
        assert (shown["reblogs_count"], shown["favourites_count"]) == (1, 1)
        assert (shown["favourited"], shown["bookmarked"], shown["reblogged"], shown["muted"]) == (
            True, True, False, False,
        )  # fmt: skip
    assert "pinned" not in entry
    assert "pinned" in (await alice.api.get(f"/api/v1/statuses/{boost['id']}")).json()["reblog"]


async def test_a_page_with_a_status_and_boosts_of_it_shows_each(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("x")
    boosts = [
        (await person.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()["id"] for person in (alice, bob)
    ]
    wanted = [boosts[1], status["id"], boosts[0]]
    shown = (await world.anyone.get("/api/v1/statuses", {"id[]": wanted})).json()
    assert [one["id"] for one in shown] == wanted
    assert [one["reblog"] and one["reblog"]["id"] for one in shown] == [status["id"], None, status["id"]]


async def test_visitors_see_no_flags(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("x", poll={"options": ["a", "b"], "expires_in": 600})
    shown = (await world.anyone.get(f"/api/v1/statuses/{status['id']}")).json()
    assert not {"favourited", "reblogged", "muted", "bookmarked", "pinned", "filtered"} & set(shown)


@pytest.mark.parametrize("action", ["warn", "hide"])
async def test_a_filter_looks_into_boosts_and_polls_but_not_at_ones_own(world: World, action: str) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await carol.follow(bob)
    await hide(carol, "spoiler", action, "home")
    boosted = await alice.post("a spoiler")
    await bob.api.post(f"/api/v1/statuses/{boosted['id']}/reblog")
    await bob.post("?", poll={"options": ["a spoiler", "none"], "expires_in": 600})
    await bob.post("harmless")
    await carol.post("my own spoiler")
    shown = await home(carol)
    words = [status["content"] for status in shown]
    if action == "hide":
        assert words == ["<p>my own spoiler</p>", "<p>harmless</p>"]
        return
    matched = [[result["keyword_matches"] for result in status["filtered"]] for status in shown]
    assert matched == [[], [], [["spoiler"]], [["spoiler"]]]
    assert shown[3]["reblog"]["filtered"] == shown[3]["filtered"]
    # A status that is asked for by its id is never hidden.
    assert (await carol.api.get(f"/api/v1/statuses/{boosted['id']}")).json()["filtered"]


async def test_json_that_was_made_for_another_address_is_made_anew_once(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("x @bob", poll={"options": ["a", "b"], "expires_in": 600})
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    before = (await bob.api.get(f"/api/v1/statuses/{boost['id']}")).json()
    for table in ("statuses", "accounts"):
        await world.db.connection.execute(
            f"update {table} set rendered_for = 1, rendered = replace(rendered, 'localhost', 'elsewhere')"
        )
    cost = len(await world.statements(lambda: bob.api.get(f"/api/v1/statuses/{boost['id']}")))
    assert (await bob.api.get(f"/api/v1/statuses/{boost['id']}")).json() == before
    again = len(await world.statements(lambda: bob.api.get(f"/api/v1/statuses/{boost['id']}")))
    assert again < cost


async def test_what_is_published_is_stored_as_it_would_be_rendered_from_the_database(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    parent = await bob.post("parent")
    status = await alice.post(
        "@bob #Tag #other https://example.com/ :nothing:", spoiler_text="cw", language="en",
        in_reply_to_id=parent["id"], poll={"options": ["a", "b"], "expires_in": 600},
    )  # fmt: skip
    await world.db.connection.execute("update statuses set rendered_for = 0")
    assert (await alice.api.get(f"/api/v1/statuses/{status['id']}")).json() == status


async def test_a_page_is_read_in_one_statement_and_ids_keep_their_order(world: World) -> None:
    alice = await world.person("alice")
    ids = [int((await alice.post(str(number)))["id"]) for number in range(30)]
    reader = StatusReader(world.db, world.res.urls, alice.account_id, world.clock.now())

    async def read() -> None:
        assert len(await reader.by_ids(ids[::-1])) == 30

    assert len(await world.statements(read)) == 1
    assert list(await reader.by_id([ids[3], 1, ids[2]])) != []
    assert await reader.by_ids([]) == []
    assert await reader.find(1) is None
