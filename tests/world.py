"""The little world that HTTP-level tests play in: the real application on the test's transaction, people with tokens,
and a client that holds every answer to the OpenAPI description."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import msgspec

from rostra.accounts.blocks_edge import Edge
from rostra.accounts.create import create_account
from rostra.accounts.passwords import Passwords
from rostra.accounts.records import NewAccount, Role
from rostra.api.openapi import describe
from rostra.api.routes import all_routes
from rostra.asgi import Application
from rostra.effects import HANDLERS, emit
from rostra.filters.match import FilterCache
from rostra.kit.clock import FixedClock
from rostra.kit.http import HttpClient
from rostra.kit.jobs import drain
from rostra.kit.mail import Mailer
from rostra.kit.ratelimit import RateLimiter
from rostra.kit.router import Router
from rostra.kit.sealing import Sealer
from rostra.kit.secretfile import load_secrets
from rostra.kit.settings import Settings, load_settings
from rostra.kit.webpush import Vapid
from rostra.media.workers import ImageWorkers
from rostra.oauth.tokens import TokenReader, hash_token
from rostra.resources import Resources, instance_cache, own_store, urls_of
from rostra.screening.active import ActivePolicy
from rostra.screening.external import External
from rostra.screening.screen import Screen
from rostra.search.trends import TrendsBeside
from tests.conftest import TransactionDatabase

DOMAIN = "localhost:3000"


def test_settings(data_dir: Path, **more: object) -> Settings:
    """Settings of a development server with a cheap password hash."""
    return load_settings(
        {},
        {
            "data_dir": data_dir, "domain": DOMAIN, "scheme": "http", "dev": True, "argon2_time_cost": 1,
            "argon2_memory_kib": 64, **more,
        },
    )  # fmt: skip


class Person:
    """Somebody with an account and a token for everything."""

    def __init__(self, world: World, account_id: int, username: str, token: str) -> None:
        self.world = world
        self.id = str(account_id)
        self.account_id = account_id
        self.username = username
        self.token = token
        self.api = Api(world, token)

    async def post(self, text: str, **more: Any) -> dict[str, Any]:
        """Publish a status and return it."""
        return (await self.api.post("/api/v1/statuses", {"status": text, **more})).json()

    async def follow(self, other: Person) -> None:
        """Follow, without any effects being awaited."""
        answer = await self.api.post(f"/api/v1/accounts/{other.id}/follow")
        assert answer.status_code == 200


class Api:
    """HTTP against the application; `expect` is the status code that the answer must have (None: any)."""

    def __init__(self, world: World, token: str | None = None) -> None:
        self._world = world
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def request(
        self, method: str, path: str, *, expect: int | None = 200, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        answer = await self._world.http.request(method, path, headers={**self._headers, **(headers or {})}, **more)
        if expect is not None:
            assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        check_answer(method, answer)
        return answer

    async def get(self, path: str, params: Any = None, **more: Any) -> httpx.Response:
        return await self.request("GET", path, params=params, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("POST", path, **({"json": json} if json is not None else {}), **more)

    async def put(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("PUT", path, **({"json": json} if json is not None else {}), **more)

    async def patch(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("PATCH", path, **({"json": json} if json is not None else {}), **more)

    async def delete(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return await self.request("DELETE", path, **({"json": json} if json is not None else {}), **more)


class World:
    """The application and everything that it holds open, on one test's transaction."""

    def __init__(self, db: TransactionDatabase, clock: FixedClock, data_dir: Path) -> None:
        self.db = db
        self.clock = clock
        settings = test_settings(data_dir)
        self.http_client = HttpClient(user_agent="Rostra/test", allow_loopback=True)
        self.images = ImageWorkers()
        secrets = load_secrets(settings)
        vapid = Vapid(secrets.vapid_private_key, settings.base_url, clock)
        screen = Screen(clock, ActivePolicy(clock), External.off())
        self.res = Resources(
            settings=settings,
            secrets=secrets,
            urls=urls_of(settings),
            clock=clock,
            db=db,
            store=own_store(settings, db, clock),
            images=self.images,
            http=self.http_client,
            mailer=Mailer(settings, clock),
            vapid=vapid,
            limiter=RateLimiter(clock, scale=0),
            edge=Edge(clock),
            filters=FilterCache(),
            tokens=TokenReader(db, clock),
            passwords=Passwords(settings),
            sealer=Sealer(secrets.secret_key),
            instance=instance_cache(settings, clock, vapid, screen.levers),
            trends=TrendsBeside(clock, urls_of(settings)),
            screen=screen,
            emit=emit,
        )
        self.app = Application(settings, resources=self.res)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url=f"http://{DOMAIN}", follow_redirects=False
        )
        self.anyone = Api(self)

    async def person(
        self, username: str, *, role: Role = "user", scopes: str = "profile read write follow push", **more: Any
    ) -> Person:
        """A confirmed and approved local person with a token."""
        at = self.clock.now()
        token = f"token-{username}-{scopes}"
        async with self.db.transaction() as tx:
            new = NewAccount(
                username=username, email=f"{username}@example.com", password_hash="x", role=role, confirmed=True,
                approved=True, **more,
            )  # fmt: skip
            account_id = await create_account(tx, self.res.urls, new, at)
        await self.token_for(account_id, token, scopes)
        return Person(self, account_id, username, token)

    async def token_for(self, account_id: int | None, token: str, scopes: str) -> None:
        """Write an app and a token of it for the account (None: the app's own)."""
        at = self.clock.now()
        async with self.db.transaction() as tx:
            app_id = await tx.fetchval(
                "insert into apps (id, name, website, redirect_uris, scopes, client_id, client_secret_hash, created_at)"
                " values (make_id($1), 'Test app', null, '{urn:ietf:wg:oauth:2.0:oob}', $2, $3, '', $1) returning id",
                at, scopes.split(), f"client-{token}",
            )  # fmt: skip
            await tx.execute(
                "insert into access_tokens (id, token_hash, app_id, account_id, scopes, created_at, last_used_on)"
                " values (make_id($1), $2, $3, $4, $5, $1, $6)",
                at, hash_token(token), app_id, account_id, scopes.split(), at.date(),
            )  # fmt: skip

    async def settle(self) -> int:
        """Let the workers do all that is due now; how many jobs that was."""
        return await drain(self.db.connection, HANDLERS, self.res, now=self.clock.now())

    async def statements(self, call: Callable[[], Any]) -> list[str]:
        """The statements that `await call()` runs, without savepoints."""
        # The driver tells of a statement one turn of the loop after it.
        await asyncio.sleep(0)
        self.db.statements.clear()
        await call()
        await asyncio.sleep(0)
        return [text for text in self.db.statements if not text.lower().startswith(("savepoint", "release"))]

    def at(self, moment: datetime) -> None:
        self.clock.moment = moment

    async def aclose(self) -> None:
        await self.http.aclose()


