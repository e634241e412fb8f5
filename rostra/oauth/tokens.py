"""From an access token to whoever it speaks for: looked up on every request, so that what is revoked ends at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from rostra.accounts.records import Viewer
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.together import Together
from rostra.oauth import queries


class TokenOwner(msgspec.Struct, frozen=True, kw_only=True):
    """A valid token: its app, its scopes, and the person that it speaks for (None: the app itself)."""

    token_id: int
    app_id: int
    scopes: frozenset[str]
    viewer: Viewer | None


def hash_token(token: str) -> bytes:
    """What is kept of a token. Tokens are random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


class TokenReader:
    """Looks tokens up, those of requests that come together with one statement."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._rows = Together(self._look_up)

    async def find_owner(self, token: str) -> TokenOwner | None:
        """Whoever `token` speaks for. Notes the first use of each day, which is what "active users" are counted by."""
        row = await self._rows.find(hash_token(token))
        if row is None:
            return None
        today = self._clock.now().date()
        if row["last_used_on"] != today:
            async with self._db.transaction() as tx:
                await queries.touch_token(tx, row["token_id"], today)
        return TokenOwner(
            token_id=row["token_id"],
            app_id=row["app_id"],
            scopes=frozenset(row["scopes"]),
            viewer=None if row["account_id"] is None else _viewer(row),
        )

    async def _look_up(self, hashes: Sequence[bytes]) -> dict[bytes, asyncpg.Record]:
        async with self._db.read() as conn:
            return {row["token_hash"]: row for row in await queries.find_token_owners(conn, hashes)}


def _viewer(row: Any) -> Viewer:
    return Viewer(
        account_id=row["account_id"],
        username=row["username"],
        role=row["role"],
        locale=row["locale"],
        theme=row["theme"],
        default_visibility=row["default_visibility"],
        default_sensitive=row["default_sensitive"],
        default_language=row["default_language"],
        filters_revision=row["filters_revision"],
        obstacle=row["obstacle"],
        token_id=row["token_id"],
        app_id=row["app_id"],
    )
