"""What a web process remembers between requests, tokens and stored JSON, changes what an answer costs and never what
it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from rostra.api import answer
from rostra.asgi import Application
from rostra.kit.db import Reader
from rostra.kit.kept import Kept
from rostra.oauth import queries
from rostra.oauth.tokens import TokenReader
from rostra.posts.texts import KeptTexts
from rostra.timelines.announce import Announcement, ChangedFilters, EndedStreams
from tests.world import DOMAIN, Person, World

HOME = "/api/v1/timelines/home"
TOKEN_COLUMNS = "t.token_hash"


@pytest.fixture
async def world(world: World) -> World:
    """A world whose application remembers, as a real one does."""
    world.res = msgspec.structs.replace(
        world.res, tokens=TokenReader(world.db, world.clock, keep=timedelta(seconds=1)), texts=KeptTexts()
    )
    world.app = Application(world.res.settings, resources=world.res)
    await world.http.aclose()
    world.http = httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url=f"http://{DOMAIN}")
    return world


def forgetful(world: World) -> httpx.AsyncClient:
    """The same world by another process, which has just come up and remembers nothing."""
    res = msgspec.structs.replace(world.res, tokens=TokenReader(world.db, world.clock), texts=None)
    app = Application(world.res.settings, resources=res)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{DOMAIN}")


async def same_for_both(world: World, person: Person, *paths: str) -> None:
    """Both kinds of process must say the same; the one that remembers is asked often enough to do so."""
    async with forgetful(world) as other:
        for path in paths:
            for _ in range(3):
                remembered = await person.api.get(path)
            plain = await other.get(path, headers={"authorization": f"Bearer {person.token}"})
            assert remembered.json() == plain.json(), path
            assert remembered.headers.get("link") == plain.headers.get("link")


async def test_what_is_remembered_is_what_would_be_read(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await alice.follow(bob)
    poll = await bob.post("a poll :nothing:", poll={"options": ["yes", "no"], "expires_in": 600})
    told = await carol.post("@alice look", visibility="direct")
    boosted = await carol.post("to be boosted")
    await bob.api.post(f"/api/v1/statuses/{boosted['id']}/reblog")
    own = await alice.post("my own, pinned")
    await alice.api.post(f"/api/v1/statuses/{own['id']}/pin")
    await bob.api.post(f"/api/v1/statuses/{own['id']}/favourite")
    await alice.api.post(f"/api/v1/polls/{poll['poll']['id']}/votes", {"choices": [0]})
    await world.settle()
    paths = [
        HOME, "/api/v1/timelines/public", f"/api/v1/statuses/{told['id']}", f"/api/v1/statuses/{own['id']}/context",
        f"/api/v1/accounts/{bob.id}/statuses", f"/api/v1/accounts/{alice.id}/statuses?pinned=true",
        "/api/v1/notifications", "/api/v1/favourites", f"/api/v1/polls/{poll['poll']['id']}",
    ]  # fmt: skip
    assert len((await alice.api.get(HOME)).json()) == 3
    assert len((await alice.api.get("/api/v1/notifications")).json()) == 2
    for person in (alice, bob, carol):
        await same_for_both(world, person, *paths[:2], *paths[3:])
    await same_for_both(world, alice, *paths)
    # And again once all of it has changed.
    await bob.api.put(f"/api/v1/statuses/{poll['id']}", {"status": "edited"})
    await carol.api.patch("/api/v1/accounts/update_credentials", {"display_name": "Another name"})
    await bob.api.post(f"/api/v1/statuses/{own['id']}/unfavourite")
    await world.settle()
    for person in (alice, bob, carol):
        await same_for_both(world, person, *paths[:2], *paths[4:8])
    shown = (await alice.api.get(HOME)).json()
    assert {"<p>edited</p>", "Another name"} <= {shown[2]["content"], shown[1]["reblog"]["account"]["display_name"]}


async def test_the_second_home_takes_one_statement_and_none_takes_more_than_two(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)

    async def cost() -> int:
        return len(await world.statements(lambda: alice.api.get(HOME)))

    assert await cost() == 2
    await bob.post("one")
    await world.settle()
    # The token is known, and so is the text, which this very process has written.
    assert await cost() == 1
    assert world.res.texts is not None
    world.res.texts.statuses = Kept(1 << 20)
    world.res.texts.whole = Kept(1 << 20)
    # The text is not.
    assert (await cost(), await cost()) == (2, 1)
    world.clock.tick(seconds=2)
    world.res.texts.statuses = Kept(1 << 20)
    world.res.texts.whole = Kept(1 << 20)
    # Neither is.
    assert (await cost(), await cost(), await cost()) == (2, 2, 1)


async def test_stored_json_that_is_stale_is_made_anew_by_readers_who_remember(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("hello")
    path = f"/api/v1/statuses/{status['id']}"
    before = [(await alice.api.get(path)).json() for _ in range(2)][1]
    for table in ("statuses", "accounts"):
        await world.db.connection.execute(
            f"update {table} set rendered_for = 1, rendered = replace(rendered, 'localhost', 'elsewhere')"
        )
    assert (await alice.api.get(path)).json() == before
    await same_for_both(world, alice, path)


async def test_what_is_hidden_stays_hidden_however_well_its_text_is_known(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("for a while")
    path = f"/api/v1/statuses/{status['id']}"
    for _ in range(3):
        assert (await bob.api.get(path)).json()["content"] == "<p>for a while</p>"
    await alice.api.post(f"/api/v1/accounts/{bob.id}/block")
    await bob.api.get(path, expect=404)
    await alice.api.post(f"/api/v1/accounts/{bob.id}/unblock")
    await bob.api.get(path)
    await alice.api.delete(path)
    await bob.api.get(path, expect=404)


async def revoke(world: World, person: Person) -> None:
    row = await world.db.connection.fetchrow(
        "select client_id from apps where client_id = $1", f"client-{person.token}"
    )
    assert row is not None
    await world.db.connection.execute("delete from access_tokens where account_id = $1", person.account_id)


async def test_a_token_is_looked_up_once_a_second(world: World) -> None:
    alice = await world.person("alice")
    counted: list[int] = []
    for _ in range(3):
        ran = await world.statements(lambda: alice.api.get("/api/v1/markers"))
        counted.append(sum(TOKEN_COLUMNS in statement for statement in ran))
    world.clock.tick(seconds=1)
    ran = await world.statements(lambda: alice.api.get("/api/v1/markers"))
    assert (counted, sum(TOKEN_COLUMNS in statement for statement in ran)) == ([1, 0, 0], 1)


async def test_tokens_in_use_are_read_anew_with_one_statement_before_their_second_ends(world: World) -> None:
    people = [await world.person(name) for name in ("alice", "bob", "carol")]
    alice, bob, _ = people

    async def ask(*of: Person) -> int:
        ran = [await world.statements(lambda person=person: person.api.get("/api/v1/markers")) for person in of]
        return sum(TOKEN_COLUMNS in statement for statements in ran for statement in statements)

    assert await ask(*people) == 3
    # What was read just now can wait.
    assert await ask(*people) == 0
    assert await world.statements(world.res.tokens.renew) == []
    world.clock.tick(seconds=0.6)
    assert await ask(alice, bob) == 0
    assert len(await world.statements(world.res.tokens.renew)) == 1
    world.clock.tick(seconds=0.6)
    assert (await ask(alice), await ask(bob), await ask(people[2])) == (0, 0, 1)
    # Both have gone on asking; one of them has lost the token elsewhere, the other was suspended.
    await revoke(world, alice)
    await world.db.connection.execute("update accounts set suspended_at = $1", world.clock.now())
    await world.res.tokens.renew()
    await alice.api.get("/api/v1/markers", expect=401)
    await bob.api.get("/api/v1/markers", expect=403)


async def test_what_was_forgotten_while_it_was_read_anew_is_not_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await world.person("alice")
    await alice.api.get("/api/v1/markers")
    world.clock.tick(seconds=0.6)
    await alice.api.get("/api/v1/markers")
    read = queries.find_token_owners

    async def forget_meanwhile(conn: Reader, hashes: Sequence[bytes]) -> list[asyncpg.Record]:
        rows = await read(conn, hashes)
        world.res.tokens.forget()
        return rows

    monkeypatch.setattr(queries, "find_token_owners", forget_meanwhile)
    await world.res.tokens.renew()
    monkeypatch.undo()
    ran = await world.statements(lambda: alice.api.get("/api/v1/markers"))
    assert any(TOKEN_COLUMNS in statement for statement in ran)


async def test_a_visitor_is_not_given_a_person_s_status_nor_the_other_way_round(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("hello")
    await bob.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    for path in (f"/api/v1/statuses/{status['id']}", f"/api/v1/accounts/{alice.id}/statuses"):
        for _ in range(2):
            seen: list[dict[str, Any]] = []
            for asker in (bob.api, world.anyone, alice.api, world.anyone):
                body = (await asker.get(path)).json()
                seen.append(body[0] if isinstance(body, list) else body)
            assert [each.get("favourited") for each in seen] == [True, None, False, None]
            assert ["pinned" in each for each in seen] == [False, False, True, False]


async def test_a_revoked_token_is_refused_at_once_by_the_process_that_revoked_it(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute(
        "update apps set client_secret_hash = sha256('secret') where client_id = $1", f"client-{alice.token}"
    )
    await alice.api.get(HOME)
    await alice.api.get(HOME)
    form = {"client_id": f"client-{alice.token}", "client_secret": "secret", "token": alice.token}
    await world.anyone.post("/oauth/revoke", form)
    await alice.api.get(HOME, expect=401)


async def test_what_another_process_revoked_ends_after_a_second_or_when_it_is_announced(world: World) -> None:
    for heard in (False, True):
        person = await world.person(f"person{int(heard)}")
        await person.api.get(HOME)
        await revoke(world, person)
        # Only for reading, and only for so long.
        await person.api.get(HOME)
        await person.api.post("/api/v1/markers", {"home": {"last_read_id": "1"}}, expect=401)
        await person.api.get(HOME, expect=401)
        assert await world.statements(lambda person=person: person.api.get(HOME, expect=401)) != []

    later = await world.person("later")
    await later.api.get(HOME)
    await revoke(world, later)
    world.clock.tick(seconds=1)
    await later.api.get(HOME, expect=401)


@pytest.mark.parametrize("named", ["account", "token", "filters"])
async def test_an_announcement_makes_a_process_look_tokens_up_again(world: World, named: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    for person in (alice, bob):
        await person.api.get("/api/v1/markers")
    token_id: int = await world.db.connection.fetchval(
        "select id from access_tokens where account_id = $1", alice.account_id
    )
    announcements: dict[str, Announcement] = {
        "account": EndedStreams(account_id=alice.account_id),
        "token": EndedStreams(token_ids=[token_id]),
        "filters": ChangedFilters(account_id=alice.account_id),
    }
    world.app.listener.hear(msgspec.json.encode(announcements[named]).decode())

    async def looked_up(person: Person) -> bool:
        ran = await world.statements(lambda: person.api.get("/api/v1/markers"))
        return any(TOKEN_COLUMNS in statement for statement in ran)

    assert (await looked_up(alice), await looked_up(bob)) == (True, False)


async def test_a_changed_filter_holds_for_the_next_request(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await bob.post("a spoiler")
    await world.settle()
    for _ in range(3):
        assert len((await alice.api.get(HOME)).json()) == 1
    await alice.api.post(
        "/api/v2/filters",
        {"title": "x", "context": ["home"], "filter_action": "hide", "keywords_attributes": [{"keyword": "spoiler"}]},
    )
    assert (await alice.api.get(HOME)).json() == []


async def test_a_person_who_may_not_come_in_is_not_remembered(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute("update users set disabled_at = $1", world.clock.now())
    await alice.api.get(HOME, expect=403)
    await world.db.connection.execute("update users set disabled_at = null")
    await alice.api.get(HOME)


async def test_what_staff_does_to_somebody_holds_at_once(world: World) -> None:
    alice, owner = await world.person("alice"), await world.person("owner", role="owner")
    await alice.api.get(HOME)
    await world.db.connection.execute(
        "update accounts set suspended_at = $1 where id = $2", world.clock.now(), alice.account_id
    )
    await owner.api.post("/api/v1/markers", {"home": {"last_read_id": "1"}})
    await alice.api.get(HOME, expect=403)


async def test_who_follows_a_large_author_reads_them_merged_in(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await world.settle()
    first: list[Any] = (await alice.api.get(HOME)).json()
    assert first == []
    await world.db.connection.execute("update accounts set merged_on_read = true where id = $1", bob.account_id)
    await world.db.connection.execute("delete from home_entries")
    status = await bob.post("by a large author")
    world.clock.tick(seconds=1)
    for _ in range(3):
        assert [shown["id"] for shown in (await alice.api.get(HOME)).json()] == [status["id"]]


async def test_every_rendering_has_a_number_of_its_own(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("one")
    db = world.db.connection

    async def number(table: str, row_id: str) -> int:
        return await db.fetchval(f"select rendered_version from {table} where id = $1", int(row_id))

    seen = [await number("statuses", status["id"])]
    for text in ("two", "one"):
        await alice.api.put(f"/api/v1/statuses/{status['id']}", {"status": text})
        seen.append(await number("statuses", status["id"]))
    await db.execute("update statuses set rendered_for = 0")
    seen.append(await number("statuses", status["id"]))
    await alice.api.post(f"/api/v1/statuses/{status['id']}/favourite")
    assert await number("statuses", status["id"]) >= seen[-1]
    assert sorted(set(seen)) == seen
    before = await number("accounts", alice.id)
    await alice.api.patch("/api/v1/accounts/update_credentials", {"note": "new"})
    await alice.api.get(f"/api/v1/accounts/{alice.id}")
    assert await number("accounts", alice.id) > before


async def test_long_addresses_of_lists_are_answered_and_not_remembered(world: World) -> None:
    anna = await world.person("anna")
    await anna.post("One")
    kept = answer.short_address.cache_info().currsize
    for number in range(3):
        strange = f"x{number}={'y' * 1_000}"
        found = await world.anyone.get(f"/api/v1/timelines/public?{strange}")
        assert strange in found.headers["link"]
    assert answer.short_address.cache_info().currsize == kept
    await world.anyone.get("/api/v1/timelines/public?limit=7")
    assert answer.short_address.cache_info().currsize > kept