@cache
def _description() -> dict[str, Any]:
    return msgspec.json.decode(describe(f"http://{DOMAIN}"))


@cache
def _paths() -> Router[str]:
    router: Router[str] = Router()
    for route in all_routes():
        router.add(route.method, route.path, route.path)
    return router


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([("urn:api", _description())])


@cache
def _validator(pointer: str) -> Any:
    return jsonschema_rs.validator_for({"$ref": f"urn:api{pointer}"}, registry=_registry())


def check_answer(method: str, answer: httpx.Response) -> None:
    """Hold an answer of the API to its description: the status code, the type and the body."""
    path = answer.request.url.path
    found = _paths().find(method, path)
    if found is None or not path.startswith("/api/"):
        return
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    escaped = quote(found[0].replace("~", "~0").replace("/", "~1"), safe="~")
    responses = _description()["paths"][found[0]][method.lower()]["responses"]
    code = str(answer.status_code)
    key = code if code in responses else f"{code[0]}XX"
    if answer.status_code in (200,) and "200" not in responses:
        key = "2XX"
    assert key in responses or code.startswith("2"), f"{method} {path} answers {code}, which is not described"
    if "content" not in responses.get(key, {}):
        return
    assert answer.headers["content-type"].startswith("application/json"), answer.headers
    pointer = f"#/paths/{escaped}/{method.lower()}/responses/{key}/content/application~1json/schema"
    problems = [f"{error.instance_path}: {error.message}" for error in _validator(pointer).iter_errors(answer.json())]
    assert not problems, f"{method} {path} does not keep to its description: {problems[:3]}"


def link(answer: httpx.Response, rel: str) -> str | None:
    """The target of a Link header, parsed as strictly as the strictest client does."""
    found = re.search(rf'<([^>]+)>; rel="{rel}"', answer.headers.get("link", ""))
    return found[1] if found else None
