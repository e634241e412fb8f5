"""What attackers try with a browser: other sites' forms, planted sessions, redirects elsewhere, stolen codes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.api.browsing import PASSWORD, SESSION, browser_of, csrf, register, sign_in
from tests.live.sign_in import hidden_fields
from tests.world import DOMAIN, Person, World

APP = "https://app.example/back"
EVIL = [
    "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example",
    "javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "/%09/evil.example\t", " //evil.example",
    "///evil.example", "/\n//evil.example", f"https://{DOMAIN}.evil.example", "http://localhost:3000@evil.example",
    "/home\r\nset-cookie: a=b", "\u2028//evil.example", "",
]  # fmt: skip


# Other sites' forms


@pytest.mark.parametrize(
    "path", ["/auth/sign_in", "/auth/sign_up", "/auth/sign_out", "/settings/profile", "/oauth/authorize"]
)
async def test_a_form_of_another_site_changes_nothing(
    world: World, ana: Person, browser: httpx.AsyncClient, path: str
) -> None:
    await sign_in(browser)
    async with browser_of(world) as other:
        others = await csrf(other)
    before = browser.cookies.get(SESSION)
    for given in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": others}):
        answer = await browser.post(path, data={**given, "login": "ana", "password": PASSWORD, "decision": "approve"})
        assert answer.status_code in (403, 422)
        assert "set-cookie" not in answer.headers or SESSION not in answer.headers["set-cookie"]
    assert browser.cookies.get(SESSION) == before
    assert (await browser.get("/home")).status_code == 200


async def test_the_session_cookie_is_for_pages_and_means_nothing_to_the_api(
    ana: Person, browser: httpx.AsyncClient
) -> None:
    await sign_in(browser)
    for method, path in (("GET", "/api/v1/accounts/verify_credentials"), ("POST", "/api/v1/statuses")):
        answer = await browser.request(method, path, params={"status": "Not mine"})
        assert answer.status_code == 401


async def test_cookies_are_closed_to_scripts_and_to_other_sites(ana: Person, browser: httpx.AsyncClient) -> None:
    await browser.get("/auth/sign_in")
    answer = await sign_in(browser)
    session = next(text for text in answer.headers.get_list("set-cookie") if text.startswith(SESSION))
    assert "httponly" in session.lower()
    assert "samesite=lax" in session.lower()
    assert "domain=" not in session.lower()


# Planted sessions


async def test_a_planted_session_is_not_taken_over(world: World, ana: Person, browser: httpx.AsyncClient) -> None:
    planted = "a" * 43
    browser.cookies.set(SESSION, planted, domain="localhost.local", path="/")
    answer = await sign_in(browser)
    assert answer.status_code == 303, answer.text[:500]
    [given] = re.findall(rf"{SESSION}=([^;]+)", ",".join(answer.headers.get_list("set-cookie")))
    assert given != planted
    async with browser_of(world) as thief:
        thief.cookies.set(SESSION, planted)
        assert (await thief.get("/home")).status_code in (302, 303)


async def test_signing_in_again_makes_another_session_and_signing_out_ends_it(
    world: World, ana: Person, browser: httpx.AsyncClient
) -> None:
    await sign_in(browser)
    first = browser.cookies[SESSION]
    page = (await browser.get("/settings/sessions")).text
    await browser.post("/auth/sign_out", data=hidden_fields(page, "/auth/sign_out"))
    async with browser_of(world) as thief:
        thief.cookies.set(SESSION, first)
        assert (await thief.get("/home")).status_code in (302, 303)
    await sign_in(browser)
    assert browser.cookies[SESSION] != first


# Redirects elsewhere


OURS = re.compile(r"/(?![/\\])[\x21-\x7e]*")


async def test_signing_in_never_leads_elsewhere(world: World, ana: Person) -> None:
    for target in EVIL:
        async with browser_of(world) as browser:
            answer = await sign_in(browser, return_to=target)
            assert answer.status_code == 303
            assert OURS.fullmatch(answer.headers["location"])
            shown = await browser.get(f"/auth/sign_in?{urlencode({'return_to': target})}")
            assert OURS.fullmatch(shown.headers["location"])


@pytest.mark.parametrize(
    "given",
    ["https://evil.example/back", "https://app.example/back/", "https://app.example/back?x=1", "https://app.example/BACK",
     "https://app.example:444/back", "http://app.example/back", "https://app.example/back#x", "https://app.example.evil/back",
     "https://app.example@evil.example/back", "//app.example/back", "javascript:alert(1)", "", "https://app.example/back%0d%0aa:b",
     "https://app.example/back\r\na: b", " https://app.example/back", "urn:ietf:wg:oauth:2.0:oob"],
)  # fmt: skip
async def test_an_app_gets_codes_only_at_the_very_address_that_it_registered(
    world: World, ana: Person, browser: httpx.AsyncClient, given: str
) -> None:
    app = await register(world, APP)
    await sign_in(browser)
    query = {
        "client_id": app["client_id"],
        "redirect_uri": given,
        "response_type": "code",
        "scope": "read",
        "state": "s",
    }
    answer = await browser.get(f"/oauth/authorize?{urlencode(query)}")
    assert answer.status_code in (400, 401, 422), answer.headers
    assert "location" not in answer.headers
    token = hidden_fields((await browser.get("/settings/sessions")).text, "/auth/sign_out")["csrf"]
    answer = await browser.post("/oauth/authorize", data={**query, "csrf": token, "decision": "approve"})
    assert answer.status_code in (400, 401, 422)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "uri",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "https://a.example/\r\nset-cookie:a=b",
     "https://a.example/#fragment", "not an address", "//a.example/x", "/back", "https://"],
)  # fmt: skip
async def test_addresses_that_are_no_place_to_go_cannot_be_registered(world: World, uri: str) -> None:
    body = {"client_name": "App", "redirect_uris": uri if "\r\n" not in uri else [uri], "scopes": "read"}
    answer = await world.anyone.post("/api/v1/apps", body, expect=None)
    if answer.status_code == 200:
        # Blanks separate addresses; then each part must be a good one by itself.
        assert all(re.fullmatch(r"[\x21-\x7e]+", one) for one in answer.json()["redirect_uris"])
        assert not any(
            one.lower().startswith(("javascript:", "data:", "vbscript:")) for one in answer.json()["redirect_uris"]
        )
    else:
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "state", ["a\r\nset-cookie: x=y", "a%0d%0ab", "\u2028", "a&code=forged", "#", "\x00", "\u00e9" * 50]
)
async def test_the_state_comes_back_whole_and_splits_no_header(
    world: World, ana: Person, browser: httpx.AsyncClient, state: str
) -> None:
    app = await register(world, APP)
    await sign_in(browser)
    query = {
        "client_id": app["client_id"],
        "redirect_uri": APP,
        "response_type": "code",
        "scope": "read",
        "state": state,
    }
    page = await browser.get(f"/oauth/authorize?{urlencode(query)}")
    if page.status_code >= 400:
        return
    fields = hidden_fields(page.text, "/oauth/authorize")
    # Browsers send line ends of a hidden field as CRLF.
    answer = await browser.post("/oauth/authorize", data={**fields, "state": state, "decision": "approve"})
    location = answer.headers["location"]
    assert location.startswith(f"{APP}?")
    assert location.isascii()
    found = parse_qs(urlsplit(location).query)
    assert found["state"] == [state]
    assert len(found["code"]) == 1
    assert "x=y" not in ",".join(answer.headers.get_list("set-cookie"))


async def test_a_code_is_good_once_for_its_app_its_address_and_its_verifier(
    world: World, ana: Person, browser: httpx.AsyncClient
) -> None:
    app, other = await register(world, APP), await register(world, APP)
    await sign_in(browser)

    async def exchange(app: dict[str, Any], code: str, **more: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code", "client_id": app["client_id"], "client_secret": app["client_secret"],
            "redirect_uri": APP, "code": code, **more,
        }  # fmt: skip
        return await world.http.post("/oauth/token", data=form)

    async def agree() -> str:
        query = {"client_id": app["client_id"], "redirect_uri": APP, "response_type": "code", "scope": "read"}
        page = await browser.get(f"/oauth/authorize?{urlencode(query)}")
        fields = hidden_fields(page.text, "/oauth/authorize")
        answer = await browser.post("/oauth/authorize", data={**fields, "decision": "approve"})
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    code = await agree()
    assert (await exchange(other, code)).status_code == 400
    assert (await exchange(app, code, redirect_uri=f"{APP}/")).status_code == 400
    assert (await exchange(app, code, client_secret="wrong")).status_code == 401
    code = await agree()
    token = (await exchange(app, code)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert (await world.http.get("/api/v1/accounts/verify_credentials", headers=headers)).status_code == 200
    # Who sends a code again may have stolen it: what it was exchanged for ends.
    assert (await exchange(app, code)).status_code == 400
    assert (await world.http.get("/api/v1/accounts/verify_credentials", headers=headers)).status_code == 401
