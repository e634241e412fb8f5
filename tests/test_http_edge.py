"""What every answer carries, whoever made it."""

from __future__ import annotations

import asyncpg
import httpx
import msgspec
import pytest

from rostra.asgi import Application
from rostra.kit.db import PooledDatabase
from rostra.kit.pool import ConnectionPool
from rostra.kit.servers import NoServer
from rostra.oauth.tokens import TokenReader
from tests.world import World, link

ELSEWHERE = {"origin": "https://elsewhere.example"}


@pytest.mark.parametrize("path", ["/api/v1/timelines/public", "/api/v1/nothing", "/health"])
async def test_every_answer_carries_the_security_headers_once(world: World, path: str) -> None:
    answer = await world.http.get(path)
    for name in ("x-content-type-options", "referrer-policy", "x-frame-options", "content-security-policy"):
        assert len(answer.headers.get_list(name)) == 1, name
    assert len(answer.headers["x-request-id"]) == 16


async def test_health_is_the_word_that_clients_compare(world: World) -> None:
    answer = await world.http.get("/health")
    assert (answer.status_code, answer.text) == (200, "OK")


async def test_a_preflight_allows_other_sites_once(world: World) -> None:
    answer = await world.http.options("/api/v1/statuses", headers=ELSEWHERE)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_other_sites_may_read_the_api_and_not_the_pages(world: World) -> None:
    opened = await world.http.get("/api/v1/timelines/public", headers=ELSEWHERE)
    assert opened.headers["access-control-allow-origin"] == "*"
    assert "Link" in opened.headers["access-control-expose-headers"]
    closed = await world.http.get("/health", headers=ELSEWHERE)
    assert "access-control-allow-origin" not in closed.headers


async def test_links_to_other_pages_work_for_hashtags_in_any_script(world: World) -> None:
    mika = await world.person("mika")
    for number in range(3):
        await mika.post(f"#日本語 {number}")
    answer = await mika.api.get("/api/v1/timelines/tag/日本語", {"limit": 2})
    following = link(answer, "next")
    assert following is not None
    assert following.isascii()
    assert len((await mika.api.get(following.partition("localhost:3000")[2])).json()) == 1


AWAY = [
    ConnectionRefusedError("nobody listens"),
    TimeoutError(),
    NoServer("one:5432: nobody listens; two:5432: takes no writes"),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TargetServerAttributeNotMatched("none takes writes"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
]


def without_database(world: World, error: Exception) -> httpx.AsyncClient:
    """The application of a world whose database cannot be reached."""

    async def refuse() -> asyncpg.Connection:
        raise error

    db = PooledDatabase(ConnectionPool(refuse, 4))
    res = msgspec.structs.replace(world.res, db=db, tokens=TokenReader(db, world.clock))
    transport = httpx.ASGITransport(Application(res.settings, resources=res))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:3000")


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_while_the_database_is_away_clients_are_told_to_come_back(world: World, error: Exception) -> None:
    async with without_database(world, error) as http:
        token = {"authorization": "Bearer x"}
        for answer in (
            await http.get("/api/v1/timelines/public"),
            await http.get("/api/v1/timelines/home", headers=token),
            await http.post("/api/v1/statuses", json={"status": "x"}, headers=token),
            await http.get("/api/v1/streaming/user", headers=token),
        ):
            assert answer.status_code == 503, answer.url
            assert int(answer.headers["retry-after"]) > 0
            assert "try again" in answer.json()["error"]
            assert str(error) not in answer.text or not str(error), "is for the operator"
        health = await http.get("/health")
        assert (health.status_code, health.text) == (503, "the database does not answer")


@pytest.mark.parametrize("path", ["/about", "/public", "/home", "/nothing", "/@nobody"])
async def test_pages_say_so_without_a_database(world: World, path: str) -> None:
    async with without_database(world, ConnectionRefusedError("nobody listens")) as http:
        http.cookies.set(f"{world.res.settings.cookie_prefix}session", "x")
        answer = await http.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "Back in a moment" in answer.text
        assert "set-cookie" not in answer.headers, "nobody is signed out by it"
