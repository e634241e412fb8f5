"""The ledger as programs see it (`/api/rostra/v1/ledger/…`): hashes are in base64."""

from __future__ import annotations

import msgspec

from rostra.entities.account import Timestamp


class LedgerCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The newest checkpoint: `note` is the signed text (C2SP tlog-checkpoint), `key` the verifier key of who signed."""

    origin: str
    size: int
    root: str
    note: str
    key: str
    created_at: Timestamp


class LedgerConsistency(msgspec.Struct, frozen=True, kw_only=True):
    """That the tree of `second` leaves goes on from the one of `first` (RFC 6962, 2.1.2)."""

    first: int
    second: int
    proof: list[str]


class LedgerInclusion(msgspec.Struct, frozen=True, kw_only=True):
    """That a leaf is at `index` of the tree of `size` leaves (RFC 6962, 2.1.1)."""

    index: int
    size: int
    proof: list[str]
