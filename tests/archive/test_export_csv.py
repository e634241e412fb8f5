"""The lists as CSV, in the forms that Mastodon gives out and takes in."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable

import pytest

from rostra.archive import export_csv
from rostra.archive.export_csv import stream_csv
from tests.world import Person, World

Read = Callable[[Person, str], Awaitable[list[list[str]]]]


@pytest.fixture
def read(world: World) -> Read:
    async def read(person: Person, name: str) -> list[list[str]]:
        pieces = [piece async for piece in stream_csv(world.db, "localhost:3000", name, person.account_id)]
        return list(csv.reader(io.StringIO(b"".join(pieces).decode(), newline=""), strict=True))

    return read


async def test_follows_have_their_switches(world: World, read: Read) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    await alice.api.post(f"/api/v1/accounts/{bob.id}/follow", {"reblogs": False, "notify": True})
    await alice.api.post(f"/api/v1/accounts/{carol.id}/follow", {"languages": ["it", "en"]})
    assert await read(alice, "follows") == [
        ["Account address", "Show boosts", "Notify on new posts", "Languages"],
        ["bob@localhost:3000", "false", "true", ""],
        ["carol@localhost:3000", "true", "false", "it, en"],
    ]
    assert await read(bob, "followers") == [["Account address"], ["alice@localhost:3000"]]


async def test_people_of_other_servers_are_named_with_theirs(world: World, read: Read) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await world.db.connection.execute("update accounts set domain = 'away.example' where id = $1", bob.account_id)
    assert (await read(alice, "follows"))[1][0] == "bob@away.example"


async def test_mutes_blocks_and_domains(world: World, read: Read) -> None:
    alice, bob, carol = await world.person("alice"), await world.person("bob"), await world.person("carol")
    await alice.api.post(f"/api/v1/accounts/{bob.id}/mute", {"notifications": False})
    await alice.api.post(f"/api/v1/accounts/{carol.id}/mute")
    await alice.api.post(f"/api/v1/accounts/{carol.id}/block")
    for domain in ("b.example", "a.example"):
        await alice.api.post("/api/v1/domain_blocks", {"domain": domain})
    assert await read(alice, "mutes") == [
        ["Account address", "Hide notifications"],
        ["bob@localhost:3000", "false"],
        ["carol@localhost:3000", "true"],
    ]
    assert await read(alice, "blocks") == [["carol@localhost:3000"]]
    assert await read(alice, "domain_blocks") == [["a.example"], ["b.example"]]
    assert await read(bob, "blocks") == []


async def test_lists_and_what_needs_quotes(world: World, read: Read) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await world.settle()
    for title in ('Bread, "rye"', "=1+1"):
        made = (await alice.api.post("/api/v1/lists", {"title": title})).json()
        await alice.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [bob.id]})
    await alice.api.post("/api/v1/lists", {"title": "Nobody"})
    assert await read(alice, "lists") == [['Bread, "rye"', "bob@localhost:3000"], ["=1+1", "bob@localhost:3000"]]


async def test_bookmarks_tags_and_notes(world: World, read: Read) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    posts = [await bob.post(text) for text in ("One", "Two #Bread")]
    for post in posts:
        await alice.api.post(f"/api/v1/statuses/{post['id']}/bookmark")
    await alice.api.post("/api/v1/tags/Bread/follow")
    await alice.api.post(f"/api/v1/accounts/{bob.id}/note", {"comment": 'Owes me\r"flour",\ra sack'})
    assert await read(alice, "bookmarks") == [[posts[1]["uri"]], [posts[0]["uri"]]]
    assert await read(alice, "followed_tags") == [["Hashtag"], ["#Bread"]]
    assert await read(alice, "account_notes") == [
        ["Account address", "Comment"],
        ["bob@localhost:3000", 'Owes me\n"flour",\na sack'],
    ]


@pytest.mark.parametrize("name", ["follows", "followers", "mutes", "blocks", "domain_blocks", "bookmarks", "lists"])
async def test_nothing_is_lost_or_doubled_between_pages(
    world: World, read: Read, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(export_csv, "PAGE", 2)
    alice = await world.person("alice")
    run = world.db.connection.execute
    at = world.clock.now()
    others = [await world.person(f"person{n}") for n in range(5)]
    ids = [person.account_id for person in others]
    made = (await alice.api.post("/api/v1/lists", {"title": "All"})).json()
    for person in others:
        post = await person.post("Hello")
        await alice.api.post(f"/api/v1/statuses/{post['id']}/bookmark")
        await alice.api.post("/api/v1/domain_blocks", {"domain": f"{person.username}.example"})
    for table in ("follows", "mutes", "blocks"):
        await run(
            f"insert into {table} (id, account_id, target_id, created_at)"
            " select make_id($3), $1, t, $3 from unnest($2::bigint[]) t", alice.account_id, ids, at,
        )  # fmt: skip
    await run(
        "insert into follows (id, account_id, target_id, created_at)"
        " select make_id($3), t, $1, $3 from unnest($2::bigint[]) t", alice.account_id, ids, at,
    )  # fmt: skip
    await run(
        "insert into list_accounts (id, list_id, account_id) select make_id($3), $1, t from unnest($2::bigint[]) t",
        int(made["id"]), ids, at,
    )  # fmt: skip
    rows = [tuple(row) for row in await read(alice, name)]
    assert len(set(rows)) == len(rows)
    assert len([row for row in rows if row[0] != "Account address"]) == 5
