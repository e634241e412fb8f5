"""The community filled in on a real database: what a visitor then finds, and what a second time does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from rostra.asgi import Application
from rostra.demo import fill as demo
from rostra.demo.content import Community, Extras, WrittenList, WrittenReport, load_community
from rostra.effects import emit
from rostra.instance.cache import default_settings
from rostra.instance.rules import add_rule, list_rules
from rostra.instance.settings import change_settings, read_settings
from rostra.kit.db import connect
from rostra.kit.errors import Conflict
from rostra.oauth.tokens import hash_token
from rostra.resources import Resources, open_resources
from tests.world import DOMAIN
from tests.world import test_settings as settings_in


@pytest.fixture
async def res(fresh_dsn: str, tmp_path: Path) -> AsyncIterator[Resources]:
    async with open_resources(settings_in(tmp_path), fresh_dsn, emit) as res:
        yield res


@pytest.fixture
async def db(fresh_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(fresh_dsn)
    yield connection
    await connection.close()


async def sign_in(res: Resources, db: asyncpg.Connection, username: str) -> httpx.AsyncClient:
    """The API as somebody of the community."""
    at = datetime.now(UTC)
    await db.execute(
        "with app as (insert into apps (id, name, redirect_uris, scopes, client_id, client_secret_hash, created_at)"
        " values (make_id($1), 'Test', '{}', '{read,write}', $2, '', $1) returning id)"
        " insert into access_tokens (id, token_hash, app_id, account_id, scopes, created_at)"
        " select make_id($1), $3, app.id, a.id, '{read,write}', $1 from app, accounts a where a.username = $2",
        at, username, hash_token(username),
    )  # fmt: skip
    transport = httpx.ASGITransport(Application(res.settings, resources=res))
    headers = {"authorization": f"Bearer {username}"}
    return httpx.AsyncClient(transport=transport, base_url=f"http://{DOMAIN}", headers=headers)


async def every_id(api: httpx.AsyncClient, path: str) -> list[str]:
    ids: list[str] = []
    while path:
        answer = await api.get(path)
        ids += [one["id"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "") if answer.json() else ""
    return ids


async def test_a_visitor_finds_a_living_place_and_a_second_time_changes_nothing(
    res: Resources, db: asyncpg.Connection
) -> None:
    seen: list[tuple[int, int]] = []
    summary = await demo.fill(res, progress=lambda done, of: seen.append((done, of)))
    assert (summary.visitor, summary.password, summary.already) == ("demo", "demo-demo", False)
    assert [done for done, _ in seen] == list(range(1, seen[-1][1] + 1))
    assert await db.fetchval("select count(*) from pgqueuer where execute_after <= now() - interval '1 minute'") == 0

    async with await sign_in(res, db, "demo") as api:
        await _look_around(api, summary.posts)
        await _look_at_the_place(api)
        await _look_at_details(api)
        # What the visitor changes stays changed.
        post = (await api.get("/api/v1/favourites")).json()[0]["id"]
        await api.post(f"/api/v1/statuses/{post}/unfavourite")
        again = await demo.fill(res)
        assert again.already
        assert again.password is None
        assert post not in await every_id(api, "/api/v1/favourites")
    kept = await db.fetchval("select password_hash from users join accounts on id = account_id where username = 'demo'")
    assert await res.passwords.matches(kept, "demo-demo")


async def _look_around(api: httpx.AsyncClient, posts: int) -> None:
    home = await every_id(api, "/api/v1/timelines/home?limit=40")
    assert home == sorted(home, key=int, reverse=True)
    assert len(home) > 80
    newest = (await api.get("/api/v1/timelines/home")).json()
    assert datetime.fromisoformat(newest[0]["created_at"]) > datetime.now(UTC) - timedelta(hours=2)
    # A post has its place among ids by its own moment, which paging and the search by days go by.
    assert all(
        abs(int(one["id"]) / 65_536_000 - datetime.fromisoformat(one["created_at"]).timestamp()) < 1 for one in newest
    )
    # Answers do not stand in the public timeline.
    assert len(await every_id(api, "/api/v1/timelines/public?limit=40")) > posts // 3
    told = (await api.get("/api/v1/notifications?limit=80")).json()
    assert {"mention", "favourite", "reblog", "follow", "poll"} <= {one["type"] for one in told}
    assert "direct" in {one["status"]["visibility"] for one in told if "status" in one}
    assert len((await api.get("/api/v1/bookmarks")).json()) == 4
    lists = (await api.get("/api/v1/lists")).json()
    assert [one["title"] for one in lists] == ["Table and garden", "After dark"]
    assert (await api.get(f"/api/v1/timelines/list/{lists[0]['id']}")).json()
    found = (await api.get("/api/v2/search", params={"q": "heron"})).json()
    assert found["statuses"]
    assert (await api.get("/api/v1/trends/statuses")).json()
    assert "piazzadelpesce" in [tag["name"] for tag in (await api.get("/api/v1/trends/tags")).json()]


async def _look_at_the_place(api: httpx.AsyncClient) -> None:
    instance = (await api.get("/api/v2/instance")).json()
    assert instance["title"] == "Valdoro"
    assert instance["contact"]["account"]["username"] == "giulia"
    assert len(instance["rules"]) == 4
    # All but those who never post.
    assert instance["usage"]["users"]["active_month"] > len(load_community().people) // 2
    assert [emoji["shortcode"] for emoji in (await api.get("/api/v1/custom_emojis")).json()] == [
        "heron",
        "loaf",
        "tram",
    ]
    used = [status for status in (await api.get("/api/v1/timelines/home")).json() if status["emojis"]]
    assert {emoji["shortcode"] for status in used for emoji in status["emojis"]} == {"loaf", "tram"}


async def _look_at_details(api: httpx.AsyncClient) -> None:
    async def account(name: str) -> dict[str, Any]:
        return (await api.get("/api/v1/accounts/lookup", params={"acct": name})).json()

    for person in load_community().people:
        shown = await account(person.username)
        assert shown["display_name"] == person.name
        assert len(shown["fields"]) == len(person.fields)
        assert "missing" not in shown["avatar"] + shown["header"]
        assert (shown["locked"], shown["bot"]) == (person.locked, person.bot)
    lucia = await account("lucia")
    [between] = (await api.get("/api/v1/accounts/relationships", params={"id[]": lucia["id"]})).json()
    assert between["requested"]
    assert not [
        one for one in await every_id(api, f"/api/v1/accounts/{lucia['id']}/statuses") if await _private(api, one)
    ]
    giulia = await account("giulia")
    pinned = (await api.get(f"/api/v1/accounts/{giulia['id']}/statuses", params={"pinned": "true"})).json()
    assert [status["pinned"] for status in pinned if "pinned" in status] in ([], [True])
    assert pinned[0]["content"].startswith("<p>Benvenute")
    everything = [status for page in range(1) for status in (await api.get("/api/v1/timelines/public?limit=40")).json()]
    polls = [status["poll"] for status in everything if status["poll"]]
    assert {poll["expired"] for poll in polls} == {True, False}
    assert all(poll["votes_count"] for poll in polls)
    pictures = [media for status in everything for media in status["media_attachments"]]
    assert pictures
    assert all(media["description"] and media["blurhash"] for media in pictures)


async def _private(api: httpx.AsyncClient, status_id: str) -> bool:
    return (await api.get(f"/api/v1/statuses/{status_id}")).json()["visibility"] == "private"


def hamlet(*keys: str) -> Community:
    """Four people of the community and some of its posts, without pictures."""
    whole = load_community()
    names = {"giulia", "oren", "lucia", "demo"}
    people = [
        msgspec.structs.replace(person, follows=[name for name in person.follows if name in names])
        for person in whole.people
        if person.username in names
    ]
    posts = [
        msgspec.structs.replace(
            post,
            pictures=[],
            boosts=[name for name in post.boosts if name in names],
            poll=post.poll and msgspec.structs.replace(post.poll, votes={"giulia": [0], "oren": [1], "demo": [1]}),
            by="lucia" if post.poll else post.by,
        )
        for post in whole.posts
        if post.key in keys
    ]
    extras = Extras(bookmarks=[*keys][:1], requests=["lucia"], lists=[WrittenList(title="Two", members=["oren"])])
    return Community(place=whole.place, people=people, posts=posts, extras=extras)


class _Interrupted(Exception):
    pass


async def test_what_was_interrupted_goes_on_and_nothing_is_there_twice(
    res: Resources, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = hamlet("welcome", "welcome-en", "welcome-oren", "poll-night")
    told = WrittenReport(by="oren", after="1m", comment="Look at this")
    small.posts[-1] = msgspec.structs.replace(small.posts[-1], reports=[told])
    monkeypatch.setattr(demo, "load_community", lambda: small)

    def stop_late(done: int, of: int) -> None:
        if done == of - 5:
            raise _Interrupted

    with pytest.raises(_Interrupted):
        await demo.fill(res, progress=stop_late)
    summary = await demo.fill(res)
    assert not summary.already
    tables = ("accounts", "lists", "bookmarks", "polls", "reports", "cases")
    counts = {table: await db.fetchval(f"select count(*) from {table}") for table in tables}
    assert counts == {"accounts": 4, "lists": 1, "bookmarks": 1, "polls": 1, "reports": 1, "cases": 1}
    assert await db.fetchval("select count(*) from statuses where reblog_of_id is null") == 4
    assert await db.fetchval("select voters_count from polls") == 3


async def test_what_the_owner_has_set_stays(res: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "load_community", hamlet)
    defaults = default_settings(dev=True)
    await change_settings(res.db, res.clock, defaults, actor_id=None, changes={"title": "Ours"})
    await add_rule(res.db, res.clock, actor_id=None, text="Our only rule")
    await demo.fill(res)
    async with res.db.read() as conn:
        assert (await read_settings(conn, defaults)).title == "Ours"
    assert [rule.text for rule in await list_rules(res.db)] == ["Our only rule"]


async def test_nobody_elses_name_is_taken_and_no_public_server_is_overrun(
    res: Resources, db: asyncpg.Connection
) -> None:
    async def live_here(username: str) -> None:
        await db.execute(
            "with made as (insert into accounts (id, username, uri, url, created_at, updated_at)"
            " values (make_id(now()), $1, $1, $1, now(), now()) returning id)"
            " insert into users (account_id, email, email_key, password_hash, created_at)"
            " select id, $1 || '@example.com', $1 || '@example.com', '', now() from made",
            username,
        )

    await live_here("somebody")
    public = msgspec.structs.replace(res, settings=msgspec.structs.replace(res.settings, dev=False))
    with pytest.raises(Conflict, match="People live here already"):
        await demo.fill(public)
    await live_here("marta")
    with pytest.raises(Conflict, match="Somebody else is called marta"):
        await demo.fill(res)
    assert await db.fetchval("select count(*) from accounts") == 2


async def test_on_a_public_server_the_password_is_made_up(res: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "load_community", hamlet)
    public = msgspec.structs.replace(res, settings=msgspec.structs.replace(res.settings, dev=False))
    summary = await demo.fill(public)
    assert summary.password
    assert len(summary.password) > 12
    assert summary.password != demo.VISITOR_PASSWORD
