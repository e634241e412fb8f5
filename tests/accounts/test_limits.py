"""Sensitive acts are counted exactly, by address and by whom they are about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from rostra.asgi import Application
from rostra.kit.ratelimit import RateLimiter
from tests.web.visitor import PASSWORD, Visitor, with_password
from tests.world import World


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Visitor]:
    """A browser on the same world, where limits hold."""
    res = msgspec.structs.replace(world.res, limiter=RateLimiter(world.clock, scale=1.0))
    browser = Visitor(Application(res.settings, resources=res))
    yield browser
    await browser.aclose()


async def test_passwords_cannot_be_guessed_for_long(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/sign_in")
    wrong = {"login": "alice", "password": "wrong", "csrf": browser.csrf}
    codes = [(await browser.http.post("/auth/sign_in", data=wrong)).status_code for _ in range(26)]
    assert codes == [422] * 25 + [429]
    right = {**wrong, "password": PASSWORD}
    # Neither from elsewhere nor in another spelling.
    world.clock.tick(minutes=5)
    for login in ("alice", "@alice", " ALICE "):
        assert (await browser.http.post("/auth/sign_in", data={**right, "login": login})).status_code == 429
    refused = await browser.http.post("/auth/sign_in", data=right)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    world.clock.tick(hours=1)
    assert (await browser.http.post("/auth/sign_in", data=right)).status_code == 303


async def test_second_factors_cannot_be_guessed(world: World, browser: Visitor) -> None:
    alice = await with_password(world, "alice")
    await world.db.connection.execute(
        "update users set totp_enabled_at = created_at where account_id = $1", alice.account_id
    )
    await browser.sign_in("alice")
    await browser.follow()
    form = {"code": "000000", "csrf": browser.csrf}
    codes = [(await browser.http.post("/auth/totp", data=form)).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


@pytest.mark.parametrize(
    ("path", "form", "most"),
    [
        ("/auth/password/new", {"email": "a@example.com"}, 5),
        ("/auth/confirmation", {"email": "a@example.com"}, 5),
        ("/auth/sign_up", {"username": "x"}, 25),
    ],
)
async def test_letters_and_sign_ups_are_limited(browser: Visitor, path: str, form: dict[str, Any], most: int) -> None:
    await browser.get("/auth/sign_in")
    form = {**form, "csrf": browser.csrf}
    codes = [(await browser.http.post(path, data=form)).status_code for _ in range(most + 1)]
    assert 429 not in codes[:most]
    assert codes[most] == 429


async def test_few_accounts_come_from_one_address(browser: Visitor) -> None:
    await browser.get("/auth/sign_in")
    form = {"password": PASSWORD, "agreement": "1", "csrf": browser.csrf}
    codes = []
    for number in range(6):
        who = {"username": f"new{number}", "email": f"{number}@example.com"}
        codes.append((await browser.http.post("/auth/sign_up", data={**form, **who})).status_code)
    assert codes == [200] * 5 + [429]


async def test_tokens_cannot_be_guessed_for_long(browser: Visitor) -> None:
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    codes = [(await browser.http.post("/oauth/token", data=form)).status_code for _ in range(101)]
    assert codes == [401] * 100 + [429]


async def test_many_tokens_of_an_app_are_counted_as_the_one_who_has_asked_for_them(
    world: World, browser: Visitor
) -> None:
    codes: list[int] = []
    for number in range(6):
        await world.token_for(None, f"app{number}", "read write")
        headers = {"authorization": f"Bearer app{number}"}
        path = "/api/v1/instance/rules"
        codes += [(await browser.http.get(path, headers=headers)).status_code for _ in range(290)]
    assert codes == [200] * 1500 + [429] * 240
    world.clock.tick(minutes=5)
    for number in range(6):
        headers = {"authorization": f"Bearer app{number}"}
        codes.append((await browser.http.post("/api/v1/accounts", data={}, headers=headers)).status_code)
    assert codes[1740:] == [422] * 5 + [429]


async def test_a_person_is_not_counted_with_the_apps_of_the_same_address(world: World, browser: Visitor) -> None:
    alice = await world.person("alice")
    await world.token_for(None, "app", "read write")
    for token, status in [("app", 200)] * 300 + [("app", 429), (alice.token, 200)]:
        answer = await browser.http.get("/api/v1/instance/rules", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == status
