"""The tree of RFC 6962 (section 2.1; RFC 9162 says the same in more words): hashes, proofs, checking proofs. Pure.

Knows nothing of what the leaves are or where hashes are kept: proofs come out as the ranges of leaves whose hashes they
are made of, for whoever has the hashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

EMPTY_ROOT: Final = sha256(b"").digest()
HASH_SIZE: Final = 32
# Complete subtrees of 256^k leaves are kept, so that no proof needs more than a few hundred hashes.
TILE_HEIGHT: Final = 8


class Range(msgspec.Struct, frozen=True, order=True):
    """The leaves from `start` up to, not including, `end`; together a node of some tree."""

    start: int
    end: int


class Subtree(msgspec.Struct, frozen=True, order=True):
    """A complete subtree: 2^`height` leaves, the first of which is `start`, a multiple of that."""

    start: int
    height: int


class Tile(msgspec.Struct, frozen=True):
    """The hash of a complete subtree of 256^`level` leaves; `position` counts those of its level."""

    level: int
    position: int
    hash: bytes


def hash_leaf(content: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + content).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of leaves, all of them at hand."""
    frontier = Frontier()
    for each in hashes:
        frontier.push(each)
    return frontier.root()


def subtrees(span: Range) -> Iterator[Subtree]:
    """The complete subtrees that a node's range is made of, from left to right, each smaller than the one before.

    `span` begins at a multiple of the largest power of two that fits into it, as the ranges of every tree's nodes do.
    """
    start = span.start
    for height in range((span.end - span.start).bit_length() - 1, -1, -1):
        if (span.end - span.start) >> height & 1:
            yield Subtree(start, height)
            start += 1 << height


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of the node over `subtrees`, given theirs."""
    if not hashes:
        return EMPTY_ROOT
    whole = hashes[-1]
    for left in reversed(hashes[:-1]):
        whole = hash_node(left, whole)
    return whole


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The nodes of the proof that leaf `index` is in the tree of `size` leaves, as PATH(m, D[n]) orders them (RFC 6962,
    2.1.1). Raises ValueError for a leaf outside."""
    if not 0 <= index < size:
        raise ValueError("there is no such leaf in a tree of that size")
    found: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The nodes of the proof that the tree of `second` leaves goes on from the one of `first`, as PROOF(m, D[n]) orders
    them (RFC 6962, 2.1.2); none where `first` is empty or both are the same. Raises ValueError where `first` is larger.
    """
    if not 0 <= first <= second:
        raise ValueError("the first size must not be larger than the second")
    if first in (0, second):
        return []
    found: list[Range] = []
    start, end, is_whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            found.append(Range(middle, end))
            end = middle
        else:
            found.append(Range(start, middle))
            start, is_whole = middle, False
    if not is_whole:
        found.append(Range(start, end))
    return found[::-1]


def _split(count: int) -> int:
    """The largest power of two smaller than `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def root_from_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that the proof leads to (RFC 9162, 2.1.3.2); None where it has the wrong length or index."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf_hash
    for each in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = hash_node(each, found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            found = hash_node(found, each)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def is_included(leaf_hash: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the leaf is at `index` of the tree of `size` leaves with this root."""
    return root_from_inclusion(leaf_hash, index, size, proof) == root


def is_consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `second` leaves begins with all of the one of `first` (RFC 9162,
    2.1.4.2). Anything goes on from an empty tree."""
    if not 0 <= first <= second:
        return False
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    if first == second:
        return not proof and first_root == second_root
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = hash_node(each, old), hash_node(each, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = hash_node(new, each)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


class Frontier:
    """The right edge of a tree that grows: the hashes of the complete subtrees that it is made of, largest first.

    Holds a few dozen hashes however many leaves there are. `size` is the number of leaves.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if size.bit_count() != len(peaks):
            raise ValueError("these are not the subtrees of a tree of that size")
        self.size = size
        self._peaks = list(peaks)

    def push(self, leaf_hash: bytes) -> list[Tile]:
        """Add a leaf; the tiles that it completes."""
        made: list[Tile] = []
        found, height, merging = leaf_hash, 0, self.size
        while merging & 1:
            found = hash_node(self._peaks.pop(), found)
            height, merging = height + 1, merging >> 1
            if height % TILE_HEIGHT == 0:
                made.append(Tile(height // TILE_HEIGHT, self.size >> height, found))
        self._peaks.append(found)
        self.size += 1
        return made

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return fold(self._peaks)
