"""The real application on a data directory's database, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx

from rostra.accounts.sessions import hash_secret
from rostra.asgi import Application
from rostra.effects import HANDLERS, emit
from rostra.kit.db import connect
from rostra.kit.jobs import drain
from rostra.kit.settings import Settings
from rostra.oauth.tokens import hash_token
from rostra.resources import open_resources

TOKEN = "a token that an app keeps"
SESSION = "a session that a browser keeps"

_SIGNED_IN = """
with app as (
  insert into apps (id, name, redirect_uris, scopes, client_id, client_secret_hash, created_at)
  values (1, 'App', '{}', '{read,write}', 'app', '\\x00', $1) returning id
), token as (
  insert into access_tokens (id, token_hash, app_id, account_id, scopes, created_at)
  select 1, $2, id, 1, '{read,write}', $1 from app
), stats as (
  insert into account_stats (account_id) values (1)
)
insert into sessions (id, token_hash, account_id, user_agent, created_at, last_seen_at) values (1, $3, 1, '', $1, $1)
"""


async def sign_in(dsn: str) -> None:
    """Give the account 1 a token and a session."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_SIGNED_IN, datetime.now(UTC), hash_token(TOKEN), hash_secret(SESSION))
    finally:
        await connection.close()


@asynccontextmanager
async def serving(settings: Settings, dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application that these settings make."""
    app = Application(settings, dsn)
    told: asyncio.Queue[Any] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert await said.get() == {"type": "lifespan.startup.complete"}
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.base_url) as client:
            client.headers["authorization"] = f"Bearer {TOKEN}"
            yield client
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await said.get()
        await life


async def work_off(settings: Settings, dsn: str) -> None:
    """Do all jobs that are due, as a worker does."""
    async with open_resources(settings, dsn, emit) as resources:
        connection = await connect(dsn)
        try:
            await drain(connection, HANDLERS, resources, now=datetime.now(UTC))
        finally:
            await connection.close()
