"""What everybody may see of the ledger: the newest checkpoint, and the keys that have signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from rostra.kit.db import Reader
from rostra.kit.errors import NotFound
from rostra.ledger import queries
from rostra.ledger.note import Verifier, read_verifier
from rostra.ledger.queries import StoredCheckpoint, StoredSigner


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """`key` has signed the newest checkpoint; `signers` are all that ever have, the first one first."""

    checkpoint: StoredCheckpoint
    key: str
    signers: Sequence[StoredSigner]

    @property
    def origin(self) -> str:
        return self.checkpoint.note.partition("\n")[0]

    @property
    def sealed_at(self) -> datetime:
        return self.checkpoint.created_at


async def get_published(conn: Reader) -> Published:
    """What is published now. Raises NotFound before the first checkpoint, which comes seconds after the first start."""
    newest = await queries.find_newest(conn)
    if newest is None:
        raise NotFound
    signers = await queries.list_signers(conn)
    return Published(checkpoint=newest, key=str(_key_of(newest.note, signers)), signers=signers)


def _key_of(note: str, signers: Sequence[StoredSigner]) -> Verifier:
    return next(key for each in signers if (key := read_verifier(each.verifier)).is_named_in(note))
