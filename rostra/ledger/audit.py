"""Checking a ledger leaf by leaf, in constant memory: the tree is built anew and held against what was signed.

The `Auditor` is told of leaves and checkpoints in their order: by `read_export` from a file alone, without server or
database, or by `audit_stored` from the live tables. The first thing that is wrong ends it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rostra.ledger.leaf import Field, Leaf, Opened, find_lie
from rostra.ledger.merkle import Frontier, Tile
from rostra.ledger.note import Checkpoint, NoteError, Verifier
from rostra.ledger.proof import Broken, open_checkpoint


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was found to be in order. `key` has signed the newest checkpoint; `root` is in hex."""

    origin: str
    size: int
    root: str
    checkpoints: int
    witnessed: int
    erased: int
    key: str


class Auditor:
    """Builds the tree of the leaves that it is told, and holds it against checkpoints.

    `keys` are those that may have signed. `witnessed` are checkpoints that somebody has kept elsewhere: each must be of
    this very tree. Every method raises Broken.
    """

    def __init__(self, keys: Sequence[Verifier], witnessed: Sequence[Checkpoint] = ()) -> None:
        if not keys:
            raise Broken("no key is named that could have signed it")
        self._keys = keys
        self._frontier = Frontier()
        self._witnessed = witnessed
        self._agreed = 0
        self._checkpoints = 0
        self._erased = 0
        self._meet_witnesses()

    @property
    def size(self) -> int:
        """How many leaves there were so far."""
        return self._frontier.size

    def leaf(
        self, index: int, leaf: Leaf, check: bytes, *, is_erased: bool, opened: Mapping[Field, Opened] | None = None
    ) -> list[Tile]:
        """The next leaf; `check` is the beginning of its hash, or all of it, as it was kept. The tiles that it makes
        complete."""
        if index != self.size:
            raise Broken(f"leaf {index} stands where leaf {self.size} should be")
        found = leaf.hash()
        if not check or found[: len(check)] != check:
            raise Broken(f"leaf {index} was changed: its content does not fit its hash")
        if lie := find_lie(leaf, opened or {}):
            raise Broken(f"leaf {index}: {lie}")
        made = self._frontier.push(found)
        self._erased += is_erased
        self._meet_witnesses()
        return made

    def checkpoint(self, note: str) -> Checkpoint:
        """A checkpoint over all leaves so far."""
        said = self._open(note)
        if said.size != self.size:
            raise Broken(f"a checkpoint of {said.size} leaves stands after {self.size}")
        if said.root != self._frontier.root():
            raise Broken(
                f"the checkpoint of {said.size} leaves was signed over others: of leaves {self._agreed} to "
                f"{said.size - 1} one was changed together with its hash, or added, left out or moved"
            )
        self._agreed = said.size
        self._checkpoints += 1
        return said

    def finish(self, note: str) -> Outcome:
        """The newest checkpoint, after the last leaf."""
        said = self._open(note)
        if self.size < said.size:
            raise Broken(f"it ends after {self.size} of {said.size} leaves")
        self.checkpoint(note)
        if strange := [each.origin for each in self._witnessed if each.origin != said.origin]:
            raise Broken(f"a witness has kept a checkpoint of another ledger, {strange[0]}")
        if ahead := [each.size for each in self._witnessed if each.size > self.size]:
            raise Broken(f"a witness has kept a checkpoint of {min(ahead)} leaves, and here are only {self.size}")
        return Outcome(
            origin=said.origin,
            size=said.size,
            root=said.root.hex(),
            checkpoints=self._checkpoints - 1,
            witnessed=len(self._witnessed),
            erased=self._erased,
            key=str(self._find_key(note)),
        )

    def may_check(self, note: str) -> bool:
        """Whether one of the keys is said to have signed it."""
        return self._find_key(note) is not None

    def _find_key(self, note: str) -> Verifier | None:
        try:
            return next((key for key in self._keys if key.is_named_in(note)), None)
        except NoteError as error:
            raise Broken(f"the checkpoint after {self.size} leaves {error}") from None

    def _open(self, note: str) -> Checkpoint:
        return open_checkpoint(self._find_key(note) or self._keys[-1], note)

    def _meet_witnesses(self) -> None:
        for each in self._witnessed:
            if each.size == self.size and each.root != self._frontier.root():
                raise Broken(
                    f"a witness has kept a checkpoint of {each.size} leaves with another root: the first {each.size} "
                    "leaves are not those that were signed then"
                )
