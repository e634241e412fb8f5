"""Signing up, in and out with a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pyotp.totp import TOTP

from rostra.accounts.claim import owner_claim_url
from rostra.accounts.two_factor import enable, start_enrolment
from rostra.instance.settings import change_settings
from tests.web.visitor import PASSWORD, Visitor, with_password
from tests.world import Person, World


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Visitor]:
    browser = Visitor(world.app)
    yield browser
    await browser.aclose()


async def letters(world: World, data_dir: Path) -> list[str]:
    """The texts of the letters that were sent, the oldest first."""
    await world.settle()
    found = sorted((data_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [message_from_bytes(path.read_bytes(), policy=default).get_content() for path in found]


def link_in(letter: str) -> str:
    """The path of the link in a letter."""
    found = re.search(r"http://localhost:3000(/\S+)", letter)
    assert found
    return found[1]


async def test_name_or_address_and_password_let_somebody_in(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    for login in ("alice", "@ALICE", " alice@example.com "):
        await browser.get("/auth/sign_in", headers={"accept-language": "it"})
        assert 'lang="it"' in browser.text
        answer = await browser.post("/auth/sign_in", {"login": login, "password": PASSWORD})
        assert answer.headers["location"] == "/home"
        assert await browser.is_in()
        browser.http.cookies.clear()


async def test_wrong_names_and_wrong_passwords_look_the_same(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    said: list[str] = []
    for login, password in (("alice", "wrong"), ("nobody", PASSWORD), ("alice@example.com", ""), ("", "")):
        await browser.get("/auth/sign_in")
        await browser.post("/auth/sign_in", {"login": login, "password": password}, expect=422)
        said += re.findall(r'role="alert">.*?</p>', browser.text, re.DOTALL)
        assert not await browser.is_in()
    assert len(said) == 4
    assert len(set(said)) == 1


async def test_the_session_cookie_is_for_http_only_and_is_kept_as_a_hash(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/sign_in")
    answer = await browser.post("/auth/sign_in", {"login": "alice", "password": PASSWORD})
    [cookie] = [value for value in answer.headers.get_list("set-cookie") if "session" in value]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    token = cookie.partition("=")[2].partition(";")[0]
    rows = await world.db.connection.fetch("select * from sessions")
    assert token not in str([dict(row) for row in rows])


async def test_a_planted_session_is_worth_nothing_after_sign_in(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await with_password(world, "mallory")
    await browser.sign_in("mallory")
    planted = dict(browser.http.cookies)
    await browser.get("/auth/sign_in?again=1")
    await browser.post("/auth/sign_in", {"login": "alice", "password": PASSWORD})
    assert dict(browser.http.cookies) != planted
    other = Visitor(world.app)
    other.http.cookies.update(planted)
    assert not await other.is_in()
    await other.aclose()


@pytest.mark.parametrize(
    ("return_to", "target"),
    [("/lists", "/lists"), ("//evil.example", "/home"), ("https://evil.example", "/home"), ("/\\evil", "/home")],
)
async def test_after_sign_in_one_goes_back_to_our_own_pages_only(
    world: World, browser: Visitor, return_to: str, target: str
) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/sign_in", params={"return_to": return_to})
    fields = {"login": "alice", "password": PASSWORD, "return_to": return_to}
    assert (await browser.post("/auth/sign_in", fields)).headers["location"] == target


async def test_a_page_for_members_sends_a_visitor_to_sign_in_and_back(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    answer = await browser.get("/settings?x=1", expect=303)
    assert answer.headers["location"] == "/auth/sign_in?return_to=%2Fsettings%3Fx%3D1"
    await browser.follow()
    fields = {"login": "alice", "password": PASSWORD, "return_to": browser.hidden("/auth/sign_in")["return_to"]}
    assert (await browser.post("/auth/sign_in", fields)).headers["location"] == "/settings?x=1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("disabled_at = now()", "cannot be used any more"),
        ("confirmed_at = null", "Look into your mail"),
        ("approved_at = null", "A moderator reads your request"),
    ],
)
async def test_the_right_password_does_not_open_every_account(
    world: World, browser: Visitor, change: str, said: str
) -> None:
    alice = await with_password(world, "alice")
    await world.db.connection.execute(f"update users set {change} where account_id = {alice.id}")
    await browser.get("/auth/sign_in")
    page = await browser.http.post("/auth/sign_in", data={"login": "alice", "password": PASSWORD, "csrf": browser.csrf})
    assert said in page.text
    assert not await browser.is_in()


@pytest.mark.parametrize("forged", ["", "nonsense", "other"])
async def test_a_form_without_its_token_does_nothing(world: World, browser: Visitor, forged: str) -> None:
    await with_password(world, "alice")
    other = Visitor(world.app)
    await other.get("/auth/sign_in")
    await browser.get("/auth/sign_in")
    csrf = other.csrf if forged == "other" else forged
    fields = {"login": "alice", "password": PASSWORD, "csrf": csrf}
    assert (await browser.http.post("/auth/sign_in", data=fields)).status_code == 422
    assert not await browser.is_in()
    await other.aclose()


async def test_a_token_from_before_sign_in_does_not_work_after_it(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/sign_in")
    before = browser.csrf
    await browser.post("/auth/sign_in", {"login": "alice", "password": PASSWORD})
    assert (await browser.http.post("/auth/sign_out", data={"csrf": before})).status_code == 422
    assert await browser.is_in()


async def test_other_sites_cannot_send_forms(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/sign_in")
    fields = {"login": "alice", "password": PASSWORD}
    await browser.post("/auth/sign_in", fields, expect=422, headers={"sec-fetch-site": "cross-site"})


async def test_signing_out_ends_the_session_for_good(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.sign_in("alice")
    kept = dict(browser.http.cookies)
    await browser.get("/settings")
    assert (await browser.post("/auth/sign_out")).headers["location"] == "/"
    browser.http.cookies.update(kept)
    assert not await browser.is_in()


async def test_a_session_ends_when_it_is_not_used_for_long(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.sign_in("alice")
    world.clock.tick(days=80)
    assert await browser.is_in()
    world.clock.tick(days=80)
    assert await browser.is_in()
    world.clock.tick(days=91)
    assert not await browser.is_in()


async def enrol(world: World, who: Person) -> tuple[TOTP, list[str]]:
    """A second factor for somebody: the app's side of it, and the recovery codes."""
    res = world.res
    enrolment = await start_enrolment(res.db, res.sealer, res.urls, who.account_id, who.username)
    totp = TOTP(enrolment.secret)
    return totp, await enable(res.db, res.clock, res.sealer, who.account_id, totp.at(world.clock.now()))


