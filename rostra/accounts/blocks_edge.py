"""Who has no access at all: one process's memory of the shut networks, asked for every request before anything else.

Asking costs no statement: the networks are read when they have changed, which a process looks for every second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import structlog

from rostra.accounts import blocks_queries as queries
from rostra.accounts.blocks_queries import Network
from rostra.kit.addresses import parse_address
from rostra.kit.clock import Clock
from rostra.kit.db import DATABASE_ERRORS, Database

log = structlog.get_logger(__name__)

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_MOST_KNOWN: Final = 20_000

# The number of bits behind the prefix, and by prefix until when the network is shut.
_Lengths = list[tuple[int, dict[int, datetime]]]


class Edge:
    """The shut networks by the lengths of their prefixes: a look-up for each length that occurs, few in practice, and
    one in all for an address that has been here before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._revision = -1
        self._lengths: dict[int, _Lengths] = {}
        # By what the server calls whoever asks: until when they are shut out, None where they are not.
        self._known: dict[str, datetime | None] = {}

    def refuses(self, host: str) -> bool:
        """Whether whoever comes from the address `host` has no access. This machine itself always has."""
        if not self._lengths:
            return False
        try:
            until = self._known[host]
        except KeyError:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            until = self._known[host] = self._find(host)
        return until is not None and until > self._clock.now()

    def _find(self, host: str) -> datetime | None:
        address = parse_address(host.partition("%")[0])
        if address is None or address.is_loopback:
            return None
        number = int(address)
        found = [table.get(number >> bits) for bits, table in self._lengths.get(address.version, [])]
        return max((until for until in found if until is not None), default=None)

    def learn(self, networks: Sequence[tuple[Network, datetime | None]]) -> None:
        """Take these for the shut networks, each with until when (None: for good)."""
        tables: dict[int, dict[int, dict[int, datetime]]] = {}
        for network, until in networks:
            bits = network.max_prefixlen - network.prefixlen
            table = tables.setdefault(network.version, {}).setdefault(bits, {})
            table[int(network.network_address) >> bits] = until or _NEVER
        self._lengths = {version: sorted(by_bits.items()) for version, by_bits in tables.items()}
        self._known = {}

    async def refresh(self, db: Database) -> None:
        """Read the networks where they have changed."""
        async with db.read() as conn:
            # Read first: what changes in between is read again next time.
            revision = await queries.find_ip_revision(conn)
            if revision == self._revision:
                return
            self.learn(await queries.list_shut_networks(conn))
        self._revision = revision

    @asynccontextmanager
    async def following(self, db: Database, *, interval: float = 1.0) -> AsyncGenerator[None]:
        """Keep up with changes by this and other processes within this scope."""
        await self.refresh(db)
        task = asyncio.create_task(self._follow(db, interval))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _follow(self, db: Database, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            try:
                await self.refresh(db)
            except DATABASE_ERRORS as error:
                log.warning("blocked networks are not up to date", error=repr(error))
