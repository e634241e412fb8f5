"""Polls over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Person, World


async def ask(person: Person, *options: str, **more: Any) -> dict[str, Any]:
    poll = {"options": list(options or ("red", "green", "blue")), "expires_in": 600, **more}
    return (await person.post("which?", poll=poll))["poll"]


async def vote(person: Person, poll: dict[str, Any], *choices: Any, expect: int = 200) -> dict[str, Any]:
    answer = await person.api.post(f"/api/v1/polls/{poll['id']}/votes", {"choices": list(choices)}, expect=expect)
    return answer.json()


def counts(poll: dict[str, Any]) -> list[int | None]:
    return [option["votes_count"] for option in poll["options"]]


async def test_a_poll_is_shown_with_its_status_and_by_itself(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = await ask(alice)
    assert poll["expires_at"] == "2026-05-04T12:10:00.000Z"
    assert (poll["expired"], poll["multiple"], poll["votes_count"], poll["voters_count"]) == (False, False, 0, 0)
    # The author counts as somebody who has had their say; trap 14: own_votes is always there.
    assert (poll["voted"], poll["own_votes"], poll["emojis"]) == (True, [], [])
    shown = (await bob.api.get(f"/api/v1/polls/{poll['id']}")).json()
    assert (shown["voted"], shown["own_votes"], shown["id"]) == (False, [], poll["id"])
    assert (await world.anyone.get(f"/api/v1/polls/{poll['id']}")).json()["options"] == shown["options"]
    await world.anyone.get("/api/v1/polls/12345", expect=404)
    plain = await alice.post("no poll")
    await world.anyone.get(f"/api/v1/polls/{plain['id']}", expect=404)


async def test_a_vote_counts_once_and_shows_to_the_voter_only(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    poll = await ask(alice)
    after = await vote(bob, poll, 1)
    assert (counts(after), after["voters_count"], after["voted"], after["own_votes"]) == ([0, 1, 0], 1, True, [1])
    assert "already voted" in (await vote(bob, poll, 0, expect=422))["error"]
    assert counts(await vote(carol, poll, "1")) == [0, 2, 0]
    seen = (await alice.api.get(f"/api/v1/polls/{poll['id']}")).json()
    assert (counts(seen), seen["votes_count"], seen["own_votes"]) == ([0, 2, 0], 2, [])


async def test_several_choices_are_for_polls_that_allow_them(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    one, many = await ask(alice), await ask(alice, multiple=True)
    assert "choices" in (await vote(bob, one, 0, 1, expect=422))["details"]
    after = await vote(bob, many, 2, 0, 2)
    assert (counts(after), after["votes_count"], after["voters_count"], after["own_votes"]) == ([1, 0, 1], 2, 1, [0, 2])
    assert counts(await vote(carol, many, 0)) == [2, 0, 1]


@pytest.mark.parametrize("choices", [[], [3], [-1], ["red"], [10**20]])
async def test_a_vote_for_what_is_no_option_is_refused(world: World, choices: list[Any]) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = await ask(alice)
    assert "choices" in str(list((await vote(bob, poll, *choices, expect=422))["details"]))
    assert counts((await bob.api.get(f"/api/v1/polls/{poll['id']}")).json()) == [0, 0, 0]


async def test_one_cannot_vote_in_ones_own_poll_nor_after_its_end_nor_unseen(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = await ask(alice)
    assert (await vote(alice, poll, 0, expect=422))["error"] == "You cannot vote in your own poll"
    hidden = (await alice.post("x", visibility="private", poll={"options": ["a", "b"], "expires_in": 600}))["poll"]
    await vote(bob, hidden, 0, expect=404)
    await bob.api.get(f"/api/v1/polls/{hidden['id']}", expect=404)
    await world.anyone.post(f"/api/v1/polls/{poll['id']}/votes", {"choices": [0]}, expect=401)
    world.clock.tick(seconds=600)
    assert (await vote(bob, poll, 0, expect=422))["error"] == "The poll has already ended"
    assert (await bob.api.get(f"/api/v1/polls/{poll['id']}")).json()["expired"]


async def test_hidden_totals_show_to_the_author_and_when_the_poll_has_ended(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = await ask(alice, hide_totals=True)
    assert counts(await vote(bob, poll, 0)) == [None, None, None]
    assert counts((await alice.api.get(f"/api/v1/polls/{poll['id']}")).json()) == [1, 0, 0]
    world.clock.tick(seconds=600)
    assert counts((await bob.api.get(f"/api/v1/polls/{poll['id']}")).json()) == [1, 0, 0]


async def test_the_end_of_a_poll_is_told_to_its_author_and_its_voters(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    poll = await ask(alice)
    await vote(bob, poll, 0)
    world.clock.tick(seconds=599)
    await world.settle()
    assert (await bob.api.get("/api/v1/notifications?types[]=poll")).json() == []
    world.clock.tick(seconds=1)
    await world.settle()
    told = [
        [one["status"]["poll"]["id"] for one in (await person.api.get("/api/v1/notifications?types[]=poll")).json()]
        for person in (alice, bob, carol)
    ]
    assert told == [[poll["id"]], [poll["id"]], []]


async def test_a_poll_that_an_edit_prolongs_ends_at_its_new_time(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("which?", poll={"options": ["a", "b"], "expires_in": 600})
    world.clock.tick(seconds=300)
    wanted = {"status": "which one?", "poll": {"options": ["a", "b"], "expires_in": 600}}
    await alice.api.put(f"/api/v1/statuses/{status['id']}", wanted)
    for seconds, told in ((300, 0), (299, 0), (1, 1)):
        world.clock.tick(seconds=seconds)
        await world.settle()
        assert len((await alice.api.get("/api/v1/notifications?types[]=poll")).json()) == told


async def test_custom_emojis_of_the_options_come_with_the_poll(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute(
        "insert into custom_emojis (id, shortcode, image_key, static_key, created_at)"
        " select make_id($1), name, 'emojis/a.png', 'emojis/a.png', $1 from unnest('{owl,cat}'::text[]) as n(name)",
        world.clock.now(),
    )
    status = await alice.post(":cat:", poll={"options": ["an :owl:", "none"], "expires_in": 600})
    assert [emoji["shortcode"] for emoji in status["poll"]["emojis"]] == ["owl"]
    assert {emoji["shortcode"] for emoji in status["emojis"]} == {"owl", "cat"}


async def test_the_poll_of_a_boosted_status_is_inside_the_boost(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = await ask(alice)
    boost = (await bob.api.post(f"/api/v1/statuses/{poll['id']}/reblog")).json()
    assert boost["poll"] is None
    assert boost["reblog"]["poll"]["id"] == poll["id"]
