"""Importing lists into an account: by the rules of the app, in batches, once."""

from __future__ import annotations

from typing import Any

import pytest

from rostra.archive import import_csv
from rostra.archive.csv_read import CsvType
from rostra.archive.import_csv import TooManyImports, confirm_import, get_import, preview, run_batch, stage_csv
from rostra.archive.import_records import Import, Mode
from rostra.effects import emit
from rostra.kit.errors import NotFound
from tests.world import Person, World


async def stage(world: World, owner: Person, text: str, kind: CsvType, mode: Mode = "merge") -> int:
    res = world.res
    return await stage_csv(res.db, res.clock, res.urls, owner.account_id, text.encode(), kind=kind, mode=mode)


async def bring(world: World, owner: Person, text: str, kind: CsvType, mode: Mode = "merge") -> Import:
    """Stage, confirm and carry out."""
    import_id = await stage(world, owner, text, kind, mode)
    await confirm_import(world.db, world.clock, owner.account_id, import_id, mode=mode)
    await world.settle()
    return await get_import(world.db, owner.account_id, import_id)


async def reasons(world: World, done: Import) -> dict[str, str]:
    rows = await world.db.connection.fetch("select line, reason from import_rows where import_id = $1", done.id)
    return {row["line"]: row["reason"] for row in rows if row["reason"]}


async def relation(owner: Person, other: Person) -> dict[str, Any]:
    return (await owner.api.get("/api/v1/accounts/relationships", {"id[]": other.id})).json()[0]


async def following(owner: Person) -> set[str]:
    answer = await owner.api.get(f"/api/v1/accounts/{owner.id}/following")
    return {account["username"] for account in answer.json()}


async def test_follows_come_in_with_their_options_and_as_any_other_follow_does(world: World) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    post = await bob.post("Good morning")
    text = (
        "Account address,Show boosts,Notify on new posts,Languages\nbob@localhost:3000,false,true,en\neve,true,false,\n"
    )
    done = await bring(world, ada, text, "following")
    assert (done.state, done.total, done.imported, done.failed) == ("finished", 2, 2, 0)
    found = await relation(ada, bob)
    assert (found["following"], found["showing_reblogs"], found["notifying"]) == (True, False, True)
    assert found["languages"] == ["en"]
    notices = (await bob.api.get("/api/v1/notifications")).json()
    assert [(notice["type"], notice["account"]["username"]) for notice in notices] == [("follow", "ada")]
    assert [status["id"] for status in (await ada.api.get("/api/v1/timelines/home")).json()] == [post["id"]]
    own = (await ada.api.get("/api/v1/accounts/verify_credentials")).json()
    assert own["following_count"] == 2
    assert (await eve.api.get("/api/v1/accounts/verify_credentials")).json()["followers_count"] == 1


async def test_what_stands_between_two_people_stands_in_an_import_too(world: World) -> None:
    ada, bob, eve, lock, gone = [await world.person(name) for name in ("ada", "bob", "eve", "lock", "gone")]
    await world.db.connection.execute("update accounts set locked = true where id = $1", lock.account_id)
    await world.db.connection.execute("update accounts set suspended_at = now() where id = $1", gone.account_id)
    await bob.api.post(f"/api/v1/accounts/{ada.id}/block")
    await ada.api.post(f"/api/v1/accounts/{eve.id}/block")
    text = "bob\neve\nlock\ngone\nada\nnobody\nsomebody@far.example\nnot an address\n"
    done = await bring(world, ada, text, "following")
    assert (done.total, done.imported, done.failed) == (8, 1, 7)
    assert await reasons(world, done) == {
        "bob": "blocked",
        "eve": "blocked",
        "gone": "not_found",
        "ada": "yourself",
        "nobody": "not_found",
        "somebody@far.example": "other_server",
        "not an address": "not_an_address",
    }
    assert (await relation(ada, lock))["requested"] is True
    assert await following(ada) == set()
    assert [each["type"] for each in (await lock.api.get("/api/v1/notifications")).json()] == ["follow_request"]