async def test_with_a_second_factor_the_password_alone_opens_nothing(world: World, browser: Visitor) -> None:
    totp, _ = await enrol(world, await with_password(world, "alice"))
    world.clock.tick(minutes=1)
    await browser.get("/auth/sign_in")
    answer = await browser.post("/auth/sign_in", {"login": "alice", "password": PASSWORD, "return_to": "/lists"})
    assert answer.headers["location"] == "/auth/totp?return_to=%2Flists"
    assert not await browser.is_in()
    await browser.follow()
    await browser.post("/auth/totp", {"code": "000000", "return_to": "/lists"}, expect=422)
    assert not await browser.is_in()
    code = totp.at(world.clock.now())
    answer = await browser.post("/auth/totp", {"code": f"{code[:3]} {code[3:]}", "return_to": "/lists"})
    assert answer.headers["location"] == "/lists"
    assert await browser.is_in()


async def test_a_code_works_once(world: World, browser: Visitor) -> None:
    totp, _ = await enrol(world, await with_password(world, "alice"))
    enrolling = totp.at(world.clock.now())
    await browser.sign_in("alice")
    await browser.follow()
    await browser.post("/auth/totp", {"code": enrolling}, expect=422)
    world.clock.tick(seconds=30)
    code = totp.at(world.clock.now())
    await browser.post("/auth/totp", {"code": code})
    second = Visitor(world.app)
    await second.sign_in("alice")
    await second.follow()
    await second.post("/auth/totp", {"code": code}, expect=422)
    await second.aclose()


async def test_a_recovery_code_works_once(world: World) -> None:
    _, codes = await enrol(world, await with_password(world, "alice"))
    for expected in (303, 422):
        browser = Visitor(world.app)
        await browser.sign_in("alice")
        await browser.follow()
        await browser.post("/auth/totp", {"code": codes[0].upper()}, expect=expected)
        await browser.aclose()


async def test_the_second_step_waits_ten_minutes_and_needs_the_first(world: World, browser: Visitor) -> None:
    totp, _ = await enrol(world, await with_password(world, "alice"))
    await browser.get("/auth/totp", expect=303)
    await browser.sign_in("alice")
    await browser.follow()
    world.clock.tick(minutes=11)
    answer = await browser.post("/auth/totp", {"code": totp.at(world.clock.now())})
    assert answer.headers["location"] == "/auth/sign_in"
    assert not await browser.is_in()


SIGN_UP = {"username": "newcomer", "email": "new@example.com", "password": PASSWORD, "agreement": "1", "locale": "en"}


