"""Hashes of the stored tree: its nodes from leaves and tiles, its right edge, proofs.

Any node is made of at most 128 hashes for each of its complete subtrees, so that no proof reads more than some hundred
rows for each level of 256, whatever the size.
"""

from __future__ import annotations

from collections.abc import Sequence

from rostra.kit.db import Reader
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger import queries
from rostra.ledger.leaf import Field, encode_hash, leaf_of, open_event
from rostra.ledger.merkle import (
    TILE_HEIGHT,
    Frontier,
    Range,
    Subtree,
    consistency_ranges,
    fold,
    inclusion_ranges,
    root_of,
    subtrees,
)
from rostra.ledger.proof import EventProof


async def inclusion_proof(conn: Reader, leaf_index: int, size: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root of the tree of `size` leaves (RFC 6962, 2.1.1).

    Raises Invalid for a size that the tree has not had or that does not hold the leaf.
    """
    await _check_size(conn, size)
    if not 0 <= leaf_index < size:
        raise Invalid("size", "does not hold that leaf")
    return await _nodes(conn, inclusion_ranges(leaf_index, size))


async def consistency_proof(conn: Reader, first: int, second: int) -> list[bytes]:
    """The hashes which show that the tree of `second` leaves goes on from the one of `first` (RFC 6962, 2.1.2).

    Raises Invalid for sizes that the tree has not had or that are the wrong way round.
    """
    await _check_size(conn, second)
    if not 0 <= first <= second:
        raise Invalid("first", "must not be larger than second")
    return await _nodes(conn, consistency_ranges(first, second))


async def proof_of_event(conn: Reader, event_id: int, fields: Sequence[Field] = ()) -> EventProof:
    """The proof that an event is in the ledger, under the newest checkpoint; of what it commits to, `fields` are shown
    ("actor" names a reviewer: never to anybody outside).

    Raises NotFound where the event does not exist or has no leaf yet: `seal` gives it one.
    """
    newest, index = await queries.find_newest(conn), await queries.find_leaf_of(conn, event_id)
    if newest is None or index is None or index >= newest.size:
        raise NotFound
    (stored,) = await queries.list_leaves(conn, index, index + 1)
    if stored.event is None:
        raise NotFound
    return EventProof(
        checkpoint=newest.note,
        index=index,
        leaf=leaf_of(stored.event),
        path=[encode_hash(each) for each in await _nodes(conn, inclusion_ranges(index, newest.size))],
        opened=open_event(stored.event, fields),
    )


async def find_leaf(conn: Reader, leaf_hash: bytes) -> int | None:
    """The index of the leaf with this hash."""
    return await queries.find_leaf_with(conn, leaf_hash)


async def read_frontier(conn: Reader, size: int) -> Frontier | None:
    """The right edge of the tree when it had `size` leaves; None where hashes of it are missing."""
    ranges = [Range(each.start, each.start + (1 << each.height)) for each in subtrees(Range(0, size))]
    try:
        return Frontier(size, await _nodes(conn, ranges))
    except KeyError:
        return None


async def _check_size(conn: Reader, size: int) -> None:
    newest = await queries.find_newest(conn)
    if newest is None or size > newest.size:
        raise Invalid("size", "is larger than the ledger")


async def _nodes(conn: Reader, ranges: Sequence[Range]) -> list[bytes]:
    """The hashes of nodes. KeyError where one that it takes is missing."""
    parts = [list(subtrees(each)) for each in ranges]
    wanted = [_kept(each) for group in parts for each in group]
    leaves = [each for level, each in wanted if level == 0]
    higher = [(level, each) for level, each in wanted if level > 0]
    kept = await queries.tile_hashes(conn, higher) if higher else {}
    if leaves:
        kept |= {(0, index): each for index, each in (await queries.leaf_hashes(conn, leaves)).items()}
    return [fold([_subtree(each, kept) for each in group]) for group in parts]


def _kept(tree: Subtree) -> tuple[int, Range]:
    """The hashes that are kept of which a complete subtree is made: level, and positions within it."""
    level, above = divmod(tree.height, TILE_HEIGHT)
    first = tree.start >> level * TILE_HEIGHT
    return level, Range(first, first + (1 << above))


def _subtree(tree: Subtree, kept: dict[tuple[int, int], bytes]) -> bytes:
    level, positions = _kept(tree)
    return root_of([kept[level, position] for position in range(positions.start, positions.end)])
