"""From an access token to whoever it speaks for.

A request that writes has its token looked up. One that only reads may believe for a moment what was read for an earlier
one of the same token: an app asks for several things at once. What a process does itself (a revocation, a changed
filter, a changed password) holds in it at once, for whatever writes makes it forget; what another process does holds
when that is announced, and after `keep` at the latest. Tokens that go on being used are read anew before that, all with
one statement, so that nobody who asks often waits for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from rostra.accounts.records import Viewer
from rostra.kit.clock import Clock
from rostra.kit.db import Database, commit_lightly
from rostra.kit.flushing import flushing
from rostra.kit.together import Together
from rostra.oauth import queries

_MOST_KEPT: Final = 2000
# How often tokens in use are read anew, and from when on, in parts of `keep`: what was read just now can wait.
_RENEWED: Final = 0.4


_NO_TIME: Final = timedelta(0)


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
    """Looks tokens up, those of requests that come together with one statement, and remembers them for `keep`."""

    def __init__(self, db: Database, clock: Clock, *, keep: timedelta = timedelta(0)) -> None:
        self._db = db
        self._clock = clock
        self._rows = Together(self._look_up)
        self._keep = keep
        self._kept: dict[bytes, tuple[datetime, TokenOwner]] = {}
        self._by_account: dict[int, set[bytes]] = {}
        # Those that were used since they were last read anew.
        self._used: set[bytes] = set()
        # Counts what was forgotten: an answer that was on its way then is not remembered.
        self._forgotten = 0

    def recall_owner(self, token: str) -> TokenOwner | None:
        """Whoever `token` speaks for by what was read a moment ago; None where that is not known. For requests that
        only read."""
        if not self._kept:
            return None
        token_hash = hash_token(token)
        kept = self._kept.get(token_hash)
        if kept is None:
            return None
        left = kept[0] - self._clock.now()
        if left <= _NO_TIME:
            del self._kept[token_hash]
            return None
        if left < self._keep * (1 - _RENEWED):
            self._used.add(token_hash)
        return kept[1]

    async def find_owner(self, token: str) -> TokenOwner | None:
        """Whoever `token` speaks for. Notes the first use of each day, which is what "active users" are counted by."""
        token_hash, at, forgotten = hash_token(token), self._clock.now(), self._forgotten
        row = await self._rows.find(token_hash)
        if row is None:
            return None
        today = at.date()
        if row["last_used_on"] != today:
            async with self._db.transaction() as tx:
                await commit_lightly(tx)
                await queries.touch_token(tx, row["token_id"], today)
        owner = _owner(row)
        if forgotten == self._forgotten:
            self._remember(token_hash, owner, at)
        return owner

    def renewing(self) -> AbstractAsyncContextManager[None]:
        """Read the tokens that are in use anew, again and again within this scope."""
        every = self._keep.total_seconds() * _RENEWED
        return flushing(self.renew, every=every, failing="tokens in use could not be read")

    async def renew(self) -> None:
        """Read what was used lately anew, with one statement or none. What is not there any more, or is used for the
        first time today, is looked up by the request that comes next."""
        used, self._used = list(self._used), set()
        if not used:
            return
        at, forgotten = self._clock.now(), self._forgotten
        rows = await self._look_up(used)
        if forgotten != self._forgotten:
            return
        for token_hash in used:
            row = rows.get(token_hash)
            self._kept.pop(token_hash, None)
            if row is not None and row["last_used_on"] == at.date():
                self._remember(token_hash, _owner(row), at)

    def forget(self, account_id: int | None = None, token_ids: Collection[int] = ()) -> None:
        """Look these tokens up again or, where none are named, those of the account; where neither is named, all."""
        self._forgotten += 1
        if token_ids:
            named = {token_hash for token_hash, (_, owner) in self._kept.items() if owner.token_id in token_ids}
        elif account_id is not None:
            named = self._by_account.pop(account_id, set())
        else:
            self._kept.clear()
            self._by_account.clear()
            return
        for token_hash in named:
            self._kept.pop(token_hash, None)

    def _remember(self, token_hash: bytes, owner: TokenOwner, at: datetime) -> None:
        viewer = owner.viewer
        if not self._keep or viewer is None or viewer.obstacle is not None:
            return
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
            self._by_account.clear()
        # Counted from before it was read.
        self._kept[token_hash] = (at + self._keep, owner)
        self._by_account.setdefault(viewer.account_id, set()).add(token_hash)

    async def _look_up(self, hashes: Sequence[bytes]) -> dict[bytes, asyncpg.Record]:
        async with self._db.read() as conn:
            return {row["token_hash"]: row for row in await queries.find_token_owners(conn, hashes)}


def _owner(row: asyncpg.Record) -> TokenOwner:
    viewer = None if row["account_id"] is None else _viewer(row)
    return TokenOwner(token_id=row["token_id"], app_id=row["app_id"], scopes=frozenset(row["scopes"]), viewer=viewer)


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
        frozen=row["frozen"],
        token_id=row["token_id"],
        app_id=row["app_id"],
        merges=row["merges"],
    )