async def test_signing_up_takes_a_letter(world: World, browser: Visitor, tmp_path: Path) -> None:
    await browser.get("/auth/sign_up")
    await browser.post("/auth/sign_up", SIGN_UP, expect=200)
    assert "Look into your mail" in browser.text
    [letter] = await letters(world, tmp_path)
    await browser.get(link_in(letter))
    assert "Confirmed. Welcome!" in browser.text
    await browser.sign_in("newcomer")
    assert await browser.is_in()
    await browser.get(link_in(letter))
    assert "This link no longer works" in browser.text


async def test_a_link_of_a_letter_runs_out(world: World, browser: Visitor, tmp_path: Path) -> None:
    await browser.get("/auth/sign_up")
    await browser.post("/auth/sign_up", SIGN_UP, expect=200)
    [letter] = await letters(world, tmp_path)
    world.clock.tick(days=2)
    await browser.get(link_in(letter))
    assert "This link no longer works" in browser.text


async def test_what_is_wrong_with_a_sign_up_is_said_beside_the_field(world: World, browser: Visitor) -> None:
    await browser.get("/auth/sign_up")
    await browser.post("/auth/sign_up", {**SIGN_UP, "username": "a b", "password": "short"}, expect=422)
    assert 'id="problem-username"' in browser.text
    assert 'id="problem-password"' in browser.text
    assert 'value="new@example.com"' in browser.text
    assert "short" not in re.findall(r'<input[^>]*type="password"[^>]*>', browser.text)[0]


async def test_what_is_wrong_is_said_in_whole_sentences_of_the_readers_language(world: World, browser: Visitor) -> None:
    wrong = {**SIGN_UP, "username": "a b", "email": "nobody"}
    for language, name, mail in (
        ("en", "Only letters, digits and _ can be in it.", "This is not an e-mail address."),
        ("it", "Può contenere solo lettere, cifre e _.", "Questo non è un indirizzo e-mail."),
    ):
        headers = {"accept-language": language}
        await browser.get("/auth/sign_up", headers=headers)
        await browser.post("/auth/sign_up", wrong, expect=422, headers=headers)
        for said in (name, mail):
            assert browser.text.count(said) == 2


async def set_mode(world: World, mode: str, message: str = "Come back in spring.") -> None:
    cache = world.res.instance
    changes = {"registrations_mode": mode, "registrations_message": message}
    await change_settings(world.db, world.clock, cache.defaults, actor_id=None, changes=changes)
    cache.forget()


async def test_a_closed_server_says_so(world: World, browser: Visitor) -> None:
    await set_mode(world, "closed")
    await browser.get("/auth/sign_up")
    assert "Come back in spring." in browser.text
    await browser.post("/auth/sign_up", SIGN_UP, expect=403)
    assert await world.db.connection.fetchval("select count(*) from users") == 0


@pytest.mark.parametrize(("mode", "helps"), [("closed", False), ("invite", True)])
async def test_an_invitation_is_spoken_of_where_it_helps(
    world: World, browser: Visitor, mode: str, helps: bool
) -> None:
    await set_mode(world, mode, "")
    await browser.get("/auth/sign_up")
    assert "does not take new accounts at the moment" in browser.text
    assert ("With an invitation you can still join" in browser.text) == helps


async def test_an_invitation_opens_the_form_and_is_json_for_apps(world: World, browser: Visitor) -> None:
    from rostra.accounts.invites import create_invite

    await set_mode(world, "invite")
    alice = await world.person("alice")
    invite = await create_invite(world.db, world.clock, alice.account_id)
    await browser.get("/auth/sign_up")
    assert 'name="username"' not in browser.text
    await browser.get(f"/invite/{invite.code}")
    assert "invites you" in browser.text
    await browser.post(
        "/auth/sign_up", {**SIGN_UP, "invite_code": browser.hidden("/auth/sign_up")["invite_code"]}, expect=200
    )
    as_json = {"accept": "application/json"}
    answer = await browser.get(f"/invite/{invite.code}", headers=as_json)
    assert answer.json()["instance_api_url"] == "http://localhost:3000/api/v2/instance"
    assert (await browser.get("/invite/nonsense", headers=as_json, expect=401)).json()["error"]


