"""A desk inside a transaction: what decides and reverses there commits together with what it follows from."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from rostra.kit.db import Reader, Tx
from rostra.moderation.desk import Desk


class OneTransaction:
    """The Database of a transaction that is open already: every scope is that transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Reader]:
        yield self._tx

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        yield self._tx

    autocommit = transaction


def desk_within(desk: Desk, tx: Tx) -> Desk:
    """The same desk, whose writes are part of `tx`."""
    return msgspec.structs.replace(desk, db=OneTransaction(tx))
