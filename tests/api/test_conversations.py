"""Private conversations over HTTP. Who sees which of them is in test_nobody_sees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Person, World, link


async def read(person: Person) -> list[dict[str, Any]]:
    return (await person.api.get("/api/v1/conversations")).json()


def told(conversation: dict[str, Any]) -> tuple[list[str], str]:
    """With whom, and the latest post."""
    return [each["username"] for each in conversation["accounts"]], conversation["last_status"]["id"]


async def test_a_conversation_is_shown_once_to_each_with_its_latest_post_and_the_others(world: World) -> None:
    alice, ben, cleo = [await world.person(name) for name in ("alice", "ben", "cleo")]
    asked = await alice.post("@ben @cleo shall we?", visibility="direct")
    answer = await ben.post("@alice @cleo yes", visibility="direct", in_reply_to_id=asked["id"])
    await alice.post("@ben in the open")
    await alice.post("for those who follow", visibility="private")
    shown = {person.username: await read(person) for person in (alice, ben, cleo)}
    assert {name: [told(each) for each in found] for name, found in shown.items()} == {
        "alice": [(["ben", "cleo"], answer["id"])],
        "ben": [(["alice", "cleo"], answer["id"])],
        "cleo": [(["ben", "alice"], answer["id"])],
    }
    assert len({found[0]["id"] for found in shown.values()}) == 1
    assert await read(await world.person("dora")) == []


async def test_who_was_not_told_the_latest_sees_what_they_were_told(world: World) -> None:
    alice, ben, cleo = [await world.person(name) for name in ("alice", "ben", "cleo")]
    asked = await alice.post("@ben @cleo shall we?", visibility="direct")
    aside = await ben.post("@alice between us", visibility="direct", in_reply_to_id=asked["id"])
    assert [told(each) for each in await read(cleo)] == [(["alice", "ben"], asked["id"])]
    assert [told(each) for each in await read(alice)] == [(["ben"], aside["id"])]
    await ben.api.delete(f"/api/v1/statuses/{aside['id']}")
    assert [told(each) for each in await read(alice)] == [(["ben", "cleo"], asked["id"])]


@pytest.mark.parametrize("hindrance", ["blocked", "blocking", "muted", "suspended"])
async def test_where_the_latest_is_not_to_be_seen_the_one_before_it_is_shown(world: World, hindrance: str) -> None:
    alice, ben, cleo = [await world.person(name) for name in ("alice", "ben", "cleo")]
    asked = await cleo.post("@alice @ben shall we?", visibility="direct")
    await ben.post("@alice @cleo no", visibility="direct", in_reply_to_id=asked["id"])
    if hindrance == "blocked":
        await ben.api.post(f"/api/v1/accounts/{alice.id}/block")
    elif hindrance == "suspended":
        await world.db.connection.execute("update accounts set suspended_at = now() where id = $1", ben.account_id)
    else:
        act = {"blocking": "block", "muted": "mute"}[hindrance]
        await alice.api.post(f"/api/v1/accounts/{ben.id}/{act}")
    assert [each["last_status"]["id"] for each in await read(alice)] == [asked["id"]]


async def test_who_writes_to_nobody_talks_to_themselves(world: World) -> None:
    alice = await world.person("alice")
    note = await alice.post("not to forget", visibility="direct")
    assert [told(each) for each in await read(alice)] == [(["alice"], note["id"])]


async def test_a_conversation_is_unread_until_its_mention_is(world: World) -> None:
    alice, ben = await world.person("alice"), await world.person("ben")
    asked = await alice.post("@ben shall we?", visibility="direct")
    await world.settle()
    assert ([each["unread"] for each in await read(alice)], [each["unread"] for each in await read(ben)]) == (
        [False],
        [True],
    )
    latest = (await ben.api.get("/api/v1/notifications")).json()[0]["id"]
    await ben.api.post("/api/v1/markers", {"notifications": {"last_read_id": latest}})
    assert [each["unread"] for each in await read(ben)] == [False]
    await alice.post("@ben well?", visibility="direct", in_reply_to_id=asked["id"])
    await world.settle()
    assert [each["unread"] for each in await read(ben)] == [True]


async def test_conversations_come_latest_first_and_go_on_in_pages(world: World) -> None:
    alice, ben = await world.person("alice"), await world.person("ben")
    first, second, third = [await ben.post(f"@alice {number}", visibility="direct") for number in range(3)]
    again = await alice.post("@ben the first once more", visibility="direct", in_reply_to_id=first["id"])
    page = await alice.api.get("/api/v1/conversations?limit=2")
    assert [told(each)[1] for each in page.json()] == [again["id"], third["id"]]
    rest = await alice.api.get(link(page, "next") or "")
    assert [told(each)[1] for each in rest.json()] == [second["id"]]
    assert link(rest, "next") is None