async def test_the_first_visitor_becomes_the_owner_once(world: World, browser: Visitor) -> None:
    url = await owner_claim_url(world.db, world.clock, world.res.urls)
    assert url
    await browser.get(url)
    fields = {
        "username": "admin",
        "email": "a@example.com",
        "password": PASSWORD,
        "token": browser.hidden("/claim")["token"],
    }
    await browser.post("/claim", {**fields, "password": "short"}, expect=422)
    assert (await browser.post("/claim", fields)).headers["location"] == "/home"
    assert await browser.is_in()
    assert await world.db.connection.fetchval("select role from users") == "owner"
    other = Visitor(world.app)
    await other.get(url, expect=410)
    await other.post("/claim", {**fields, "username": "second", "email": "b@example.com"}, expect=410)
    await other.get("/claim?token=nonsense", expect=410)
    await other.aclose()
    assert await owner_claim_url(world.db, world.clock, world.res.urls) is None
    assert await world.db.connection.fetchval("select count(*) from users") == 1


async def test_a_newer_claim_link_ends_the_older_one(world: World, browser: Visitor) -> None:
    first = await owner_claim_url(world.db, world.clock, world.res.urls)
    second = await owner_claim_url(world.db, world.clock, world.res.urls)
    assert first
    assert second
    await browser.get(first, expect=410)
    await browser.get(second)
    world.clock.tick(days=8)
    await browser.get(second, expect=410)


async def test_a_forgotten_password_is_replaced_by_mail(world: World, browser: Visitor, tmp_path: Path) -> None:
    alice = await with_password(world, "alice")
    inside = Visitor(world.app)
    await inside.sign_in("alice")
    await browser.get("/auth/password/new")
    await browser.post("/auth/password/new", {"email": "ALICE@example.com"}, expect=200)
    assert "It works for an hour." in browser.text
    [letter] = await letters(world, tmp_path)
    link = link_in(letter)
    await browser.get(link)
    token = browser.hidden("/auth/password/edit")["token"]
    new = {"token": token, "password": "another horse", "password_confirmation": "another horse"}
    await browser.post("/auth/password/edit", {**new, "password_confirmation": "x"}, expect=422)
    await browser.post("/auth/password/edit", {**new, "password": "x", "password_confirmation": "x"}, expect=422)
    await browser.post("/auth/password/edit", new)
    assert not await inside.is_in()
    await alice.api.get("/api/v1/accounts/verify_credentials", expect=401)
    await browser.follow()
    await browser.post("/auth/sign_in", {"login": "alice", "password": PASSWORD}, expect=422)
    await browser.sign_in("alice", "another horse")
    assert await browser.is_in()
    await browser.get(link, expect=410)
    assert "was changed" in (await letters(world, tmp_path))[-1]
    await inside.aclose()


async def test_a_reset_link_lasts_an_hour(world: World, browser: Visitor, tmp_path: Path) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/password/new")
    await browser.post("/auth/password/new", {"email": "alice@example.com"}, expect=200)
    [letter] = await letters(world, tmp_path)
    world.clock.tick(minutes=61)
    await browser.get(link_in(letter), expect=410)
    token = link_in(letter).partition("token=")[2]
    new = {"token": token, "password": "another horse", "password_confirmation": "another horse"}
    await browser.post("/auth/password/edit", new, expect=410)


async def test_whether_an_address_is_known_does_not_show(world: World, browser: Visitor, tmp_path: Path) -> None:
    await with_password(world, "alice")
    said: list[str] = []
    for email in ("alice@example.com", "nobody@example.com"):
        await browser.get("/auth/password/new")
        await browser.post("/auth/password/new", {"email": email}, expect=200)
        said.append(re.sub(r'name="csrf" value="[^"]+"', "", browser.text))
    assert said[0] == said[1]
    assert len(await letters(world, tmp_path)) == 1


async def test_in_development_the_cookies_of_two_ports_do_not_meet(world: World, browser: Visitor) -> None:
    await browser.get("/auth/sign_in")
    assert [name for name in browser.http.cookies if "3000" in name]


async def test_who_was_signed_out_comes_back_to_the_page_of_the_form(world: World, browser: Visitor) -> None:
    await with_password(world, "alice")
    await browser.get("/auth/sign_in")
    for referer, page in (
        ("http://localhost:3000/compose?text=hi", "/compose%3Ftext%3Dhi"),
        ("http://localhost:3000.evil.example/x", "/home"),
        ("https://evil.example/compose", "/home"),
        ("http://localhost:3000//evil.example", "/home"),
        ("", "/home"),
    ):
        await browser.post("/web/statuses", {"status": "Hello"}, expect=401, headers={"referer": referer})
        assert f'href="/auth/sign_in?return_to={page}"' in browser.text
    await browser.post("/settings/profile", {"display_name": "Alice"}, expect=401)
    assert 'href="/auth/sign_in?return_to=/settings/profile"' in browser.text
