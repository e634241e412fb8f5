"""How much anybody may do in a stretch of time, on the pages. The tests' own application does not count."""

from __future__ import annotations

import hashlib

import httpx
import msgspec

from rostra.asgi import Application
from rostra.kit.ratelimit import RateLimiter
from tests.web.browser import Browser
from tests.web.visitor import Visitor, with_password
from tests.world import Person, World


async def _counted(world: World, person: Person | None) -> tuple[Browser, RateLimiter]:
    """A browser, of a visitor or of a person, at an application that counts, and what it counts with."""
    limiter = RateLimiter(world.clock)
    res = msgspec.structs.replace(world.res, limiter=limiter)
    browser = Browser(world) if person is None else await Browser.of(world, person)
    browser.http._transport = httpx.ASGITransport(Application(res.settings, resources=res))
    return browser, limiter


async def test_too_many_posts_in_a_short_time_wait_without_being_lost(world: World) -> None:
    alice = await world.person("alice")
    browser, limiter = await _counted(world, alice)
    for _ in range(300):
        limiter.check(f"posts:u{alice.id}", 300, 3 * 3600)
    await browser.get("/compose")
    await browser.post("/web/statuses", expect=422, status="One too many")
    assert "That was a lot in a short time." in browser.page
    assert "One too many</textarea>" in browser.page
    assert (await alice.api.get(f"/api/v1/accounts/{alice.id}/statuses")).json() == []


async def test_nobody_sends_forms_without_end(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    browser, limiter = await _counted(world, alice)
    await browser.get("/@bob")
    for _ in range(299):
        limiter.check(f"page:u{alice.id}", 300, 5 * 60)
    await browser.press(f"/web/accounts/{bob.id}/unfollow")
    await browser.press(f"/web/accounts/{bob.id}/unfollow", expect=429)


async def test_a_visitor_in_a_hurry_waits_and_a_member_behind_the_same_address_does_not(world: World) -> None:
    alice = await world.person("alice")
    visitor, limiter = await _counted(world, None)
    for _ in range(1_499):
        limiter.check("visit:a127.0.0.1", 1_500, 5 * 60)
    await visitor.get("/@alice")
    world.db.statements.clear()
    answer = await visitor.http.get("/@alice")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 301
    assert world.db.statements == []
    member = await Browser.of(world, alice)
    member.http._transport = visitor.http._transport
    await member.get("/@alice")


async def test_who_guesses_a_password_shuts_nobody_out_of_the_browser_that_they_use(world: World) -> None:
    await with_password(world, "alice")
    limiter = RateLimiter(world.clock)
    app = Application(world.res.settings, resources=msgspec.structs.replace(world.res, limiter=limiter))
    own, other = Visitor(app), Visitor(app)
    await own.sign_in("alice")
    await own.get("/home")
    await own.post("/auth/sign_out")
    digest = hashlib.sha256(b"alice").hexdigest()[:32]
    for _ in range(23):
        await limiter.check_exactly(world.db, f"sign_in:{digest}", 25, 60 * 60)
    await other.get("/auth/sign_in")
    await other.post("/auth/sign_in", {"login": "alice", "password": "a guess"}, expect=422)
    await other.post("/auth/sign_in", {"login": "Alice", "password": "a guess"}, expect=429)

    await own.sign_in("@alice")
    assert await own.is_in()
    # The number is the browser's, not the person's: there is nothing to be had by it for another one's name.
    await with_password(world, "bob")
    for _ in range(25):
        await limiter.check_exactly(world.db, f"sign_in:{hashlib.sha256(b'bob').hexdigest()[:32]}", 25, 60 * 60)
    await own.get("/auth/sign_in?again=1")
    await own.post("/auth/sign_in", {"login": "bob", "password": "a guess"}, expect=429)
    await own.aclose()
    await other.aclose()
