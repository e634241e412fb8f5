"""The proof that one event is in the ledger, and checking it: needs the public key and nothing else. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.ledger.leaf import Field, Leaf, Opened, decode_hash, find_lie
from rostra.ledger.merkle import is_included
from rostra.ledger.note import Checkpoint, NoteError, Verifier

PROOF_FORMAT: Final = "rostra-ledger-proof/1"


class Broken(Exception):
    """A ledger or a proof is not what was signed; the text says where and what."""


class EventProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a leaf is in the tree of a checkpoint: `path` has hashes in base64. `opened` shows some of what the leaf
    commits to."""

    format: str = PROOF_FORMAT
    checkpoint: str
    index: int
    leaf: Leaf
    path: list[str]
    opened: dict[Field, Opened] = {}


def check_proof(proof: EventProof, key: Verifier) -> Checkpoint:
    """The checkpoint, signed by `key`, under which the leaf is in the ledger. Raises Broken where it is not."""
    if proof.format != PROOF_FORMAT:
        raise Broken(f"is no proof that this version knows, but {proof.format!r}")
    said = open_checkpoint(key, proof.checkpoint)
    try:
        path = [decode_hash(each) for each in proof.path]
    except ValueError as error:
        raise Broken(f"the path: {error}") from None
    if not is_included(proof.leaf.hash(), proof.index, said.size, said.root, path):
        raise Broken(f"leaf {proof.index} was changed, or is not in the tree that was signed")
    if lie := find_lie(proof.leaf, proof.opened):
        raise Broken(f"leaf {proof.index}: {lie}")
    return said


def open_checkpoint(key: Verifier, note: str) -> Checkpoint:
    """What a checkpoint says that `key` has signed in its own name. Raises Broken."""
    try:
        said = key.open(note)
    except NoteError as error:
        raise Broken(f"the checkpoint {error}") from None
    if said.origin != key.name:
        raise Broken(f"the checkpoint is of {said.origin} and signed in the name of {key.name}")
    return said
