"""An app asks, a person decides: the way from the app through the browser and back."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.visitor import PASSWORD, Visitor, with_password
from tests.world import Api, World

URI = "https://app.example/cb?x=1"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Visitor]:
    await with_password(world, "alice")
    browser = Visitor(world.app)
    yield browser
    await browser.aclose()


async def register(world: World, uri: str = URI, **more: Any) -> dict[str, Any]:
    form = {"client_name": "Tusker", "redirect_uris": uri, "scopes": "read write follow push", **more}
    return (await world.anyone.post("/api/v1/apps", form)).json()


def question(app: dict[str, Any], uri: str = URI, **more: Any) -> dict[str, str]:
    asked = {"client_id": app["client_id"], "redirect_uri": uri, "response_type": "code", "scope": "read write"}
    return {**asked, **more}


async def token_for(world: World, app: dict[str, Any], code: str, uri: str = URI, **more: Any) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": uri, "client_id": app["client_id"],
        "client_secret": app["client_secret"], **more,
    }  # fmt: skip
    return (await world.anyone.request("POST", "/oauth/token", data=form)).json()


async def test_a_person_signs_in_agrees_and_the_app_acts_for_them(world: World, browser: Visitor) -> None:
    app = await register(world)
    asked = question(app, state="s p&c", code_challenge=CHALLENGE, code_challenge_method="S256")
    answer = await browser.get("/oauth/authorize", params=asked, expect=303)
    assert answer.headers["location"].startswith("/auth/sign_in?return_to=%2Foauth%2Fauthorize")
    await browser.follow()
    assert "Tusker" in browser.text
    hidden = browser.hidden("/auth/sign_in")
    await browser.post("/auth/sign_in", {"login": "alice", "password": PASSWORD, "return_to": hidden["return_to"]})
    await browser.follow()
    assert "Tusker asks for access" in browser.text
    assert "app.example" in browser.text
    answer = await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "approve"})
    target = urlsplit(answer.headers["location"])
    given = parse_qs(target.query)
    assert target.netloc == "app.example"
    assert (given["x"], given["state"]) == (["1"], ["s p&c"])
    token = await token_for(world, app, given["code"][0], code_verifier=VERIFIER)
    me = await Api(world, token["access_token"]).get("/api/v1/accounts/verify_credentials")
    assert me.json()["username"] == "alice"


async def test_an_app_that_opened_a_window_keeps_it_until_the_answer(world: World, browser: Visitor) -> None:
    isolation = "cross-origin-opener-policy"
    asked = question(await register(world))
    await browser.get("/oauth/authorize", params=asked, expect=303)
    answer = await browser.follow()
    assert answer.headers[isolation] == "unsafe-none", "who signs in on the way"
    await browser.sign_in("alice")
    answer = await browser.get("/oauth/authorize", params=asked)
    assert answer.headers[isolation] == "unsafe-none", "the question"
    answer = await browser.get("/oauth/authorize", params={**asked, "client_id": "?"}, expect=401)
    assert answer.headers[isolation] == "unsafe-none", "what went wrong"
    assert (await browser.get("/home")).headers[isolation] == "same-origin", "all other pages stay by themselves"


async def test_who_says_no_sends_the_app_away(world: World, browser: Visitor) -> None:
    app = await register(world)
    await browser.sign_in("alice")
    await browser.get("/oauth/authorize", params=question(app, state="x"))
    answer = await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "deny"})
    given = parse_qs(urlsplit(answer.headers["location"]).query)
    assert given["error"] == ["access_denied"]
    assert given["state"] == ["x"]
    assert "code" not in given
    await browser.get("/oauth/authorize", params=question(app))
    answer = await browser.http.request(
        "DELETE", "/oauth/authorize", params=question(app), headers={"x-csrf-token": browser.csrf}
    )
    assert "error=access_denied" in answer.headers["location"]


async def test_without_an_address_the_code_is_shown(world: World, browser: Visitor) -> None:
    oob = "urn:ietf:wg:oauth:2.0:oob"
    app = await register(world, oob)
    await browser.sign_in("alice")
    await browser.get("/oauth/authorize", params=question(app, oob))
    answer = await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "approve"})
    assert answer.headers["location"].startswith("/oauth/authorize/native?code=")
    await browser.follow()
    shown = re.search(r'<code class="code"[^>]*>([^<]+)</code>', browser.text)
    assert shown
    assert (await token_for(world, app, shown[1], oob))["scope"] == "read write"
    await browser.get("/oauth/authorize", params=question(app, oob))
    await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "deny"}, expect=400)


@pytest.mark.parametrize(
    "uri", ["com.tapbots.Ivory.10217:/request_token", "tuskyapp://callback", "oauth2redirect://a.b/"]
)
async def test_apps_with_schemes_of_their_own_are_reached(world: World, browser: Visitor, uri: str) -> None:
    app = await register(world, uri)
    await browser.sign_in("alice")
    page = await browser.get("/oauth/authorize", params=question(app, uri))
    scheme = uri.partition(":")[0].lower()
    assert f"form-action 'self' {scheme}:;" in page.headers["content-security-policy"]
    answer = await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "approve"})
    assert answer.headers["location"].startswith(f"{uri}?code=")


async def test_the_policy_lets_the_answer_go_to_the_app_and_nowhere_else(world: World, browser: Visitor) -> None:
    app = await register(world)
    await browser.sign_in("alice")
    page = await browser.get("/oauth/authorize", params=question(app))
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' https://app.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": URI + "&y=2"},
        {"redirect_uri": ""},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    world: World, browser: Visitor, change: dict[str, str]
) -> None:
    app = await register(world)
    await browser.sign_in("alice")
    asked = {**question(app), **change}
    answer = await browser.http.get("/oauth/authorize", params=asked)
    assert answer.status_code in (400, 401)
    assert f'<p class="lost-code">{answer.status_code}</p>' in answer.text
    assert "location" not in answer.headers
    await browser.get("/settings")
    for decision in ("approve", "deny"):
        form = {**asked, "csrf": browser.csrf, "decision": decision}
        answer = await browser.http.post("/oauth/authorize", data=form)
        assert answer.status_code in (400, 401)
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"scope": "admin:read"}, "invalid_scope"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x" * 43}, "invalid_request"),
    ],
)
async def test_what_else_is_wrong_is_told_to_the_app_once_a_person_has_answered(
    world: World, browser: Visitor, change: dict[str, str], error: str
) -> None:
    app = await register(world)
    asked = {**question(app, state="x"), **change}
    # A link that anybody can make leads nobody on to an address that anybody can register.
    for _ in ("a visitor", "alice"):
        answer = await browser.get("/oauth/authorize", params=asked, expect=400)
        assert "location" not in answer.headers
        assert f'<p class="lost-code">{answer.status_code}</p>' in answer.text
        await browser.sign_in("alice")
    await browser.get("/settings")
    answer = await browser.post("/oauth/authorize", {**asked, "decision": "approve"})
    given = parse_qs(urlsplit(answer.headers["location"]).query)
    assert given["error"] == [error]
    assert given["state"] == ["x"]


async def test_an_app_can_ask_who_it_is_once_more(world: World, browser: Visitor) -> None:
    app = await register(world)
    await with_password(world, "bob")
    await browser.sign_in("alice")
    await browser.get("/oauth/authorize", params=question(app, force_login="true"), expect=303)
    await browser.follow()
    hidden = browser.hidden("/auth/sign_in")
    await browser.post("/auth/sign_in", {"login": "bob", "password": PASSWORD, "return_to": hidden["return_to"]})
    await browser.follow()
    assert "@bob" in browser.text
    answer = await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "approve"})
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    token = await token_for(world, app, code)
    me = await Api(world, token["access_token"]).get("/api/v1/accounts/verify_credentials")
    assert me.json()["username"] == "bob"


async def test_the_question_comes_in_the_language_that_the_app_names(world: World, browser: Visitor) -> None:
    app = await register(world)
    await browser.sign_in("alice")
    await browser.get("/oauth/authorize", params=question(app, lang="it-IT"))
    assert 'lang="it"' in browser.text


async def test_nobody_agrees_without_a_token_of_the_page(world: World, browser: Visitor) -> None:
    app = await register(world)
    await browser.sign_in("alice")
    form = {**question(app), "decision": "approve", "csrf": "x"}
    assert (await browser.http.post("/oauth/authorize", data=form)).status_code == 422
    assert await world.db.connection.fetchval("select count(*) from authorization_codes") == 0


async def test_a_person_takes_back_what_an_app_may_do(world: World, browser: Visitor) -> None:
    app = await register(world)
    await browser.sign_in("alice")
    await browser.get("/oauth/authorize", params=question(app))
    answer = await browser.post("/oauth/authorize", {**browser.hidden("/oauth/authorize"), "decision": "approve"})
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    token = (await token_for(world, app, code))["access_token"]
    await browser.get("/oauth/authorized_applications", expect=303)
    await browser.follow()
    assert "Tusker" in browser.text
    await browser.post("/settings/sessions/revoke", {"application_id": app["id"]})
    await Api(world, token).get("/api/v1/accounts/verify_credentials", expect=401)
    await browser.follow()
    assert "Tusker" not in browser.text
