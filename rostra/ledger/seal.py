"""The sequencer: gives events their places in the tree, hashes them and signs what the tree is now.

Appending an event takes no lock that others wait for. Here, later, one transaction at a time takes the events that have
committed meanwhile, whatever their ids, so that one which commits late gets a later place and none is left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.ledger import queries
from rostra.ledger.leaf import NOBODY, Event, leaf_of
from rostra.ledger.merkle import EMPTY_ROOT, Tile
from rostra.ledger.note import Signer
from rostra.ledger.queries import StoredCheckpoint
from rostra.ledger.tree import read_frontier

log = structlog.get_logger()

BATCH: Final = 2_000
_SALT: Final = 32


class LedgerBroken(Exception):
    """The stored tree is not the one that was signed; nothing is signed on top of it. See `rostra ledger verify`."""


async def seal(db: Database, clock: Clock, signer: Signer) -> StoredCheckpoint:
    """Give every committed event its leaf and return the checkpoint over all of them.

    Several at once wait for one another. Raises LedgerBroken.
    """
    while True:
        async with db.transaction() as tx:
            newest, taken = await _seal_some(tx, clock, signer)
        if taken < BATCH:
            return newest


async def _seal_some(tx: Tx, clock: Clock, signer: Signer) -> tuple[StoredCheckpoint, int]:
    await queries.be_durable(tx)
    await queries.lock(tx)
    before = await queries.find_newest(tx)
    ids = await queries.list_pending(tx, BATCH)
    if before is not None and not ids:
        return before, 0
    events = await salted(tx, await queries.list_events(tx, ids))
    newest = await _extend(tx, before, events)
    at = clock.now()
    note = signer.sign(*newest)
    signed = StoredCheckpoint(size=newest[0], root=newest[1], note=note, created_at=at)
    if await queries.add_checkpoint(tx, signed, str(signer.verifier)) and before:
        log.warning("a new key signs the ledger from now on", key=str(signer.verifier), size=signed.size)
    return signed, len(ids)


async def _extend(tx: Tx, before: StoredCheckpoint | None, events: Sequence[Event]) -> tuple[int, bytes]:
    """Write the leaves and the tiles that they complete; size and root of the tree then."""
    size = before.size if before else 0
    frontier = await read_frontier(tx, size)
    if frontier is None or frontier.root() != (before.root if before else EMPTY_ROOT):
        log.error("the ledger is not what was signed; nothing is signed any more", size=size)
        raise LedgerBroken
    hashes: list[bytes] = []
    tiles: list[Tile] = []
    for event in events:
        hashes.append(leaf_of(event).hash())
        tiles += frontier.push(hashes[-1])
    if events:
        await queries.add_leaves(tx, size, [event.id for event in events], hashes)
    if tiles:
        await queries.add_tiles(tx, tiles)
    return frontier.size, frontier.root()


async def salted(tx: Tx, events: Sequence[Event]) -> list[Event]:
    """The events with salts for all who are named in them, made where they are missing. Under the lock only."""
    named = {event.owner_id for event in events if event.owner_salt is None and event.about_kept is None}
    named |= {event.actor_id or NOBODY for event in events if event.actor_salt is None and event.actor_id is not None}
    if not named:
        return list(events)
    made = {account_id: secrets.token_bytes(_SALT) for account_id in sorted(named)}
    await queries.add_salts(tx, made)
    return [
        msgspec.structs.replace(
            event,
            owner_salt=event.owner_salt or made.get(event.owner_id),
            actor_salt=event.actor_salt or (None if event.actor_id is None else made.get(event.actor_id)),
        )
        for event in events
    ]
