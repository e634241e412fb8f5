"""Blocked providers, addresses and networks: kept by staff, and in the way of those who sign up."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from rostra.accounts.blocks import canonical_email
from rostra.instance.sweep import sweep
from tests.world import DOMAIN, Api, Person, World, link

EMAIL = "/api/v1/admin/email_domain_blocks"
CANONICAL = "/api/v1/admin/canonical_email_blocks"
IP = "/api/v1/admin/ip_blocks"


@pytest.fixture
async def app(world: World) -> Api:
    """An app's own token, which may sign people up."""
    await world.token_for(None, "app-token", "read write")
    return Api(world, "app-token")


async def sign_up(app: Api, username: str, email: str, expect: int = 200) -> dict[str, Any]:
    form = {"username": username, "email": email, "password": "correct horse", "agreement": True}
    return (await app.post("/api/v1/accounts", form, expect=expect)).json()


@asynccontextmanager
async def coming_from(world: World, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(world.app, client=(address, 4000))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DOMAIN}") as http:
        yield http


async def is_approved(world: World, username: str) -> bool:
    return await world.db.connection.fetchval(
        "select approved_at is not null from users join accounts on id = account_id where username = $1", username
    )


async def test_addresses_of_a_blocked_provider_and_below_it_cannot_sign_up(moderator: Person, app: Api) -> None:
    made = (await moderator.api.post(EMAIL, {"domain": "Spam.example"})).json()
    assert made["domain"] == "spam.example"
    for email in ("a@spam.example", "a@mx.SPAM.example"):
        problems = (await sign_up(app, "eve", email, 422))["details"]["email"]
        assert problems[0]["error"] == "ERR_BLOCKED"
    await sign_up(app, "eve", "a@notspam.example")
    seen = (await moderator.api.get(f"{EMAIL}/{made['id']}")).json()
    assert (seen["history"][0]["accounts"], seen["history"][0]["uses"]) == ("1", "2")
    await moderator.api.delete(f"{EMAIL}/{made['id']}")
    await sign_up(app, "ben", "b@spam.example")


async def test_a_provider_may_be_let_in_with_approval_only(world: World, moderator: Person, app: Api) -> None:
    await moderator.api.post(EMAIL, {"domain": "odd.example", "allow_with_approval": True})
    await sign_up(app, "eve", "eve@odd.example")
    await sign_up(app, "ben", "ben@fine.example")
    assert not await is_approved(world, "eve")
    assert await is_approved(world, "ben")


async def test_who_is_here_cannot_change_to_an_address_of_a_blocked_provider(
    world: World, moderator: Person, app: Api
) -> None:
    token = (await sign_up(app, "eve", "eve@fine.example"))["access_token"]
    await world.db.connection.execute("update users set confirmed_at = null")
    await moderator.world.db.connection.execute("update users set confirmed_at = $1 where role <> 'user'",
                                                world.clock.now())  # fmt: skip
    await moderator.api.post(EMAIL, {"domain": "spam.example"})
    form = {"email": "eve@spam.example"}
    answer = await Api(world, token).post("/api/v1/emails/confirmations", form, expect=422)
    assert "email" in answer.json()["details"]


async def test_a_provider_is_blocked_once_and_has_to_be_a_domain(moderator: Person) -> None:
    await moderator.api.post(EMAIL, {"domain": "spam.example"})
    for domain in ("spam.example", "SPAM.example.", "no domain", "", "1.2.3.4"):
        await moderator.api.post(EMAIL, {"domain": domain}, expect=422)
    await moderator.api.get(f"{EMAIL}/1", expect=404)
    await moderator.api.delete(f"{EMAIL}/1", expect=404)


def test_spellings_of_one_mailbox_have_one_canonical_form() -> None:
    spellings = ("Jane.Doe+spam@Mail.example", "janedoe@mail.example", "j.a.n.e.doe+a+b@mail.example")
    assert {canonical_email(email) for email in spellings} == {"janedoe@mail.example"}
    assert canonical_email("jane@sub.mail.example") == "jane@sub.mail.example"


async def test_a_blocked_address_cannot_sign_up_however_it_is_spelt(moderator: Person, app: Api) -> None:
    made = (await moderator.api.post(CANONICAL, {"email": "jane.doe@mail.example"})).json()
    assert made["canonical_email_hash"] == hashlib.sha256(b"janedoe@mail.example").hexdigest()
    problems = (await sign_up(app, "jane", "Jane.Doe+new@mail.example", 422))["details"]["email"]
    # It says nothing of a block.
    assert problems[0]["error"] == "ERR_TAKEN"
    found = (await moderator.api.post(f"{CANONICAL}/test", {"email": "j.anedoe@mail.example"})).json()
    assert found == [made]
    assert (await moderator.api.post(f"{CANONICAL}/test", {"email": "john@mail.example"})).json() == []
    await moderator.api.delete(f"{CANONICAL}/{made['id']}")
    await sign_up(app, "jane", "jane.doe@mail.example")