async def test_a_limited_person_asks_to_follow(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    await world.db.connection.execute("update accounts set silenced_at = now() where id = $1", ada.account_id)
    await bring(world, ada, "bob\n", "following")
    assert (await relation(ada, bob))["requested"] is True


@pytest.mark.parametrize("column", ["frozen_at", "suspended_at"])
async def test_whoever_may_not_act_does_not_act_by_a_list_that_was_sent_before(world: World, column: str) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    import_id = await stage(world, ada, "bob\n", "blocking")
    await confirm_import(world.db, world.clock, ada.account_id, import_id)
    await world.db.connection.execute(f"update accounts set {column} = now() where id = $1", ada.account_id)
    await world.settle()
    done = await get_import(world.db, ada.account_id, import_id)
    assert (done.state, done.problem, done.imported) == ("stopped", "barred", 0)
    await world.db.connection.execute(f"update accounts set {column} = null where id = $1", ada.account_id)
    await confirm_import(world.db, world.clock, ada.account_id, import_id)
    await world.settle()
    assert (await relation(ada, bob))["blocking"] is True


async def test_blocks_part_both_and_mutes_hide_what_they_say(world: World) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await bob.follow(ada)
    await world.settle()
    await bring(world, ada, "Account address\nbob\nada\n", "blocking")
    assert (await relation(ada, bob))["blocking"] is True
    assert await following(bob) == set()
    assert (await ada.api.get("/api/v1/notifications")).json() == []
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["followers_count"] == 0
    await bring(world, ada, "Account address,Hide notifications\neve,false\n", "muting")
    found = await relation(ada, eve)
    assert (found["muting"], found["muting_notifications"]) == (True, False)


async def test_domains_lists_and_bookmarks_come_in(world: World) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await bring(world, ada, "#domain\nbad.example\nlocalhost:3000\n", "domain_blocking")
    assert (await ada.api.get("/api/v1/domain_blocks")).json() == ["bad.example"]
    done = await bring(world, ada, "Friends,bob\nFriends,eve\nWork,bob\n", "lists")
    assert done.imported == 3
    lists = {each["title"]: each["id"] for each in (await ada.api.get("/api/v1/lists")).json()}
    members = (await ada.api.get(f"/api/v1/lists/{lists['Friends']}/accounts")).json()
    assert {member["username"] for member in members} == {"bob", "eve"}
    assert await following(ada) == {"bob", "eve"}
    public, direct = await bob.post("For all"), await eve.post("For nobody", visibility="direct")
    text = f"{public['uri']}\n{direct['uri']}\nhttps://far.example/1\n{public['url']}\n"
    done = await bring(world, ada, text, "bookmarks")
    assert await reasons(world, done) == {direct["uri"]: "not_visible", "https://far.example/1": "other_server"}
    assert [each["id"] for each in (await ada.api.get("/api/v1/bookmarks")).json()] == [public["id"]]


async def test_nobody_gets_more_lists_than_anybody_may_have(world: World) -> None:
    ada = await world.person("ada")
    await world.person("bob")
    done = await bring(world, ada, "".join(f"List {number},bob\n" for number in range(60)), "lists")
    assert (done.imported, done.failed) == (50, 10)
    assert set((await reasons(world, done)).values()) == {"too_many_lists"}


async def test_overwriting_says_before_what_it_would_end_and_ends_that_only(world: World) -> None:
    ada, bob, eve, lock = [await world.person(name) for name in ("ada", "bob", "eve", "lock")]
    await world.db.connection.execute("update accounts set locked = true where id = $1", lock.account_id)
    for other in (bob, eve, lock):
        await ada.follow(other)
    import_id = await stage(world, ada, "bob\nnobody\n", "following", "overwrite")
    shown = await preview(world.db, world.clock, await get_import(world.db, ada.account_id, import_id))
    assert (shown.doable, shown.ends, shown.reasons) == (1, 2, [("not_found", 1)])
    assert await following(ada) == {"bob", "eve"}
    await confirm_import(world.db, world.clock, ada.account_id, import_id, mode="overwrite")
    late = await world.person("late")
    await world.db.connection.execute(
        "insert into follows (id, account_id, target_id, created_at) values (make_id(now()), $1, $2, $3)",
        ada.account_id, late.account_id, world.clock.now().replace(year=2027),
    )  # fmt: skip
    await world.settle()
    assert await following(ada) == {"bob", "late"}
    assert (await relation(ada, lock))["requested"] is False


@pytest.mark.parametrize(
    ("kind", "text", "left"),
    [
        ("blocking", "bob\n", ("blocking", "muting")),
        ("muting", "bob\n", ("muting", "blocking")),
    ],
)
async def test_overwriting_blocks_leaves_mutes_and_the_other_way_round(
    world: World, kind: CsvType, text: str, left: tuple[str, str]
) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await ada.api.post(f"/api/v1/accounts/{eve.id}/block")
    await ada.api.post(f"/api/v1/accounts/{eve.id}/mute")
    await bring(world, ada, text, kind, "overwrite")
    assert (await relation(ada, bob))[left[0]] is True
    found = await relation(ada, eve)
    assert (found[left[0]], found[left[1]]) == (False, True)


async def test_overwriting_lists_domains_and_bookmarks(world: World) -> None:
    ada, bob, eve = [await world.person(name) for name in ("ada", "bob", "eve")]
    await bring(world, ada, "Friends,bob\nFriends,eve\nWork,bob\n", "lists")
    await bring(world, ada, "Friends,bob\n", "lists", "overwrite")
    lists = (await ada.api.get("/api/v1/lists")).json()
    assert [each["title"] for each in lists] == ["Friends"]
    members = (await ada.api.get(f"/api/v1/lists/{lists[0]['id']}/accounts")).json()
    assert [member["username"] for member in members] == ["bob"]
    await bring(world, ada, "a.example\nb.example\n", "domain_blocking")
    await bring(world, ada, "b.example\nc.example\n", "domain_blocking", "overwrite")
    assert set((await ada.api.get("/api/v1/domain_blocks")).json()) == {"b.example", "c.example"}
    one, two = await bob.post("One"), await eve.post("Two")
    await bring(world, ada, f"{one['uri']}\n", "bookmarks")
    await bring(world, ada, f"{two['uri']}\n", "bookmarks", "overwrite")
    assert [each["id"] for each in (await ada.api.get("/api/v1/bookmarks")).json()] == [two["id"]]


async def test_bookmarks_keep_their_order(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    posts = [await bob.post(f"Post {number}") for number in range(3)]
    await bring(world, ada, "".join(f"{post['uri']}\n" for post in posts), "bookmarks")
    shown = (await ada.api.get("/api/v1/bookmarks")).json()
    assert [each["id"] for each in shown] == [post["id"] for post in posts]


async def test_a_job_that_dies_in_the_middle_goes_on_and_does_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_csv, "BATCH", 2)
    ada = await world.person("ada")
    others = [await world.person(f"friend{number}") for number in range(5)]
    import_id = await stage(world, ada, "".join(f"{other.username}\n" for other in others), "following")
    await confirm_import(world.db, world.clock, ada.account_id, import_id)
    assert await run_batch(world.db, world.clock, emit, import_id)
    marked = import_csv.queries.mark_rows

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(import_csv.queries, "mark_rows", die)
    with pytest.raises(RuntimeError):
        await run_batch(world.db, world.clock, emit, import_id)
    assert len(await following(ada)) == 2
    monkeypatch.setattr(import_csv.queries, "mark_rows", marked)
    await world.settle()
    done = await get_import(world.db, ada.account_id, import_id)
    assert (done.state, done.imported) == ("finished", 5)
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["following_count"] == 5
    for other in others:
        assert len((await other.api.get("/api/v1/notifications")).json()) == 1
    # The job that was queued once more finds nothing to do.
    assert not await run_batch(world.db, world.clock, emit, import_id)


@pytest.mark.parametrize("kind", ["following", "blocking", "muting", "domain_blocking", "lists", "bookmarks"])
async def test_a_batch_takes_as_many_statements_for_forty_lines_as_for_one(world: World, kind: CsvType) -> None:
    ada = await world.person("ada")
    others = [await world.person(f"friend{number}") for number in range(41)]
    posts = [await others[0].post(f"Post {number}") for number in range(41)] if kind == "bookmarks" else []

    def lines(some: slice) -> str:
        if kind == "bookmarks":
            return "".join(f"{post['uri']}\n" for post in posts[some])
        if kind == "domain_blocking":
            return "".join(f"{other.username}.example\n" for other in others[some])
        names = [other.username for other in others[some]]
        return "".join(f"Friends,{name}\n" if kind == "lists" else f"{name}\n" for name in names)

    counts: list[int] = []
    for some in (slice(0, 1), slice(1, 41)):
        import_id = await stage(world, ada, lines(some), kind)
        await confirm_import(world.db, world.clock, ada.account_id, import_id)
        ran = await world.statements(lambda number=import_id: run_batch(world.db, world.clock, emit, number))
        counts.append(len(ran))
    assert counts[0] == counts[1]
    assert counts[0] < 25


async def test_an_import_is_its_owners_alone_and_waits_for_their_word(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    import_id = await stage(world, ada, "bob\n", "following")
    with pytest.raises(NotFound):
        await get_import(world.db, bob.account_id, import_id)
    with pytest.raises(NotFound):
        await confirm_import(world.db, world.clock, bob.account_id, import_id)
    await world.settle()
    assert await following(ada) == set()
    assert not await run_batch(world.db, world.clock, emit, import_id)


async def test_there_is_an_end_to_what_may_be_on_its_way(world: World) -> None:
    ada = await world.person("ada")
    await world.person("bob")
    for _ in range(5):
        import_id = await stage(world, ada, "bob\n", "following")
        await confirm_import(world.db, world.clock, ada.account_id, import_id)
    with pytest.raises(TooManyImports):
        await stage(world, ada, "bob\n", "following")
