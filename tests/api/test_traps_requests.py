"""The traps of requests: how parameters arrive, and how many may come. The index is `test_traps`."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from rostra.api.answer import FAMILIES
from rostra.asgi import Application
from rostra.kit.ratelimit import RateLimiter
from tests.api.pictures import upload
from tests.api.tour import check_headers, rows
from tests.world import DOMAIN, World

# How parameters arrive


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
async def test_a_form_may_hold_letters_as_they_are(world: World, kind: str) -> None:
    """As curl sends them; what is no UTF-8 is refused, and not made into something else."""
    alice = await world.person("alice")
    headers = {"content-type": kind} if kind else {}
    for body in ("status=caffè 😀 & un+tè", "status=caff%C3%A8+%F0%9F%98%80+&+un%2Bt%C3%A8"):
        answer = await alice.api.request("POST", "/api/v1/statuses", content=body.encode(), headers=headers)
        assert answer.json()["content"].startswith("<p>caffè 😀")
    for broken in (b"status=caff\xe8", b"status=%F0%28%8C%28", b"language=en&status=%FF"):
        answer = await alice.api.request("POST", "/api/v1/statuses", content=broken, headers=headers, expect=422)
        assert answer.json()["error"] == "Validation failed: status is not valid UTF-8"
    many = "&".join(f"a{number}=1" for number in range(300)).encode()
    await alice.api.request("POST", "/api/v1/statuses", content=many, headers=headers, expect=400)


@pytest.mark.parametrize("body", ["", "{}", "null", " null "])
async def test_nothing_to_say_has_many_forms(world: World, body: str) -> None:
    alice = await world.person("alice")
    status = await alice.post("Hello")
    headers = {"content-type": "application/json"}
    answer = await alice.api.request(
        "POST", f"/api/v1/statuses/{status['id']}/favourite", content=body, headers=headers
    )
    assert answer.json()["favourited"] is True


@pytest.mark.parametrize("how", ["query", "urlencoded", "multipart", "json", "json of strings"])
async def test_a_post_may_be_sent_in_any_form(world: World, how: str) -> None:
    """Trap 18. The same names mean the same, wherever they stand."""
    alice = await world.person("alice")
    first, second = [(await upload(alice))["id"] for _ in range(2)]
    flat = [
        ("status", "Hello"),
        ("sensitive", "true"),
        ("media_ids[]", first),
        ("media_ids[]", second),
        ("language", "en"),
    ]
    sent: dict[str, Any] = {
        "query": {"params": flat},
        "urlencoded": {"data": {"status": "Hello", "sensitive": "1", "media_ids[]": [first, second], "language": "en"}},
        "multipart": {
            "files": [(name, (None, value)) for name, value in (
                ("status", "Hello"), ("sensitive", "on"), ("media_ids[0]", first), ("media_ids[1]", second),
                ("language", "en"),
            )]
        },
        "json": {"json": {"status": "Hello", "sensitive": True, "media_ids": [first, second], "language": "en"}},
        "json of strings": {"json": {"status": "Hello", "sensitive": "true", "media_ids": [int(first), second]}},
    }[how]  # fmt: skip
    post = (await alice.api.request("POST", "/api/v1/statuses", **sent)).json()
    assert post["content"] == "<p>Hello</p>"
    assert post["sensitive"] is True
    assert [media["id"] for media in post["media_attachments"]] == [first, second]


@pytest.mark.parametrize(
    "name", ["id[]={0}&id[]={1}", "id[0]={0}&id[1]={1}", "id={0}&id[]={1}", "id%5B%5D={0}&id%5B%5D={1}"]
)
async def test_a_list_in_a_query_may_be_spelt_in_several_ways(world: World, name: str) -> None:
    """Trap 18."""
    alice, ben, cleo = [await world.person(person) for person in ("alice", "ben", "cleo")]
    query = name.format(ben.id, cleo.id)
    found = rows(await alice.api.get(f"/api/v1/accounts/relationships?{query}"))
    assert cleo.id in found
    assert found in ([ben.id, cleo.id], [cleo.id])
    assert rows(await alice.api.get(f"/api/v1/accounts/relationships?id={ben.id}")) == [ben.id]


@pytest.mark.parametrize("sent", [True, "true", "True", "1", 1, "on", "t"])
async def test_yes_has_many_forms(world: World, sent: Any) -> None:
    """Trap 18."""
    alice, ben = await world.person("alice"), await world.person("ben")
    path = f"/api/v1/accounts/{ben.id}/follow"
    assert (await alice.api.post(path, {"notify": sent})).json()["notifying"] is True
    spelt = {"notify": str(sent)}
    await alice.api.post(path, {"notify": False})
    assert (await alice.api.request("POST", path, data=spelt)).json()["notifying"] is True


@pytest.mark.parametrize("sent", [False, "false", "0", 0, "off"])
async def test_no_has_many_forms(world: World, sent: Any) -> None:
    """Trap 18."""
    alice, ben = await world.person("alice"), await world.person("ben")
    path = f"/api/v1/accounts/{ben.id}/follow"
    await alice.api.post(path, {"reblogs": True})
    assert (await alice.api.post(path, {"reblogs": sent})).json()["showing_reblogs"] is False


@pytest.mark.parametrize("how", ["params", "data", "json", "files"])
async def test_what_is_deleted_may_be_named_in_the_query_or_in_a_body(world: World, how: str) -> None:
    """Trap 18. Tusky sends bodies with DELETE."""
    alice, ben = await world.person("alice"), await world.person("ben")
    await alice.follow(ben)
    made = (await alice.api.post("/api/v1/lists", {"title": "List"})).json()
    path = f"/api/v1/lists/{made['id']}/accounts"
    await alice.api.post(path, {"account_ids": [ben.id]})
    named: Any = {"account_ids[]": ben.id} if how != "json" else {"account_ids": [ben.id]}
    if how == "files":
        named = [("account_ids[0]", (None, ben.id))]
    await alice.api.request("DELETE", path, **{how: named})
    assert rows(await alice.api.get(path)) == []


# Limits


@pytest.fixture
def limited(world: World) -> httpx.AsyncClient:
    """The same world, where limits hold."""
    res = msgspec.structs.replace(world.res, limiter=RateLimiter(world.clock, scale=1.0))
    transport = httpx.ASGITransport(Application(res.settings, resources=res))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{DOMAIN}")


async def test_the_limits_are_those_that_clients_know(world: World, limited: httpx.AsyncClient) -> None:
    """Trap 27."""
    assert FAMILIES == {
        "media": (30, 1800), "deletes": (30, 1800), "sign_up": (5, 1800), "apps": (5, 600), "paging": (300, 900),
        "posts": (300, 10_800), "follows": (400, 86_400), "reports": (400, 86_400),
    }  # fmt: skip
    alice = await world.person("alice")
    headers = {"authorization": f"Bearer {alice.token}"}
    first = await limited.get("/api/v1/preferences", headers=headers)
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("300", "299")
    assert first.headers["x-ratelimit-reset"] == "2026-05-04T12:05:00.000000Z"
    # The tightest of all limits is told.
    deleted = await limited.delete("/api/v1/statuses/1", headers=headers)
    assert (deleted.headers["x-ratelimit-limit"], deleted.headers["x-ratelimit-remaining"]) == ("30", "29")
    # What is refused counts too; what leads nowhere does not, but says what the others say.
    visitor = await limited.get("/api/v1/timelines/home")
    assert (visitor.status_code, visitor.headers["x-ratelimit-remaining"]) == (401, "299")
    nowhere = await limited.get("/api/v1/nothing")
    assert (nowhere.status_code, nowhere.headers["x-ratelimit-remaining"]) == (404, "299")


async def test_over_the_limit_is_said_in_json_with_the_time_to_wait(world: World, limited: httpx.AsyncClient) -> None:
    """Trap 27."""
    alice = await world.person("alice")
    headers = {"authorization": f"Bearer {alice.token}"}
    for number in range(301):
        answer = await limited.get("/api/v1/instance/rules", headers=headers)
        assert answer.status_code == (200 if number < 300 else 429)
    assert answer.json() == {"error": "Too many requests"}
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(answer.headers["retry-after"]) <= 300
    check_headers(answer)
    # Others may go on, and alice with another token.
    await world.token_for(alice.account_id, "another", "read")
    for token in ("another", None):
        own = {"authorization": f"Bearer {token}"} if token else {}
        assert (await limited.get("/api/v1/instance/rules", headers=own)).status_code == 200
    world.clock.tick(minutes=5)
    assert (await limited.get("/api/v1/instance/rules", headers=headers)).status_code == 200


async def test_a_person_with_many_tokens_has_a_limit_too(world: World) -> None:
    """Trap 27. 1500 requests in five minutes, whatever the tokens."""
    alice = await world.person("alice")
    limiter = RateLimiter(world.clock, scale=0.004)
    res = msgspec.structs.replace(world.res, limiter=limiter)
    transport = httpx.ASGITransport(Application(res.settings, resources=res))
    codes: list[int] = []
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DOMAIN}") as http:
        for number in range(4):
            token = f"token{number}"
            await world.token_for(alice.account_id, token, "read")
            for _ in range(2):
                answer = await http.get("/api/v1/instance/rules", headers={"authorization": f"Bearer {token}"})
                codes.append(answer.status_code)
    # Scaled down, a token has two requests and a person six.
    assert codes == [200] * 6 + [429] * 2
