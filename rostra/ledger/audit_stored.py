"""Checking the live tables: every leaf against its event, every kept hash, every checkpoint, and that no event is left
out. Reads in pieces, in constant memory, while the server runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rostra.kit.db import Database, Reader
from rostra.ledger import queries
from rostra.ledger.audit import Auditor, Outcome
from rostra.ledger.leaf import SaltMissing, leaf_of
from rostra.ledger.merkle import Range, Tile
from rostra.ledger.note import Checkpoint, Verifier, read_verifier
from rostra.ledger.proof import Broken
from rostra.ledger.queries import StoredCheckpoint, StoredLeaf

_BATCH: Final = 2_000


async def check_stored(
    db: Database,
    *,
    key: Verifier | None = None,
    witnessed: Sequence[Checkpoint] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Check all that the newest checkpoint covers. Without a `key`, all keys are believed that have ever signed.

    `progress` is told the leaves checked and all of them. Raises Broken.
    """
    async with db.read() as conn:
        newest = await queries.find_newest(conn)
        keys = [read_verifier(each.verifier) for each in await queries.list_signers(conn)]
        first = await queries.list_checkpoints(conn, -1, 0)
    if newest is None:
        raise Broken("nothing was sealed yet")
    auditor = Auditor([key] if key else keys, witnessed)
    for each in first:
        _hold(auditor, each)
    for start in range(0, newest.size, _BATCH):
        async with db.read() as conn:
            await _check_piece(conn, auditor, start, min(start + _BATCH, newest.size))
        if progress:
            progress(auditor.size, newest.size)
    async with db.read() as conn:
        await _check_rest(conn)
    return auditor.finish(newest.note)


async def _check_piece(conn: Reader, auditor: Auditor, start: int, end: int) -> None:
    """Some leaves, with the tiles and the checkpoints that they complete."""
    checkpoints = {each.size: each for each in await queries.list_checkpoints(conn, start, end)}
    made: list[Tile] = []
    for stored in await queries.list_leaves(conn, start, end):
        made += _check_leaf(auditor, stored)
        if found := checkpoints.pop(stored.leaf_index + 1, None):
            _hold(auditor, found)
    if auditor.size < end:
        raise Broken(f"leaf {auditor.size} is missing")
    wanted = [(tile.level, Range(tile.position, tile.position + 1)) for tile in made]
    kept = await queries.tile_hashes(conn, wanted) if wanted else {}
    for tile in made:
        if kept.get((tile.level, tile.position)) != tile.hash:
            raise Broken(f"the kept hash {tile.position} of level {tile.level} is not that of its leaves")


def _check_leaf(auditor: Auditor, stored: StoredLeaf) -> list[Tile]:
    index, event = stored.leaf_index, stored.event
    if event is None:
        raise Broken(f"leaf {index}: its event {stored.event_id} is gone")
    try:
        leaf = leaf_of(event)
    except SaltMissing:
        raise Broken(f"leaf {index}: the salt of event {stored.event_id} is gone, and nobody was erased") from None
    return auditor.leaf(index, leaf, stored.leaf_hash, is_erased=event.is_erased)


def _hold(auditor: Auditor, stored: StoredCheckpoint) -> None:
    if not auditor.may_check(stored.note):
        return
    said = auditor.checkpoint(stored.note)
    if (said.size, said.root) != (stored.size, stored.root):
        raise Broken(f"the checkpoint of {stored.size} leaves is kept with a note of {said.size}")


async def _check_rest(conn: Reader) -> None:
    if (event_id := await queries.find_unaccounted(conn)) is not None:
        raise Broken(f"event {event_id} has no leaf and does not wait for one")
    if (index := await queries.find_leaf_beyond(conn)) is not None:
        raise Broken(f"leaf {index} is covered by no checkpoint")
