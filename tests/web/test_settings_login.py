"""Settings of how somebody signs in, and leaving."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from rostra.web.settings_login import describe_browser
from tests.web.test_auth import letters, link_in
from tests.web.visitor import PASSWORD, Visitor, with_password
from tests.world import Person, World

NEW = "another horse"


@pytest.fixture
async def alice(world: World) -> Person:
    return await with_password(world, "alice")


@pytest.fixture
async def browser(world: World, alice: Person) -> AsyncIterator[Visitor]:
    browser = Visitor(world.app)
    await browser.sign_in("alice")
    yield browser
    await browser.aclose()


async def test_a_new_password_ends_all_other_ways_in(world: World, alice: Person, browser: Visitor) -> None:
    other = Visitor(world.app)
    await other.sign_in("alice")
    await browser.get("/settings/account")
    form = {"current_password": PASSWORD, "password": NEW, "password_confirmation": NEW}
    await browser.post("/settings/account/password", {**form, "current_password": "wrong"}, expect=422)
    await browser.post("/settings/account/password", {**form, "password_confirmation": "x"}, expect=422)
    await browser.post(
        "/settings/account/password", {**form, "password": "x", "password_confirmation": "x"}, expect=422
    )
    assert await other.is_in()
    await browser.post("/settings/account/password", form)
    assert await browser.is_in()
    assert not await other.is_in()
    await alice.api.get("/api/v1/accounts/verify_credentials", expect=401)
    await other.sign_in("alice", NEW)
    await other.aclose()


async def test_a_new_address_has_to_be_confirmed_and_the_old_one_is_told(
    world: World, browser: Visitor, tmp_path: Path
) -> None:
    await with_password(world, "bob")
    await browser.get("/settings/account")
    form = {"current_password": PASSWORD, "email": "new@example.com"}
    for bad in (
        {"current_password": "x"},
        {"email": "nonsense"},
        {"email": "bob@example.com"},
        {"email": "alice@example.com"},
    ):
        await browser.post("/settings/account/email", {**form, **bad}, expect=422)
    await browser.post("/settings/account/email", form)
    await browser.follow()
    assert "new@example.com waits to be confirmed" in browser.text
    assert "It is alice@example.com now" in browser.text
    told, asked = sorted(await letters(world, tmp_path), key=lambda text: "open this link" in text)
    assert "new@example.com" in told
    await browser.get(link_in(asked))
    await browser.get("/settings/account")
    assert "It is new@example.com now" in browser.text


async def test_a_new_password_takes_a_new_address_back_that_somebody_else_has_asked_for(
    world: World, alice: Person, browser: Visitor, tmp_path: Path
) -> None:
    await browser.get("/settings/account")
    await browser.post("/settings/account/email", {"current_password": PASSWORD, "email": "thief@example.com"})
    asked = next(text for text in await letters(world, tmp_path) if "open this link within two days" in text)
    owner = Visitor(world.app)
    await owner.get("/auth/password/new")
    await owner.post("/auth/password/new", {"email": "alice@example.com"}, expect=200)
    reset = next(text for text in await letters(world, tmp_path) if "open this link within an hour" in text)
    await owner.get(link_in(reset))
    token = link_in(reset).partition("token=")[2]
    await owner.post("/auth/password/edit", {"token": token, "password": NEW, "password_confirmation": NEW})
    await owner.get(link_in(asked))
    kept = await world.db.connection.fetchval("select email from users where account_id = $1", alice.account_id)
    assert kept == "alice@example.com"
    await owner.aclose()


async def test_two_factor_is_switched_on_with_a_first_code_and_off_with_the_password(
    world: World, browser: Visitor, tmp_path: Path
) -> None:
    await browser.get("/settings/two_factor")
    for form in ({}, {"current_password": "x"}):
        await browser.post("/settings/two_factor", form, expect=422)
        assert '<code class="code"' not in browser.text
    assert await world.db.connection.fetchval("select totp_secret from users") is None
    await browser.post("/settings/two_factor", {"current_password": PASSWORD}, expect=200)
    found = re.search(r'<code class="code"[^>]*>([^<]+)</code>', browser.text)
    assert found
    totp = TOTP(re.sub(r"\s", "", found[1]))
    rows = await world.db.connection.fetch("select totp_secret from users")
    assert totp.secret not in str(rows)
    await browser.post("/settings/two_factor/enable", {"code": "000000"}, expect=422)
    assert totp.secret in re.sub(r"\s", "", browser.text)
    await browser.post("/settings/two_factor/enable", {"code": totp.at(world.clock.now())}, expect=200)
    codes = re.findall(r"<li>([a-z0-9-]{14})</li>", browser.text)
    assert len(codes) == 10
    await browser.post("/settings/two_factor/recovery_codes", {"current_password": "x"}, expect=422)
    await browser.post("/settings/two_factor/recovery_codes", {"current_password": PASSWORD}, expect=200)
    renewed = re.findall(r"<li>([a-z0-9-]{14})</li>", browser.text)
    assert not set(codes) & set(renewed)
    other = Visitor(world.app)
    await other.sign_in("alice")
    await other.follow()
    await other.post("/auth/totp", {"code": codes[0]}, expect=422)
    await other.post("/auth/totp", {"code": renewed[0]})
    await browser.post("/settings/two_factor/disable", {"current_password": "x"}, expect=422)
    await browser.post("/settings/two_factor/disable", {"current_password": PASSWORD})
    await other.sign_in("alice")
    assert await other.is_in()
    assert "no longer needs a second factor" in (await letters(world, tmp_path))[-1]
    await other.aclose()


async def test_sessions_are_listed_and_ended(world: World, browser: Visitor) -> None:
    others = [Visitor(world.app) for _ in range(3)]
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    for other in others:
        other.http.headers["user-agent"] = agent
        await other.sign_in("alice")
    await browser.get("/settings/sessions")
    assert browser.text.count("Firefox 140, Linux") >= 3
    ids = re.findall(r'name="session_id" value="(\d+)"', browser.text)
    await browser.post("/settings/sessions/revoke", {"session_id": ids[0]})
    assert sum([await other.is_in() for other in others]) == 2
    await browser.follow()
    await browser.post("/settings/sessions/revoke", {"all": "1"})
    assert not any([await other.is_in() for other in others])
    assert await browser.is_in()
    for other in others:
        await other.aclose()


async def test_nobody_ends_the_sessions_of_others(world: World, browser: Visitor) -> None:
    await with_password(world, "bob")
    bob = Visitor(world.app)
    await bob.sign_in("bob")
    session_id = await world.db.connection.fetchval(
        "select s.id from sessions s join accounts a on a.id = s.account_id where a.username = 'alice'"
    )
    await bob.get("/settings/sessions")
    await bob.post("/settings/sessions/revoke", {"session_id": str(session_id)})
    assert await browser.is_in()
    await bob.aclose()


async def test_leaving_takes_everything_along_and_puts_counts_right(
    world: World, alice: Person, browser: Visitor
) -> None:
    bob = await world.person("bob")
    await bob.follow(alice)
    await alice.follow(bob)
    await world.settle()
    theirs = await bob.post("hello", visibility="public")
    for _ in range(2):
        await alice.post("a reply", in_reply_to_id=theirs["id"])
    mine = await alice.post("mine")
    answer = await bob.post("to @alice", in_reply_to_id=mine["id"])
    await alice.api.post(f"/api/v1/statuses/{theirs['id']}/favourite")
    await alice.api.post(f"/api/v1/statuses/{theirs['id']}/reblog")
    await bob.api.post(f"/api/v1/statuses/{mine['id']}/reblog")
    await world.settle()
    await browser.get("/settings/delete")
    form = {"confirm": "alice", "current_password": PASSWORD}
    await browser.post("/settings/delete", {**form, "confirm": "bob"}, expect=422)
    await browser.post("/settings/delete", {**form, "current_password": "x"}, expect=422)
    assert (await browser.post("/settings/delete", form)).headers["location"] == "/"
    assert not await browser.is_in()
    await alice.api.get("/api/v1/accounts/verify_credentials", expect=401)
    await bob.api.get(f"/api/v1/statuses/{mine['id']}", expect=404)
    await world.settle()
    left = (await bob.api.get(f"/api/v1/statuses/{theirs['id']}")).json()
    assert (left["replies_count"], left["favourites_count"], left["reblogs_count"]) == (0, 0, 0)
    me = (await bob.api.get("/api/v1/accounts/verify_credentials")).json()
    assert (me["followers_count"], me["following_count"], me["statuses_count"]) == (0, 0, 2)
    orphan = (await bob.api.get(f"/api/v1/statuses/{answer['id']}")).json()
    assert (orphan["in_reply_to_id"], orphan["in_reply_to_account_id"], orphan["mentions"]) == (None, None, [])
    await world.anyone.get(f"/api/v1/accounts/{alice.id}", expect=404)
    tables = ["accounts", "users", "statuses", "follows", "favourites", "sessions", "access_tokens"]
    column = {"accounts": "id"}
    for table in tables:
        rows = f"select count(*) from {table} where {column.get(table, 'account_id')} = {alice.id}"
        assert await world.db.connection.fetchval(rows) == 0
    await world.token_for(None, "app-token", "write")
    taken = await world.anyone.post(
        "/api/v1/accounts",
        {"username": "Alice", "email": "alice@example.com", "password": PASSWORD, "agreement": True},
        headers={"authorization": "Bearer app-token"},
        expect=422,
    )
    assert list(taken.json()["details"]) == ["username"]


async def test_the_last_owner_cannot_leave(world: World) -> None:
    await with_password(world, "boss", role="owner")
    browser = Visitor(world.app)
    await browser.sign_in("boss")
    await browser.get("/settings/delete")
    await browser.post("/settings/delete", {"confirm": "boss", "current_password": PASSWORD}, expect=422)
    assert "must have an owner" in browser.text
    await browser.aclose()


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140, Linux"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 (KHTML) Version/17.4 Safari/605",
            "Safari 17, macOS",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/126.0 Safari/537 Edg/126.0", "Edge 126, Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/126.0 Mobile Safari/537", "Chrome 126, Android"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_browsers_are_described_in_a_few_words(agent: str, said: str) -> None:
    assert describe_browser(agent) == said