async def test_an_address_can_be_blocked_by_its_hash(moderator: Person, app: Api) -> None:
    digest = hashlib.sha256(b"janedoe@mail.example").hexdigest()
    made = (await moderator.api.post(CANONICAL, {"canonical_email_hash": digest.upper()})).json()
    assert (await moderator.api.get(f"{CANONICAL}/{made['id']}")).json() == made
    await sign_up(app, "jane", "jane.doe@mail.example", 422)
    for form in ({"canonical_email_hash": digest}, {"canonical_email_hash": "abc"}, {}):
        await moderator.api.post(CANONICAL, form, expect=422)


async def test_a_network_can_be_kept_from_signing_up(moderator: Person, app: Api) -> None:
    made = (await moderator.api.post(IP, {"ip": "127.0.0.9/8", "severity": "sign_up_block"})).json()
    assert made["ip"] == "127.0.0.0/8"
    await sign_up(app, "eve", "eve@fine.example", 403)
    change = {"severity": "sign_up_requires_approval", "comment": "University"}
    changed = (await moderator.api.put(f"{IP}/{made['id']}", change)).json()
    assert changed == {**made, **change}
    await sign_up(app, "eve", "eve@fine.example")
    assert not await is_approved(app._world, "eve")


async def test_a_block_ends_when_its_time_is_over(world: World, moderator: Person, app: Api) -> None:
    form = {"ip": "127.0.0.1", "severity": "sign_up_block", "expires_in": 3600}
    made = (await moderator.api.post(IP, form)).json()
    assert made["expires_at"] == "2026-05-04T13:00:00.000Z"
    await sign_up(app, "eve", "eve@fine.example", 403)
    world.at(world.clock.now() + timedelta(hours=1))
    await sign_up(app, "eve", "eve@fine.example")


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("203.0.113.0/24", ("203.0.113.7", "::ffff:203.0.113.9"), ("203.0.112.255", "203.0.114.0", "2001:db8::1")),
        ("2001:db8:1::/48", ("2001:db8:1::1", "2001:db8:1:ffff::"), ("2001:db8:2::1", "203.0.113.7")),
        ("198.51.100.3", ("198.51.100.3",), ("198.51.100.2",)),
        ("0.0.0.0/1", ("1.1.1.1",), ("203.0.113.1",)),
    ],
)
async def test_who_comes_from_a_shut_network_is_turned_away_everywhere(
    world: World, moderator: Person, network: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    # The client of the test is at 127.0.0.1, which the last network contains.
    own = "8.8.8.8" if not network.startswith("0") else "203.0.113.1"
    async with coming_from(world, own) as http:
        answer = await http.post(IP, json={"ip": network, "severity": "no_access"},
                                 headers={"authorization": f"Bearer {moderator.token}"})  # fmt: skip
        assert answer.status_code == 200, answer.text
    for address in inside:
        async with coming_from(world, address) as http:
            for path in ("/", "/api/v2/instance", "/auth/sign_in", "/media/x", "/oauth/token", "/nowhere"):
                answer = await http.get(path)
                assert (answer.status_code, answer.json()) == (403, {"error": "This action is not allowed"}), path
            assert (await http.options("/api/v1/statuses")).status_code == 403
    for address in outside:
        async with coming_from(world, address) as http:
            assert (await http.get("/api/v2/instance")).status_code == 200
    await moderator.api.delete(f"{IP}/{answer_id(await moderator.api.get(IP))}")
    async with coming_from(world, inside[0]) as http:
        assert (await http.get("/api/v2/instance")).status_code == 200


def answer_id(answer: httpx.Response) -> str:
    return answer.json()[0]["id"]


async def test_a_shut_network_opens_when_its_time_is_over(world: World, moderator: Person) -> None:
    form = {"ip": "203.0.113.0/24", "severity": "no_access", "expires_in": 60}
    await moderator.api.post(IP, form)
    async with coming_from(world, "203.0.113.7") as http:
        assert (await http.get("/api/v2/instance")).status_code == 403
        world.at(world.clock.now() + timedelta(seconds=60))
        assert (await http.get("/api/v2/instance")).status_code == 200


async def test_a_visitor_costs_no_statement_for_the_shut_networks(world: World, moderator: Person) -> None:
    await moderator.api.post(IP, {"ip": "203.0.113.0/24", "severity": "no_access"})
    async with coming_from(world, "203.0.113.7") as http:
        assert await world.statements(lambda: http.get("/api/v1/timelines/public")) == []


async def test_another_process_learns_of_a_shut_network_when_it_looks(world: World, moderator: Person) -> None:
    await moderator.api.post(IP, {"ip": "198.51.100.0/24", "severity": "no_access"})
    other = type(world.res.edge)(world.clock)
    assert not other.refuses("198.51.100.1")
    await other.refresh(world.db)
    assert other.refuses("198.51.100.1")
    # Where nothing has changed, looking takes one statement.
    assert len(await world.statements(lambda: other.refresh(world.db))) == 1


async def test_nobody_locks_themselves_out(world: World, moderator: Person) -> None:
    async with coming_from(world, "203.0.113.7") as http:
        for network in ("203.0.113.7", "203.0.113.0/24", "0.0.0.0/0"):
            answer = await http.post(IP, json={"ip": network, "severity": "no_access"},
                                     headers={"authorization": f"Bearer {moderator.token}"})  # fmt: skip
            assert answer.status_code == 422
            assert "ip" in answer.json()["details"]


async def test_networks_that_are_none_are_refused(moderator: Person) -> None:
    for ip in ("", "nowhere", "1.2.3", "1.2.3.4/33", "::1/129", "1.2.3.4/-1"):
        await moderator.api.post(IP, {"ip": ip, "severity": "no_access"}, expect=422 if ip else None)
    await moderator.api.post(IP, {"ip": "203.0.113.7", "severity": "rude"}, expect=422)
    await moderator.api.post(IP, {"ip": "203.0.113.7", "severity": "no_access", "expires_in": -1}, expect=422)
    made = (await moderator.api.post(IP, {"ip": "203.0.113.7", "severity": "no_access"})).json()
    await moderator.api.post(IP, {"ip": "203.0.113.7/32", "severity": "sign_up_block"}, expect=422)
    other = (await moderator.api.post(IP, {"ip": "203.0.113.8", "severity": "no_access"})).json()
    await moderator.api.put(f"{IP}/{other['id']}", {"ip": made["ip"]}, expect=422)
    await moderator.api.put(f"{IP}/1", {"comment": "x"}, expect=404)


async def test_a_list_is_paged_from_its_newest_to_its_oldest_and_back(moderator: Person) -> None:
    made = [
        (await moderator.api.post(IP, {"ip": f"203.0.113.{n}", "severity": "no_access"})).json()["id"]
        for n in range(1, 8)
    ]
    page = await moderator.api.get(IP, {"limit": 3})
    read = [row["id"] for row in page.json()]
    while (onward := link(page, "next")) is not None:
        page = await moderator.api.get(onward)
        read += [row["id"] for row in page.json()]
    assert read == made[::-1]
    back = await moderator.api.get(IP, {"limit": 3, "min_id": made[0]})
    assert [row["id"] for row in back.json()] == [made[3], made[2], made[1]]


@pytest.mark.parametrize("path", [EMAIL, CANONICAL, IP])
async def test_a_scope_is_not_enough(world: World, member: Person, path: str) -> None:
    answer = await member.api.get(path, expect=403)
    assert answer.json() == {"error": "This action is not allowed"}
    form = {"domain": "a.example", "email": "a@a.example", "ip": "203.0.113.9", "severity": "no_access"}
    await member.api.post(path, form, expect=403)
    await member.api.delete(f"{path}/1", expect=403)
    triage = await world.person("tom", role="triage", scopes="admin:read admin:write")
    await triage.api.get(path, expect=403)
    narrow = await world.person("nora", role="admin", scopes="read write admin:read:reports")
    assert "scopes" in (await narrow.api.get(path, expect=403)).json()["error"]


async def test_attempts_and_blocks_that_are_over_are_swept_up(world: World, moderator: Person, app: Api) -> None:
    await moderator.api.post(EMAIL, {"domain": "spam.example"})
    await sign_up(app, "eve", "eve@spam.example", 422)
    await moderator.api.post(IP, {"ip": "203.0.113.7", "severity": "no_access", "expires_in": 60})
    await moderator.api.post(IP, {"ip": "203.0.113.8", "severity": "no_access"})
    count = "select (select count(*) from email_domain_attempts), (select count(*) from ip_blocks)"
    await sweep(world.db, world.clock)
    row = await world.db.connection.fetchrow(count)
    assert row is not None
    assert tuple(row) == (1, 2)
    world.at(world.clock.now() + timedelta(days=8))
    await sweep(world.db, world.clock)
    row = await world.db.connection.fetchrow(count)
    assert row is not None
    assert tuple(row) == (0, 1)


@pytest.mark.parametrize("path", ["/api/v1/streaming", "/web/stream"])
async def test_a_shut_network_gets_no_stream(world: World, moderator: Person, path: str) -> None:
    await moderator.api.post(IP, {"ip": "203.0.113.0/24", "severity": "no_access"})
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    query = f"access_token={moderator.token}".encode()
    scope = {"type": "websocket", "path": path, "query_string": query, "headers": [], "client": ("203.0.113.7", 1),
             "subprotocols": []}  # fmt: skip
    await world.app(scope, receive, send)
    assert [(message["type"], message.get("code")) for message in sent] == [("websocket.close", 1008)]
