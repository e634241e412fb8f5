"""What attackers try over HTTP: split headers, tricks with files, tokens of those who lost them; and what browsers are
told about all of it."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.api.browsing import SESSION, browser_of, register, sign_in
from tests.media.samples import encode, picture
from tests.world import DOMAIN, Person, World, link

# Split headers


@pytest.mark.parametrize("path", ["/@%0d%0aset-cookie:a=b", "/home%0d%0aset-cookie:a=b", "/media/%0d%0aset-cookie:a=b",
                                  "/tags/%0d%0aset-cookie:a=b", "/auth/sign_in?return_to=%0d%0aset-cookie:a=b",
                                  "/api/v1/timelines/tag/x%0d%0aset-cookie:a=b?limit=1"])  # fmt: skip
async def test_no_path_splits_a_header(world: World, path: str) -> None:
    answer = await world.http.get(path)
    assert "a=b" not in ",".join(answer.headers.get_list("set-cookie"))
    assert all("\r" not in value and "\n" not in value for value in answer.headers.values())


async def test_names_and_texts_split_no_header_and_are_no_markup(world: World, ana: Person) -> None:
    name = "A\r\nset-cookie: a=b<script>alert(1)</script>"
    await ana.api.patch("/api/v1/accounts/update_credentials", {"display_name": name[:30], "note": name})
    await ana.post(f"{name} <img src=x onerror=alert(1)>")
    page = await world.http.get("/@ana")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "set-cookie: a=b" not in str(page.headers).lower()


async def test_the_links_to_other_pages_name_our_own_host_whatever_the_request_says(world: World, ana: Person) -> None:
    for number in range(3):
        await ana.post(f"Post {number}")
    answer = await world.anyone.get(
        "/api/v1/timelines/public?limit=2", headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
    )
    assert (link(answer, "next") or "").startswith(f"http://{DOMAIN}/")
    assert "evil.example" not in answer.text


# Tricks with files

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


PRETENDERS = [
    ("a.png", "image/png", SVG), ("a.svg", "image/svg+xml", SVG), ("a.html", "text/html", b"<html>"),
    ("a.png", "image/png", b"<script>alert(1)</script>"), ("a.png", "image/png", b""),
    ("a.gif", "image/gif", b"GIF89a/*<svg/onload=1>*/"), ("a.jpg", "image/jpeg", b"\xff\xd8\xff" + b"a" * 500),
    ("a.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"\0" * 64), ("a.pdf", "application/pdf", b"%PDF-1.7"),
    ("a.mvg", "image/x-mvg", b"push graphic-context"),
]  # fmt: skip


async def test_a_file_is_what_it_is_and_not_what_it_says(ana: Person) -> None:
    for name, kind, body in PRETENDERS:
        answer = await ana.api.post("/api/v2/media", files={"file": (name, body, kind)}, expect=422)
        assert answer.json()["error"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nset-cookie: a=b.png", "x.php", "\u202egnp.exe", "a" * 3000, ""]
)
async def test_the_name_of_a_file_is_used_for_nothing(ana: Person, world: World, name: str) -> None:
    file = (name, encode(picture(8, 8), "PNG"), "text/html")
    answer = await ana.api.post("/api/v2/media", files={"file": file}, expect=None)
    if answer.status_code != 200:
        assert answer.status_code in (400, 422)
        return
    url = urlsplit(answer.json()["url"]).path
    assert re.fullmatch(r"/media/[a-z0-9/_.-]+\.png", url)
    served = await world.http.get(url)
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    assert "default-src 'none'" in served.headers["content-security-policy"]


async def test_only_media_is_served_from_the_store(world: World) -> None:
    for key in (
        "../secrets.json", "..%2f..%2fetc/passwd", "%2e%2e/x", "/etc/passwd", "a/../../x", "a//b", "secret_key",
        "attachments/%00", "attachments/..%5c..%5cx", ".",
    ):  # fmt: skip
        answer = await world.http.get(f"/media/{key}")
        assert answer.status_code in (400, 404), key


async def test_somebody_elses_upload_cannot_be_used_or_seen(world: World, ana: Person) -> None:
    bob = await world.person("bob")
    made = await ana.api.post("/api/v2/media", files={"file": ("a.png", encode(picture(8, 8), "PNG"), "image/png")})
    media = made.json()["id"]
    await bob.api.get(f"/api/v1/media/{media}", expect=404)
    await bob.api.put(f"/api/v1/media/{media}", {"description": "Mine"}, expect=404)
    await bob.api.delete(f"/api/v1/media/{media}", expect=404)
    await bob.api.post("/api/v1/statuses", {"status": "Mine", "media_ids": [media]}, expect=422)


# Those who lost their rights


async def test_tokens_of_those_who_may_not_come_in_any_more_open_nothing(world: World, ana: Person) -> None:
    paths = ("/api/v1/accounts/verify_credentials", "/api/v1/timelines/home", "/api/v1/notifications")
    for column, table in (("disabled_at", "users"), ("suspended_at", "accounts")):
        key = "account_id" if table == "users" else "id"
        await world.db.connection.execute(
            f"update {table} set {column} = $2 where {key} = $1", ana.account_id, world.clock.now()
        )
        for path in paths:
            answer = await ana.api.get(path, expect=None)
            assert answer.status_code in (401, 403), f"{column}: {path}"
        await ana.api.post("/api/v1/statuses", {"status": "Still here"}, expect=403)
        await world.db.connection.execute(f"update {table} set {column} = null where {key} = $1", ana.account_id)
    for column in ("confirmed_at", "approved_at"):
        await world.db.connection.execute(f"update users set {column} = null where account_id = $1", ana.account_id)
        await ana.api.get("/api/v1/timelines/home", expect=403)
        await world.db.connection.execute(f"update users set {column} = now() where account_id = $1", ana.account_id)
    await ana.api.get("/api/v1/timelines/home")


async def test_a_suspended_person_cannot_sign_in_and_is_signed_out(
    world: World, ana: Person, browser: httpx.AsyncClient
) -> None:
    await sign_in(browser)
    await world.db.connection.execute(
        "update accounts set suspended_at = $2 where id = $1", ana.account_id, world.clock.now()
    )
    assert (await browser.get("/home")).status_code != 200
    async with browser_of(world) as again:
        answer = await sign_in(again)
        assert answer.status_code != 303
        assert SESSION not in again.cookies


async def test_a_revoked_token_opens_nothing(world: World, ana: Person) -> None:
    app = await register(world, "urn:ietf:wg:oauth:2.0:oob")
    form = {"client_id": app["client_id"], "client_secret": app["client_secret"], "grant_type": "client_credentials"}
    token = (await world.http.post("/oauth/token", data=form)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert (await world.http.get("/api/v1/apps/verify_credentials", headers=headers)).status_code == 200
    await world.http.post("/oauth/revoke", data={**form, "token": token})
    assert (await world.http.get("/api/v1/apps/verify_credentials", headers=headers)).status_code == 401


async def test_a_scope_that_was_not_granted_opens_nothing(world: World) -> None:
    reader = await world.person("reader", scopes="read:accounts")
    await reader.api.get("/api/v1/accounts/verify_credentials")
    for method, path in (
        ("GET", "/api/v1/timelines/home"), ("POST", "/api/v1/statuses"), ("GET", "/api/v1/notifications"),
        ("POST", f"/api/v1/accounts/{reader.id}/follow"), ("GET", "/api/v1/push/subscription"),
    ):  # fmt: skip
        answer = await reader.api.request(method, path, expect=403)
        assert answer.json() == {"error": "This action is outside the authorized scopes"}


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
async def test_figures_are_for_this_machine_and_not_for_whom_a_proxy_on_it_speaks(world: World, name: str) -> None:
    assert (await world.http.get("/metrics")).status_code == 200
    assert (await world.http.get("/metrics", headers={name: "192.0.2.7"})).status_code == 404


# What browsers are told

OPEN = ["/api/v1/instance", "/api/v1/timelines/home", "/api/v1/nothing", "/.well-known/webfinger", "/nodeinfo/2.0",
        "/@ana", "/users/ana", "/oauth/token", "/oauth/revoke", "/oauth/userinfo"]  # fmt: skip
CLOSED = ["/", "/home", "/auth/sign_in", "/oauth/authorize", "/settings/profile", "/admin", "/health", "/metrics",
          "/static/rostra.css", "/web/theme"]  # fmt: skip
FROM = {"origin": "https://other.example"}


@pytest.mark.parametrize("path", OPEN)
async def test_apps_of_other_sites_may_read_the_api_without_cookies(world: World, ana: Person, path: str) -> None:
    method = "POST" if path in ("/oauth/token", "/oauth/revoke") else "GET"
    answer = await world.http.request(method, path, headers=FROM)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    limits = {"x-ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining"}
    assert exposed == {"link", "mastodon-async-refresh", "x-request-id", *limits}
    asked = {**FROM, "access-control-request-method": "POST",
             "access-control-request-headers": "authorization, idempotency-key, content-type"}  # fmt: skip
    answer = await world.http.options(path, headers=asked)
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert allowed == "*" or "idempotency-key" in allowed
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(answer.headers["access-control-allow-methods"].split(", "))


@pytest.mark.parametrize("path", CLOSED)
async def test_pages_are_closed_to_other_sites(world: World, ana: Person, path: str) -> None:
    answer = await world.http.get(path, headers=FROM)
    assert "access-control-allow-origin" not in answer.headers
    answer = await world.http.options(path, headers={**FROM, "access-control-request-method": "POST"})
    assert "access-control-allow-origin" not in answer.headers


async def test_the_link_header_can_be_read_from_other_sites(world: World, ana: Person) -> None:
    await ana.post("One")
    answer = await world.http.get("/api/v1/timelines/public", headers=FROM)
    assert link(answer, "prev")
    assert "Link" in answer.headers["access-control-expose-headers"]


async def test_answers_to_somebody_are_kept_by_nobody_else(ana: Person, browser: httpx.AsyncClient) -> None:
    answer = await ana.api.get("/api/v1/timelines/home")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Authorization" in answer.headers["vary"]
    await sign_in(browser)
    answer = await browser.get("/home")
    assert "no-store" in answer.headers["cache-control"]
    assert "Cookie" in answer.headers["vary"]


@pytest.mark.parametrize("path", ["/", "/auth/sign_in", "/@ana", "/api/v1/instance", "/nothing", "/about"])
async def test_every_answer_forbids_sniffing_framing_and_foreign_scripts(world: World, ana: Person, path: str) -> None:
    answer = await world.http.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    scripts = re.search(r"script-src ([^;]+)", policy)
    assert scripts is None or "*" not in scripts[1]
    assert "http:" not in policy.replace(f"http://{DOMAIN}", "")
    assert "server" not in answer.headers or not re.search(r"\d", answer.headers["server"])


async def test_the_token_in_an_address_is_not_given_on(world: World, ana: Person) -> None:
    for number in range(3):
        await ana.post(f"Post {number}")
    answer = await world.http.get(f"/api/v1/timelines/public?limit=1&access_token={quote(ana.token)}")
    assert answer.status_code == 200
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer", "strict-origin")
    assert "access_token" not in answer.headers.get("link", "")
