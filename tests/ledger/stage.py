"""A ledger to play with: a key, events by the dozen, and the ways in which somebody might meddle with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rostra.kit.clock import FixedClock
from rostra.ledger.append import Entry, append
from rostra.ledger.note import Signer
from rostra.ledger.queries import StoredCheckpoint
from rostra.ledger.seal import seal
from tests.conftest import TransactionDatabase

ORIGIN = "social.example/ledger"


def make_signer(name: str = ORIGIN) -> Signer:
    return Signer(name, Ed25519PrivateKey.generate())


class Stage:
    """Events and their tree, on a test's database."""

    def __init__(self, db: TransactionDatabase, clock: FixedClock) -> None:
        self.db = db
        self.clock = clock
        self.signer = make_signer()

    async def add(self, count: int = 1, **more: Any) -> list[int]:
        """Append events; their ids."""
        ids: list[int] = []
        async with self.db.transaction() as tx:
            for number in range(count):
                self.clock.tick(milliseconds=1)
                fields: dict[str, Any] = {
                    "type": "verdict", "subject_kind": "status", "subject_id": 7_000 + number,
                    "account_id": 40 + number % 3, "policy": "p1", "clause": "violence/threat",
                    "details": {"score": 0.125, "n": number, "è": "ü\n"}, **more,
                }  # fmt: skip
                ids.append(await append(tx, self.clock.now(), Entry(**fields)))
        return ids

    async def seal(self) -> StoredCheckpoint:
        return await seal(self.db, self.clock, self.signer)

    async def leaf_hashes(self) -> list[bytes]:
        rows = await self.db.connection.fetch("select leaf_hash from ledger_leaves order by leaf_index")
        return [row["leaf_hash"] for row in rows]

    @asynccontextmanager
    async def meddling(self) -> AsyncIterator[asyncpg.Connection]:
        """With the triggers out of the way, as the owner of a database can have it."""
        await self.db.connection.execute("set session_replication_role = replica")
        try:
            yield self.db.connection
        finally:
            await self.db.connection.execute("set session_replication_role = origin")
